package checkout_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/store"
)

func TestNewNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	for field, omit := range map[string]func(*checkout.Config){
		"Store":     func(c *checkout.Config) { c.Store = nil },
		"Gateway":   func(c *checkout.Config) { c.Gateway = nil },
		"Clock":     func(c *checkout.Config) { c.Clock = nil },
		"Random":    func(c *checkout.Config) { c.Random = nil },
		"Merchants": func(c *checkout.Config) { c.Merchants = nil },
		"Routes":    func(c *checkout.Config) { c.Routes = nil },
		"Returns":   func(c *checkout.Config) { c.Returns = nil },
	} {
		c := newFixture(t, newMemory()).config()
		omit(&c)
		if _, err := checkout.New(c); err == nil || !strings.Contains(err.Error(), "Config."+field) {
			t.Errorf("without %s: error %v, want one that names the field", field, err)
		}
	}
	c := newFixture(t, newMemory()).config()
	c.Alert = nil
	if _, err := checkout.New(c); err != nil {
		t.Errorf("without Alert: error %v, want none", err)
	}
}

func TestFieldError(t *testing.T) {
	t.Parallel()
	err := &checkout.FieldError{Field: "amount", Problem: "is odd"}
	same(t, "text", err.Error(), "amount: is odd")
}

// onSQLite returns a fixture over SQLite, in real time.
func onSQLite(t *testing.T) *fixture {
	t.Helper()
	db, err := store.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "w.db"))
	if err != nil {
		t.Fatal(err)
	}
	f := newFixture(t, store.New(db, nil))
	f.gateway.latency = time.Millisecond
	t.Cleanup(func() {
		wantError(t, f.Drain(context.Background()), nil)
		wantError(t, db.Close(), nil)
	})
	return f
}

func TestOnSQLite(t *testing.T) {
	t.Parallel()
	t.Run("clicks at once get one order", func(t *testing.T) {
		t.Parallel()
		f := onSQLite(t)
		f.checkOneOrder(f.session())
	})
	t.Run("one payment, one event", func(t *testing.T) {
		t.Parallel()
		f := onSQLite(t)
		a := f.pending()
		f.gateway.pay(a.OutTradeNo)
		f.confirmFromEverywhere(a)
		wantError(t, f.Drain(t.Context()), nil)
		f.checkState(a, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid, checkout.EventPaid)
	})
	t.Run("two services share a store", func(t *testing.T) {
		t.Parallel()
		f := onSQLite(t)
		other, err := checkout.New(f.config())
		wantError(t, err, nil)
		a := f.pending()
		f.gateway.pay(a.OutTradeNo)
		canceled := make(chan error)
		go func() {
			_, err := other.Cancel(t.Context(), a.SessionID)
			canceled <- err
		}()
		_, err = f.Confirm(t.Context(), a.ID, checkout.CauseSchedule)
		wantError(t, err, nil)
		wantError(t, <-canceled, nil)
		wantError(t, other.Drain(t.Context()), nil)
		f.checkState(a, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid, checkout.EventPaid)
	})
}
