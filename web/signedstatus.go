package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/wantukit/wantukit/checkout"
)

const (
	// statusParam is the parameter of success_url with the signed status of the session.
	statusParam = "wantukit_status"
	// signedFor is how long a signed status is valid, at least. Its end is a multiple of
	// signedStep, so that the URL of a page does not change with each status that it gets.
	signedFor  = 10 * time.Minute
	signedStep = 5 * time.Minute
)

// successURL returns the URL of the shop for a paid shopper: success_url with the signed status,
// where the shop has a key. It returns "" for a session without success_url.
func (s *Server) successURL(session checkout.Session) string {
	keys := s.merchants[session.Merchant].ReturnKeys
	if len(keys) == 0 || session.SuccessURL == "" {
		return session.SuccessURL
	}
	until := s.service.Now().Add(signedFor + signedStep).Truncate(signedStep)
	return withParam(session.SuccessURL, statusParam, signStatus(keys, session, until))
}

// signStatus returns the ID of a session, its payment status, the time in Unix seconds until which
// this is valid, and a signature for each key, with dots between them. What is signed begins with
// a word that no signed webhook begins with, because the keys are the same.
func signStatus(keys [][]byte, session checkout.Session, until time.Time) string {
	said := session.ID + "." + string(session.PaymentStatus) + "." + strconv.FormatInt(until.Unix(), 10)
	parts := append(make([]string, 0, 1+len(keys)), said)
	for _, key := range keys {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte("return." + said))
		parts = append(parts, base64.RawURLEncoding.EncodeToString(mac.Sum(nil)))
	}
	return strings.Join(parts, ".")
}

// withParam adds a parameter to the query of a URL. It leaves the rest as the shop wrote it.
func withParam(address, name, value string) string {
	address, fragment, hasFragment := strings.Cut(address, "#")
	separator := "?"
	if strings.Contains(address, "?") {
		separator = "&"
	}
	address += separator + name + "=" + url.QueryEscape(value)
	if hasFragment {
		address += "#" + fragment
	}
	return address
}
