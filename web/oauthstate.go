package web

import (
	"encoding/base32"

	"github.com/wantukit/wantukit/checkout"
)

// oauthState is the state of one request for an openid, which WeChat returns. It is the ID
// of the session, encrypted, and differs each time. WeChat allows 128 letters and digits.
type oauthState string

const oauthPurpose = "oauth"

var oauthEncoding = base32.StdEncoding.WithPadding(base32.NoPadding)

// newOAuthState returns a new state for a session.
func (s *Server) newOAuthState(sessionID string) (oauthState, error) {
	data, err := sealer(s.secret).sealBytes(oauthPurpose, sessionID)
	return oauthState(oauthEncoding.EncodeToString(data)), err
}

// sessionOf returns the ID of the session of a state. It returns ErrNotFound for a state
// that newOAuthState has not made.
func (s *Server) sessionOf(state oauthState) (id string, err error) {
	data, err := oauthEncoding.DecodeString(string(state))
	if err == nil {
		id, err = sealer(s.secret).unsealBytes(oauthPurpose, data)
	}
	if err != nil {
		return "", checkout.ErrNotFound
	}
	return id, nil
}

// mark is the part of a state that the browser's cookie has. It is long enough to tell
// all states apart.
func (state oauthState) mark() string { return string(state[:min(26, len(state))]) }
