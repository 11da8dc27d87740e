package web

const (
	// MinAPIKey is the least length of an API key, in bytes, which are characters of ASCII.
	MinAPIKey = 12
	// MinSecret is the least length of Config.Secret, in bytes.
	MinSecret = 32
)
