package web

const (
	// MinAPIKey is the least length of an API key, in bytes.
	MinAPIKey = 12
	// MinSecret is the least length of Config.Secret, in bytes.
	MinSecret = 32
)
