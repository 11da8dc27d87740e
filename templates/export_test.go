package templates

// Messages returns the messages of a language.
func Messages(lang Lang) any { return *words(lang) }
