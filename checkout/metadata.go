package checkout

const (
	maxMetadata      = 20
	maxMetadataKey   = 40
	maxMetadataValue = 500
)

// checkMetadata holds keys and values against the rule of all text. A value may
// be empty, because no person has to see it.
func checkMetadata(metadata map[string]string) error {
	if len(metadata) > maxMetadata {
		return &FieldError{"metadata", "has over 20 entries"}
	}
	for key, value := range metadata {
		if problem := keyProblem(key); problem != "" {
			return &FieldError{"metadata", "has a key that " + problem}
		}
		if problem := lineProblem(value, maxMetadataValue); problem != "" {
			return &FieldError{"metadata", "has at " + quote(key) + " a value that " + problem}
		}
	}
	return nil
}

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
