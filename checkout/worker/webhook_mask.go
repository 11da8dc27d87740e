package worker

import (
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
)

// newMask returns a replacer that hides the confidential texts of an endpoint. A shop knows
// them and may quote them in its answer, which is recorded.
func newMask(e Endpoint) *strings.Replacer {
	secrets := slices.Clone(e.Confidential)
	for _, secret := range []string{e.Secret, e.PreviousSecret} {
		encoded := strings.TrimPrefix(secret, "whsec_")
		key, _ := base64.StdEncoding.DecodeString(encoded) // newSender refuses a malformed one
		secrets = append(secrets, encoded, string(key))
	}
	var forms []string
	for _, secret := range secrets {
		if secret != "" { // the replacer would find it between any two characters
			forms = append(forms, secret, base64.StdEncoding.EncodeToString([]byte(secret)), url.QueryEscape(secret))
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
