package static

import (
	"strconv"
	"strings"
)

// Encoding returns the best encoding that the value of an Accept-Encoding header
// allows: "br", "gzip", or "" for none. If both have the same weight it is br, which is
// smaller.
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

// weight returns the weight of a coding in a header's value, from 0 to 1; 0 means
// refused. The coding's own item takes precedence over *. An item with an invalid
// weight counts as refused.
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

// readWeight returns the weight in a parameter such as q=0.5, or 0 if it is invalid or
// not between 0 and 1.
func readWeight(parameter string) float64 {
	name, value, _ := strings.Cut(parameter, "=")
	q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	if err == nil && strings.EqualFold(strings.TrimSpace(name), "q") && q >= 0 && q <= 1 {
		return q
	}
	return 0
}
