package checkout_test

import (
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
)

func TestCreateRefusesAndNamesTheField(t *testing.T) {
	t.Parallel()
	many := map[string]string{}
	for i := range 21 {
		many[strconv.Itoa(i)] = ""
	}
	for name, c := range map[string]struct {
		field  string
		change func(*checkout.NewSession)
	}{
		"amount 0":                   {"amount", func(n *checkout.NewSession) { n.Amount = 0 }},
		"amount -1":                  {"amount", func(n *checkout.NewSession) { n.Amount = -1 }},
		"amount of 12 digits":        {"amount", func(n *checkout.NewSession) { n.Amount = checkout.MaxAmount + 1 }},
		"no currency":                {"currency", func(n *checkout.NewSession) { n.Currency = "" }},
		"currency without decimals":  {"currency", func(n *checkout.NewSession) { n.Currency = "JPY" }},
		"currency of a megabyte":     {"currency", func(n *checkout.NewSession) { n.Currency = strings.Repeat("x", 1<<20) }},
		"no subject":                 {"subject", func(n *checkout.NewSession) { n.Subject = "" }},
		"subject of 129 characters":  {"subject", func(n *checkout.NewSession) { n.Subject = strings.Repeat("票", 129) }},
		"subject of two lines":       {"subject", func(n *checkout.NewSession) { n.Subject = "a\nb" }},
		"subject with NUL":           {"subject", func(n *checkout.NewSession) { n.Subject = "a\x00b" }},
		"subject with DEL":           {"subject", func(n *checkout.NewSession) { n.Subject = "a\x7fb" }},
		"subject with next line":     {"subject", func(n *checkout.NewSession) { n.Subject = "a\u0085b" }},
		"subject with a separator":   {"subject", func(n *checkout.NewSession) { n.Subject = "a\u2028b" }},
		"subject that is not UTF-8":  {"subject", func(n *checkout.NewSession) { n.Subject = "a\xffb" }},
		"reference too long":         {"client_reference_id", func(n *checkout.NewSession) { n.ClientReferenceID = strings.Repeat("x", 129) }},
		"reference of two lines":     {"client_reference_id", func(n *checkout.NewSession) { n.ClientReferenceID = "a\rb" }},
		"no success_url":             {"success_url", func(n *checkout.NewSession) { n.SuccessURL = "" }},
		"unknown channel":            {"channels", func(n *checkout.NewSession) { n.Channels = []string{"wechat", "paypal"} }},
		"empty channel":              {"channels", func(n *checkout.NewSession) { n.Channels = []string{""} }},
		"channel the shop lacks":     {"channels", func(n *checkout.NewSession) { n.Merchant, n.Channels = "hk", []string{"wechat"} }},
		"expires too soon":           {"expires_at", func(n *checkout.NewSession) { n.ExpiresAt = time.Now().Add(59 * time.Second) }},
		"expired already":            {"expires_at", func(n *checkout.NewSession) { n.ExpiresAt = time.Now().Add(-time.Hour) }},
		"expires too late":           {"expires_at", func(n *checkout.NewSession) { n.ExpiresAt = time.Now().Add(25 * time.Hour) }},
		"metadata of 21 entries":     {"metadata", func(n *checkout.NewSession) { n.Metadata = many }},
		"metadata without a key":     {"metadata", func(n *checkout.NewSession) { n.Metadata = map[string]string{"": "x"} }},
		"metadata with a long key":   {"metadata", func(n *checkout.NewSession) { n.Metadata = map[string]string{strings.Repeat("k", 41): "x"} }},
		"21 lines":                   {"line_items", func(n *checkout.NewSession) { n.LineItems = make([]checkout.LineItem, 21) }},
		"lines of another amount":    {"line_items", withLines(checkout.LineItem{Name: "a", Quantity: 1, Amount: 87999})},
		"line without a name":        {"line_items[0].name", withLines(checkout.LineItem{Quantity: 1, Amount: 88000})},
		"line with a blank name":     {"line_items[1].name", withLines(ticketLine(), checkout.LineItem{Name: " ", Quantity: 1})},
		"line with a long name":      {"line_items[1].name", withLines(ticketLine(), checkout.LineItem{Name: strings.Repeat("票", 129), Quantity: 1})},
		"line of none":               {"line_items[1].quantity", withLines(ticketLine(), checkout.LineItem{Name: "a"})},
		"line of a million":          {"line_items[1].quantity", withLines(ticketLine(), checkout.LineItem{Name: "a", Quantity: 1_000_000})},
		"line below nothing":         {"line_items[1].amount", withLines(ticketLine(), checkout.LineItem{Name: "a", Quantity: 1, Amount: -1})},
		"line of 12 digits":          {"line_items[0].amount", withLines(checkout.LineItem{Name: "a", Quantity: 1, Amount: checkout.MaxAmount + 1})},
		"recovered from nothing":     {"recovered_from", func(n *checkout.NewSession) { n.RecoveredFrom = "cs_aaaaaaaaaaaaaaaaaaaaaaaaaa" }},
		"recovered from no id":       {"recovered_from", func(n *checkout.NewSession) { n.RecoveredFrom = "x" }},
		"metadata with a long value": {"metadata", func(n *checkout.NewSession) { n.Metadata = map[string]string{"k": strings.Repeat("v", 501)} }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMemory()
			f := newTwoShopFixture(t, m)
			n := newTicket()
			c.change(&n)
			_, err := f.Create(t.Context(), n)
			var wrong *checkout.FieldError
			if !errors.As(err, &wrong) || wrong.Field != c.field || wrong.Problem == "" {
				t.Errorf("error %v, want a FieldError of %s", err, c.field)
			}
			if err != nil && len(err.Error()) > 200 {
				t.Errorf("the error has %d bytes, want 200 at most", len(err.Error()))
			}
			if len(m.sessions) != 0 {
				t.Error("a session was stored")
			}
		})
	}
}

// ticketLine is a line with the amount of newTicket.
func ticketLine() checkout.LineItem {
	return checkout.LineItem{Name: "Ticket", Quantity: 2, Amount: 88000}
}

func withLines(items ...checkout.LineItem) func(*checkout.NewSession) {
	return func(n *checkout.NewSession) { n.LineItems = items }
}

// TestCreateNamesEachWrongLine creates a session with two lines that are wrong.
func TestCreateNamesEachWrongLine(t *testing.T) {
	t.Parallel()
	f, n := newFixture(t, newMemory()), newTicket()
	n.LineItems, n.RecoveredFrom = []checkout.LineItem{{Quantity: 1}, ticketLine(), {Name: "a\nb", Amount: -1}}, "x"
	_, err := f.Create(t.Context(), n)
	var fields []string
	for _, fault := range checkout.FieldErrors(err) {
		fields = append(fields, fault.Field)
	}
	same(t, "fields", fields, []string{"line_items[0].name", "line_items[2].quantity", "line_items[2].amount", "line_items[2].name", "recovered_from"})
}

// TestRecoveredFrom creates sessions that replace an earlier one.
func TestRecoveredFrom(t *testing.T) {
	from := func(s checkout.Session, merchant string) checkout.NewSession {
		n := newTicket()
		n.RecoveredFrom, n.Merchant = s.ID, merchant
		return n
	}
	refused := func(t *testing.T, err error) {
		t.Helper()
		var wrong *checkout.FieldError
		if !errors.As(err, &wrong) || wrong.Field != "recovered_from" {
			t.Errorf("error %v, want a FieldError of recovered_from", err)
		}
	}
	inBubbles(t, map[string]func(*testing.T, *fixture){
		"an expired one": func(t *testing.T, f *fixture) {
			before := f.session()
			_, err := f.End(t.Context(), before.ID, checkout.StatusExpired)
			wantError(t, err, nil)
			s, err := f.Create(t.Context(), from(before, shop))
			wantError(t, err, nil)
			same(t, "stored", f.readSession(s.ID).RecoveredFrom, before.ID)
		},
		"one that is open": func(t *testing.T, f *fixture) {
			_, err := f.Create(t.Context(), from(f.session(), shop))
			wantError(t, err, nil)
		},
		"one that is paid": func(t *testing.T, f *fixture) {
			_, err := f.Create(t.Context(), from(f.readSession(f.paid().SessionID), shop))
			refused(t, err)
		},
		"one of another shop": func(t *testing.T, f *fixture) {
			_, err := newTwoShopFixture(t, f.store).Create(t.Context(), from(f.session(), "hk"))
			refused(t, err)
		},
	})
}

// TestCreateNamesEachWrongField creates a session with several wrong fields.
func TestCreateNamesEachWrongField(t *testing.T) {
	t.Parallel()
	f := newFixture(t, newMemory())
	n := newTicket()
	n.Amount, n.Currency, n.Subject, n.Channels, n.Metadata = 0, "XXX", "", []string{"paypal"}, map[string]string{"": "x"}
	want := map[string]checkout.FieldCode{"amount": "", "currency": "", "subject": checkout.FieldMissing, "channels": "", "metadata": ""}
	_, err := f.Create(t.Context(), n)
	for _, got := range []error{err, f.CheckNew(t.Context(), n)} {
		faults := checkout.FieldErrors(got)
		if len(faults) != len(want) {
			t.Errorf("%d faults, want %d: %v", len(faults), len(want), got)
		}
		for _, fault := range faults {
			if code, is := want[fault.Field]; !is || code != fault.Code {
				t.Errorf("fault %+v, want one of %v", fault, want)
			}
		}
		if allowed := faults[1].Allowed; !slices.Contains(allowed, "HKD") {
			t.Errorf("the currency may be %v, want HKD among them", allowed)
		}
	}
}

// refuseReturns refuses each URL.
type refuseReturns struct{}

func (refuseReturns) CheckReturn(_, field, _ string) error {
	return &checkout.FieldError{Field: field, Problem: "is refused"}
}

// TestCreateAsksWhereTheShopperMayBeSent checks that both URLs are checked in the domain.
func TestCreateAsksWhereTheShopperMayBeSent(t *testing.T) {
	t.Parallel()
	m := newMemory()
	c := newFixture(t, m).config()
	c.Returns = refuseReturns{}
	service, err := checkout.New(c)
	wantError(t, err, nil)
	n := newTicket()
	n.CancelURL = success
	_, err = service.Create(t.Context(), n)
	var fields []string
	for _, fault := range checkout.FieldErrors(err) {
		fields = append(fields, fault.Field)
	}
	same(t, "fields", fields, []string{"success_url", "cancel_url"})
	n.CancelURL = ""
	_, err = service.Create(t.Context(), n)
	same(t, "faults without a cancel_url", len(checkout.FieldErrors(err)), 1)
	n.Merchant = "nobody"
	_, err = service.Create(t.Context(), n)
	same(t, "field", checkout.FieldErrors(err)[0].Field, "merchant")
	same(t, "sessions", len(m.sessions), 0)
}

// TestCreateTakesACurrencyInSmallLetters creates a session in "hkd".
func TestCreateTakesACurrencyInSmallLetters(t *testing.T) {
	t.Parallel()
	f := newFixture(t, newMemory())
	n := newTicket()
	n.Currency = "hkd"
	if session, err := f.Create(t.Context(), n); err != nil || session.Currency != "HKD" {
		t.Errorf("currency %q, error %v; want HKD", session.Currency, err)
	}
}

// newTwoShopFixture returns a fixture with a second shop, "hk". It takes Alipay HK
// only, and its sessions last 5 minutes.
func newTwoShopFixture(t *testing.T, store checkout.Store) *fixture {
	t.Helper()
	f := newFixture(t, store)
	c := f.config()
	c.Merchants["hk"] = checkout.Merchant{
		ID: "hk", Wallets: []flow.Wallet{flow.WalletAlipayHK}, Lifetime: 5 * time.Minute,
	}
	f.configure(c)
	return f
}

func TestCreateAccepts(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*checkout.NewSession){
		"amount 1":          func(n *checkout.NewSession) { n.Amount = 1 },
		"11 digits":         func(n *checkout.NewSession) { n.Amount = checkout.MaxAmount },
		"an ampersand":      func(n *checkout.NewSession) { n.Subject = "Simon & Garfunkel" },
		"markup":            func(n *checkout.NewSession) { n.Subject = "</script><img onerror=x>" },
		"128 characters":    func(n *checkout.NewSession) { n.Subject = strings.Repeat("🎫", 128) },
		"a minute":          func(n *checkout.NewSession) { n.ExpiresAt = time.Now().Add(61 * time.Second) },
		"a day":             func(n *checkout.NewSession) { n.ExpiresAt = time.Now().Add(24*time.Hour - time.Second) },
		"lines that add up": withLines(checkout.LineItem{Name: strings.Repeat("🎫", 128), Quantity: 999_999, Amount: 88000}, checkout.LineItem{Name: "gift", Quantity: 1}),
		"metadata at its limit": func(n *checkout.NewSession) {
			n.Metadata = map[string]string{strings.Repeat("k", 40): strings.Repeat("值", 500)}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, n := newTwoShopFixture(t, newMemory()), newTicket()
			change(&n)
			s, err := f.Create(t.Context(), n)
			if err != nil {
				t.Fatal(err)
			}
			stored := f.readSession(s.ID)
			same(t, "stored session", stored, s)
			same(t, "subject", stored.Subject, n.Subject)
			same(t, "metadata", stored.Metadata, n.Metadata)
			same(t, "line items", stored.LineItems, n.LineItems)
		})
	}
}

func TestCreate(t *testing.T) {
	inBubbles(t, map[string]func(*testing.T, *fixture){
		"opens a session with the shop's defaults": func(t *testing.T, f *fixture) {
			s := f.session()
			same(t, "session", s, checkout.Session{
				ID: s.ID, Merchant: shop, Version: 1, Status: checkout.StatusOpen, PaymentStatus: checkout.PaymentUnpaid,
				Amount: 88000, Currency: hkd, Subject: "Ticket", SuccessURL: success, Wallets: flow.Wallets(),
				CreatedAt: time.Now(), ExpiresAt: time.Now().Add(30 * time.Minute), ConcludeAt: time.Now().Add(30 * time.Minute),
			})
			if !strings.HasPrefix(s.ID, checkout.SessionPrefix) || len(s.ID) != len(checkout.SessionPrefix)+26 {
				t.Errorf("id %q, want the prefix and 26 characters", s.ID)
			}
		},
		"puts the id into the shop's URLs": func(t *testing.T, f *fixture) {
			n := newTicket()
			n.SuccessURL, n.CancelURL = success+"?s={CHECKOUT_SESSION_ID}", success+"/{CHECKOUT_SESSION_ID}"
			s, err := f.Create(t.Context(), n)
			if err != nil {
				t.Fatal(err)
			}
			same(t, "success_url", s.SuccessURL, success+"?s="+s.ID)
			same(t, "cancel_url", s.CancelURL, success+"/"+s.ID)
		},
		"keeps the order of the requested wallets, each once": func(t *testing.T, f *fixture) {
			n := newTicket()
			n.Channels = []string{"wechat", "alipay_hk", "alipay", "wechat"}
			s, err := f.Create(t.Context(), n)
			if err != nil {
				t.Fatal(err)
			}
			same(t, "wallets", s.Wallets, []flow.Wallet{flow.WalletWeChat, flow.WalletAlipayHK, flow.WalletAlipayCN})
		},
		"uses the shop's wallets and lifetime": func(t *testing.T, f *fixture) {
			n := newTicket()
			n.Merchant, n.Channels = "hk", []string{"wechat", "alipay"}
			s, err := newTwoShopFixture(t, f.store).Create(t.Context(), n)
			if err != nil {
				t.Fatal(err)
			}
			same(t, "wallets", s.Wallets, []flow.Wallet{flow.WalletAlipayHK})
			same(t, "expiry", s.ExpiresAt, time.Now().Add(5*time.Minute))
		},
		"fails with the error of the store": func(t *testing.T, f *fixture) {
			broken := errors.New("disk full")
			f.memory.broken = func(string) error { return broken }
			_, err := f.Create(t.Context(), newTicket())
			wantError(t, err, broken)
		},
	})
}

func TestRandomSourceThatFails(t *testing.T) {
	t.Parallel()
	f := newFixture(t, newMemory())
	s := f.session()
	c := f.config()
	c.Random = strings.NewReader("")
	service, err := checkout.New(c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := service.Create(t.Context(), newTicket()); err == nil || !strings.Contains(err.Error(), io.EOF.Error()) {
		t.Errorf("Create: error %v, want EOF", err)
	}
	if _, err := service.Start(t.Context(), request(s, flow.WalletAlipayCN)); err == nil {
		t.Error("Start: no error, want one of the random source")
	}
	same(t, "orders", f.gateway.placed(), []string(nil))
}

// TestProgramGetsNoOrderUnasked checks that a session for a program has no order from the
// start, and that the program can start one.
func TestProgramGetsNoOrderUnasked(t *testing.T) {
	one := func(t *testing.T, f *fixture, shopper flow.Device) checkout.Session {
		n := newTicket()
		n.Channels, n.Shopper = []string{"wechat"}, &shopper
		s, err := f.Create(t.Context(), n)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	inBubbles(t, map[string]func(*testing.T, *fixture){
		"a computer": func(t *testing.T, f *fixture) {
			one(t, f, desktop)
			same(t, "orders", len(f.gateway.placed()), 1)
		},
		"a program": func(t *testing.T, f *fixture) {
			s := one(t, f, program)
			same(t, "orders", len(f.gateway.placed()), 0)
			r := request(s, flow.WalletWeChat)
			r.Device = program
			_, err := f.Start(t.Context(), r)
			wantError(t, err, nil)
			same(t, "orders", len(f.gateway.placed()), 1)
		},
	})
}
