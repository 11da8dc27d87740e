package checkout

import "strings"

// sessionIDFields stand for the session's id in a URL of the shop's: as a
// person writes the field, and as a program encodes it.
var sessionIDFields = func() []string {
	fields := make([]string, 0, 9)
	for _, before := range []string{"{", "%7B", "%7b"} {
		for _, after := range []string{"}", "%7D", "%7d"} {
			fields = append(fields, before+"CHECKOUT_SESSION_ID"+after)
		}
	}
	return fields
}()

// withSessionID puts the session's id into the path, the query and the fragment
// of a URL. Its scheme, user and host stay as they are: they say where the
// shopper goes, and were checked.
func withSessionID(address, id string) string {
	start := afterAuthority(address)
	rest := address[start:]
	for _, field := range sessionIDFields {
		rest = strings.ReplaceAll(rest, field, id)
	}
	return address[:start] + rest
}

// afterAuthority is where the path, the query or the fragment of an absolute
// URL begins.
func afterAuthority(address string) int {
	_, rest, found := strings.Cut(address, "://")
	if !found {
		return len(address)
	}
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		return len(address) - len(rest) + i
	}
	return len(address)
}
