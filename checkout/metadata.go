package checkout

const (
	maxMetadata      = 20
	maxMetadataKey   = 40
	maxMetadataValue = 500
)

// checkMetadata returns a *FieldError unless there are at most 20 entries with valid keys
// and values. A value may be empty, because no page shows it.
func checkMetadata(metadata map[string]string) error {
	if len(metadata) > maxMetadata {
		return &FieldError{Field: "metadata", Problem: "has over 20 entries"}
	}
	for key, value := range metadata {
		if problem := keyProblem(key); problem != "" {
			return &FieldError{Field: "metadata", Problem: "has a key that " + problem}
		}
		if problem := lineProblem(value, maxMetadataValue); problem != "" {
			return &FieldError{Field: "metadata", Problem: "has at " + quote(key) + " a value that " + problem}
		}
	}
	return nil
}

// keyProblem returns what is wrong with a key, or "".
func keyProblem(key string) string {
	switch problem := lineProblem(key, maxMetadataKey); {
	case problem != "":
		return problem
	case key == "":
		return "is empty"
	case !canBeSeen(key):
		return "has nothing that can be seen"
	default:
		return ""
	}
}
