package templates

// Catalogue gives the tests the words of every language.
var Catalogue = map[string]messages{
	LangEnglish:     english,
	LangSimplified:  simplified,
	LangTraditional: traditional,
}
