package checkout

import "strings"

// sessionIDFields are the placeholders for the session's ID in the URLs of a shop: as a
// person writes the placeholder, and as a program encodes it.
var sessionIDFields = func() []string {
	fields := make([]string, 0, 9)
	for _, before := range []string{"{", "%7B", "%7b"} {
		for _, after := range []string{"}", "%7D", "%7d"} {
			fields = append(fields, before+"CHECKOUT_SESSION_ID"+after)
		}
	}
	return fields
}()

// withSessionID replaces the placeholders in the path, the query and the fragment of a
// URL by the session's ID. The scheme, the user and the host stay as they are: they were
// checked, and decide where the shopper goes.
func withSessionID(address, id string) string {
	start := afterAuthority(address)
	rest := address[start:]
	for _, field := range sessionIDFields {
		rest = strings.ReplaceAll(rest, field, id)
	}
	return address[:start] + rest
}

// afterAuthority returns the index at which the path, the query or the fragment of an
// absolute URL begins.
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
