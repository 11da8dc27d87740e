package checkout_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
)

// under returns a request with a key.
func under(key string) *checkout.Once {
	return &checkout.Once{Key: key, RequestHash: "h", Answer: func(s checkout.Session) ([]byte, error) { return json.Marshal(s.ID) }}
}

func TestCreateOnce(t *testing.T) {
	inBubbles(t, map[string]func(*testing.T, *fixture){
		"the same key twice": func(t *testing.T, f *fixture) {
			n := newTicket()
			n.Once = under("k")
			first, err := f.Create(t.Context(), n)
			wantError(t, err, nil)
			_, err = f.Create(t.Context(), n)
			var claimed *checkout.ClaimedError
			if !errors.As(err, &claimed) || claimed.Claim.SessionID != first.ID || string(claimed.Claim.Answer) != `"`+first.ID+`"` || claimed.Claim.RequestHash != "h" {
				t.Errorf("error %v, want one that names %s", err, first.ID)
			}
			same(t, "sessions", len(f.memory.sessions), 1)
			found, err := f.Answered(t.Context(), shop, "k")
			wantError(t, err, nil)
			same(t, "session", found.SessionID, first.ID)
		},
		"after its time": func(t *testing.T, f *fixture) {
			n := newTicket()
			n.Once = under("k")
			_, err := f.Create(t.Context(), n)
			wantError(t, err, nil)
			time.Sleep(checkout.KeyLifetime)
			_, err = f.Answered(t.Context(), shop, "k")
			wantError(t, err, checkout.ErrNotFound)
			_, err = f.Create(t.Context(), n)
			wantError(t, err, nil)
		},
		"a failure keeps no key": func(t *testing.T, f *fixture) {
			n := newTicket()
			n.Once = under("k")
			n.Amount = 0
			if _, err := f.Create(t.Context(), n); err == nil {
				t.Error("amount 0 was taken")
			}
			n.Amount = 1
			_, err := f.Create(t.Context(), n)
			wantError(t, err, nil)
		},
		"a wrong key": func(t *testing.T, f *fixture) {
			for _, key := range []string{"", "a\nb"} {
				n := newTicket()
				n.Once = under(key)
				_, err := f.Create(t.Context(), n)
				same(t, "field", checkout.FieldErrors(err)[0].Field, "Idempotency-Key")
			}
		},
	})
}

func TestUniqueReferences(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fixture) {
		c := f.config()
		merchant := c.Merchants[shop]
		merchant.UniqueReferences = true
		c.Merchants = map[string]checkout.Merchant{shop: merchant}
		service, err := checkout.New(c)
		wantError(t, err, nil)
		n := newTicket()
		n.ClientReferenceID = "HN-1001"
		first, err := service.Create(t.Context(), n)
		wantError(t, err, nil)
		n.Once = under("k")
		_, err = service.Create(t.Context(), n)
		var claimed *checkout.ClaimedError
		if !errors.As(err, &claimed) || claimed.Claim.SessionID != first.ID || claimed.Claim.Kind != checkout.ClaimReference {
			t.Errorf("error %v, want one that names %s", err, first.ID)
		}
		_, err = service.End(t.Context(), first.ID, checkout.StatusCanceled)
		wantError(t, err, nil)
		_, err = service.Create(t.Context(), n) // the key was not used up
		wantError(t, err, nil)
		n.ClientReferenceID, n.Once = "", nil
		for range 2 {
			_, err = service.Create(t.Context(), n)
			wantError(t, err, nil)
		}
	})
}
