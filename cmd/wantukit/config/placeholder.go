package config

import (
	"errors"
	"regexp"
	"strings"
)

// errPlaceholder does not repeat the value: it may be a key after all.
var errPlaceholder = errors.New("this is a placeholder of an example, not a key")

var (
	// template is a variable that nothing has replaced: ${NAME}, $NAME, $(NAME),
	// {{ name }}, %NAME%, <name>, __NAME__ or @NAME@.
	template = regexp.MustCompile(`\$\{[^}]*\}|\$\([^)]*\)|\{\{.*\}\}|` +
		`^(?:\$[A-Za-z_]\w*|%\w+%|<[^<>]*>|\[[^\[\]]*\]|__\w+__|@\w+@)$`)
	// advice tells the reader of an example what to write, once the letters
	// are small and what stands between them is left out.
	advice = regexp.MustCompile(`(?:change|replace|fill|edit)(?:me|this|it)|(?:replace|change|fill)with|changeit|todoreplace|` +
		`(?:your|my|put|insert|enter|paste|add|set)[a-z0-9]*(?:key|secret|token|password)[a-z0-9]*here|` +
		`your(?:own|real|actual|live|gateway|merchant|wantu|wechat|webhook|app|api)*(?:key|secret|token|password)|` +
		`(?:key|secret|token|password)goeshere|placeholder|examplekey|examplesecret|keyexample|secretexample|redacted|tobedefined|tobedone`)
	// word is one that stands alone.
	word       = regexp.MustCompile(`^(?:todo|tbd|fixme|example|sample|dummy|secret|password|apikey|key|token|none|null|undefined|test|x{3,})$`)
	notLetters = regexp.MustCompile(`[^a-z0-9]+`)
)

// IsPlaceholder reports whether a value is what an example has in a key's place.
// A drawn key is none: it holds no whole words.
func IsPlaceholder(value string) bool {
	letters := notLetters.ReplaceAllString(strings.ToLower(value), "")
	return template.MatchString(value) || oneCharacter(value) || advice.MatchString(letters) || word.MatchString(letters)
}

// oneCharacter reports whether a value is one character again and again, such as
// xxxxxxxx, behind a mark such as sk_live_ or without.
func oneCharacter(value string) bool {
	value = value[strings.LastIndexAny(value, "_-")+1:]
	return len(value) >= 8 && strings.Count(value, value[:1]) == len(value)
}
