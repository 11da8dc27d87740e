package templates

import "golang.org/x/text/language"

// The languages of the pages.
const (
	LangEnglish     = "en"
	LangSimplified  = "zh-Hans"
	LangTraditional = "zh-Hant"
)

// languages are in the order of the matcher: the first one serves a reader of
// none of them.
var (
	languages = []string{LangEnglish, LangSimplified, LangTraditional}
	matcher   = language.NewMatcher([]language.Tag{
		language.English,
		language.SimplifiedChinese,
		language.TraditionalChinese,
	})
)

// Match returns the language to speak: the session's locale when it names a
// language of the pages, else the best of the browser's Accept-Language, else
// English. Neither argument needs to be well formed.
func Match(locale, acceptLanguage string) string {
	if tag, err := language.Parse(locale); err == nil {
		if found, ok := match(tag); ok {
			return found
		}
	}
	tags, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil {
		return LangEnglish
	}
	found, _ := match(tags...)
	return found
}

// match reports ok only for a match that the reader would call one.
func match(tags ...language.Tag) (found string, ok bool) {
	_, index, confidence := matcher.Match(tags...)
	return languages[index], confidence != language.No
}
