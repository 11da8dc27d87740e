package config

import (
	"errors"
	"regexp"
	"strings"
)

// errPlaceholder does not contain the value, because it may be a real key.
var errPlaceholder = errors.New("this is a placeholder of an example, not a key")

var (
	// templateVariable matches a variable that was not replaced: ${NAME}, $NAME, $(NAME),
	// {{ name }}, %NAME%, <name>, __NAME__ or @NAME@.
	templateVariable = regexp.MustCompile(`\$\{[^}]*\}|\$\([^)]*\)|\{\{.*\}\}|` +
		`^(?:\$[A-Za-z_]\w*|%\w+%|<[^<>]*>|\[[^\[\]]*\]|__\w+__|@\w+@)$`)
	// instruction matches the words of an example that tell the reader what to
	// write. It is applied to lower-case letters and digits only.
	instruction = regexp.MustCompile(`(?:change|replace|fill|edit)(?:me|this|it)|(?:replace|change|fill)with|changeit|todoreplace|` +
		`(?:your|my|put|insert|enter|paste|add|set)[a-z0-9]*(?:key|secret|token|password)[a-z0-9]*here|` +
		`your(?:own|real|actual|live|gateway|merchant|wantu|wechat|webhook|app|api)*(?:key|secret|token|password)|` +
		`(?:key|secret|token|password)goeshere|placeholder|examplekey|examplesecret|keyexample|secretexample|redacted|tobedefined|tobedone`)
	// word matches values that are only such a word.
	word       = regexp.MustCompile(`^(?:todo|tbd|fixme|example|sample|dummy|secret|password|apikey|key|token|none|null|undefined|test|x{3,})$`)
	notLetters = regexp.MustCompile(`[^a-z0-9]+`)
)

// IsPlaceholder reports whether a value is an example's placeholder for a key, such
// as changeme. It does not match random keys.
func IsPlaceholder(value string) bool {
	letters := notLetters.ReplaceAllString(strings.ToLower(value), "")
	return templateVariable.MatchString(value) || isRepeated(value) || instruction.MatchString(letters) || word.MatchString(letters)
}

// isRepeated reports whether a value is one character at least 8 times, such as
// xxxxxxxx, with or without a prefix such as sk_live_.
func isRepeated(value string) bool {
	value = value[strings.LastIndexAny(value, "_-")+1:]
	return len(value) >= 8 && strings.Count(value, value[:1]) == len(value)
}
