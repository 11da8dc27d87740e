package templates

import (
	"fmt"

	"golang.org/x/text/language"
)

// Lang is a language of the pages, as the text of the lang attribute. The functions
// that take a Lang panic if it is not one of [Languages].
type Lang string

// The languages of the pages. Each has an entry in the table of languages.
const (
	LangEnglish     Lang = "en"
	LangSimplified  Lang = "zh-Hans"
	LangTraditional Lang = "zh-Hant"
)

// languages is the table of languages: all that differs between them. A browser
// that asks for none of them gets the first one.
var languages = []struct {
	lang     Lang
	tag      language.Tag
	messages *messages
}{
	{LangEnglish, language.English, &english},
	{LangSimplified, language.SimplifiedChinese, &simplified},
	{LangTraditional, language.TraditionalChinese, &traditional},
}

// matcher has the languages in the order of the table.
var matcher = newMatcher()

func newMatcher() language.Matcher {
	tags := make([]language.Tag, 0, len(languages))
	for _, l := range languages {
		tags = append(tags, l.tag)
	}
	return language.NewMatcher(tags)
}

// Languages returns the languages of the pages.
func Languages() []Lang {
	all := make([]Lang, 0, len(languages))
	for _, l := range languages {
		all = append(all, l.lang)
	}
	return all
}

// Match returns the language of a page. It is the session's locale if that names a
// language of the pages, else the best of the browser's Accept-Language, else the
// first of [Languages]. The arguments may be malformed.
func Match(locale, acceptLanguage string) Lang {
	if tag, err := language.Parse(locale); err == nil {
		if found, ok := match(tag); ok {
			return found
		}
	}
	tags, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil {
		return languages[0].lang
	}
	found, _ := match(tags...)
	return found
}

// match returns the best language for the tags. It reports whether a reader of one
// of the tags understands that language.
func match(tags ...language.Tag) (found Lang, ok bool) {
	_, index, confidence := matcher.Match(tags...)
	return languages[index].lang, confidence != language.No
}

// words returns the messages of a language. It panics for a language that is not
// in the table, so that a page never mixes two languages.
func words(lang Lang) *messages {
	for _, l := range languages {
		if l.lang == lang {
			return l.messages
		}
	}
	panic(fmt.Sprintf("templates: language %q is not in the table of languages", lang))
}
