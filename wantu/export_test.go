package wantu

// NewTransport returns a new transport like the default one.
var NewTransport = newTransport
