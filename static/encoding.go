package static

import (
	"strconv"
	"strings"
)

// Encoding returns the encoding that an Accept-Encoding header's value likes
// best of those that this server has: "br", "gzip", or "" for none. Of two
// that it likes as well it is br, which is smaller.
func Encoding(acceptEncoding string) string {
	br, gzip := weight(acceptEncoding, "br"), weight(acceptEncoding, "gzip")
	switch {
	case br > 0 && br >= gzip:
		return "br"
	case gzip > 0:
		return "gzip"
	default:
		return ""
	}
}

// weight is how much a header's value likes a coding, 0 for not at all. The
// coding's own item goes before that of *, and one that cannot be read counts
// as a refusal.
func weight(acceptEncoding, coding string) float64 {
	others := 0.0
	for item := range strings.SplitSeq(acceptEncoding, ",") {
		name, parameter, weighted := strings.Cut(item, ";")
		q := 1.0
		if weighted {
			q = readWeight(parameter)
		}
		switch name = strings.TrimSpace(name); {
		case strings.EqualFold(name, coding):
			return q
		case name == "*":
			others = q
		}
	}
	return others
}

// readWeight reads q=0.5, between 0 and 1.
func readWeight(parameter string) float64 {
	name, value, _ := strings.Cut(parameter, "=")
	q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	if err == nil && strings.EqualFold(strings.TrimSpace(name), "q") && q >= 0 && q <= 1 {
		return q
	}
	return 0
}
