package web

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/wantukit/wantukit/checkout"
)

const (
	// idempotencyKey is the header that identifies a request and its repetitions.
	idempotencyKey = "Idempotency-Key"
	// replayedHeader marks the answer to a repeated request.
	replayedHeader = "Idempotent-Replayed"
)

// keyOf returns the idempotency key of a request, or "" for a request without one. It
// returns a FieldError for two keys and for an empty one: the shop wants protection
// from repetition and would not get it.
func keyOf(c echo.Context) (string, error) {
	keys := c.Request().Header.Values(idempotencyKey)
	switch {
	case len(keys) == 0:
		return "", nil
	case len(keys) > 1:
		return "", &checkout.FieldError{Field: idempotencyKey, Code: checkout.FieldRepeated, Problem: "is there twice"}
	case strings.TrimSpace(keys[0]) == "":
		return "", &checkout.FieldError{Field: idempotencyKey, Problem: "is empty: leave it out, or name each request"}
	default:
		return keys[0], nil
	}
}

// onceOf returns what makes a request and its repetitions create one session, nil for a
// request without a key. request is the decoded body, so two bodies are the same request
// if they say the same.
func (s *Server) onceOf(c echo.Context, request any) (*checkout.Once, error) {
	key, err := keyOf(c)
	if key == "" {
		return nil, err
	}
	if err := checkout.CheckText(idempotencyKey, key); err != nil {
		return nil, err
	}
	text, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	hash := sha256.Sum256(text)
	return &checkout.Once{
		Key: key, RequestHash: hex.EncodeToString(hash[:]),
		Answer: func(session checkout.Session) ([]byte, error) { return json.Marshal(s.service.Public(session)) },
	}, nil
}

// replay sends the first answer to a repeated request, and reports whether it did. It fails
// if the key belongs to another request.
func (s *Server) replay(c echo.Context, once checkout.Once) (repeated bool, err error) {
	claim, err := s.service.Answered(c.Request().Context(), merchantOf(c), once.Key)
	switch {
	case errors.Is(err, checkout.ErrNotFound):
		return false, nil
	case err != nil:
		return false, err
	case claim.RequestHash != once.RequestHash:
		return false, &checkout.ClaimedError{Claim: claim}
	}
	c.Response().Header().Set(replayedHeader, "true")
	return true, c.JSON(http.StatusCreated, json.RawMessage(claim.Answer))
}

// hasKey reports whether err says that the key of a request has created a session.
func hasKey(err error) bool {
	var claimed *checkout.ClaimedError
	return errors.As(err, &claimed) && claimed.Claim.Kind == checkout.ClaimKey
}
