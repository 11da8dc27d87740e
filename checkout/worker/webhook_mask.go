package worker

import (
	"cmp"
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
)

// newMask returns a replacer that hides the confidential texts of an endpoint. A shop or
// its proxy knows them and may quote them in an answer, which is recorded.
func newMask(e Endpoint) *strings.Replacer {
	secrets := slices.Concat(e.Confidential, confidentialOf(e.Proxy))
	if address, err := url.Parse(e.URL); err == nil { // newSender refuses a malformed one
		secrets = append(append(secrets, address.RawQuery), confidentialOf(address)...)
	}
	for _, secret := range []string{e.Secret, e.PreviousSecret} {
		encoded := strings.TrimPrefix(secret, "whsec_")
		key, _ := base64.StdEncoding.DecodeString(encoded) // newSender refuses a malformed one
		secrets = append(secrets, encoded, string(key))
	}
	var forms []string
	for _, secret := range secrets {
		if secret != "" { // the replacer would find it between any two characters
			forms = append(append(forms, formsOf(secret)...), formsOf(base64.StdEncoding.EncodeToString([]byte(secret)))...)
		}
	}
	// The longest first, so that a secret that begins with another one is hidden
	// completely.
	slices.SortStableFunc(forms, func(a, b string) int { return len(b) - len(a) })
	pairs := make([]string, 0, 2*len(forms))
	for _, form := range forms {
		pairs = append(pairs, form, "[secret]")
	}
	return strings.NewReplacer(pairs...)
}

// formsOf returns a text as it is, escaped for a URL, and with the slashes of JSON that some
// libraries escape.
func formsOf(text string) []string {
	return []string{text, url.QueryEscape(text), strings.ReplaceAll(text, "/", `\/`)}
}

// confidentialOf returns the credentials of a URL: the password, or a user without one, and
// what basic authentication encodes.
func confidentialOf(address *url.URL) []string {
	if address == nil || address.User == nil {
		return nil
	}
	user := address.User.Username()
	password, _ := address.User.Password()
	return []string{cmp.Or(password, user), user + ":" + password}
}
