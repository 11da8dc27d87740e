// Package page is the table of what a checkout page may show: the one that the
// server and the browser's half share. It imports next to nothing, because the
// browser loads it: package time alone would add 34 kB.
package page

import "slices"

// State is what a checkout page shows. The server renders every state
// into the first response; data-state on the page's root says which one the
// style sheet shows, and the browser's half moves it by the same table.
type State string

// The states of a page.
const (
	// Choose lists the wallets to pay with.
	Choose State = "choose"
	// Code shows a QR code, drawn or framed, and waits for its payment.
	Code State = "code"
	// Redirecting sends the shopper to a wallet's own page or sheet:
	// Alipay's cashier, or WeChat's JSAPI.
	Redirecting State = "redirecting"
	// Confirming says that a payment is reported, or that the time is
	// up, and that the gateway is being asked for the truth.
	Confirming State = "confirming"
	// Paid is the receipt.
	Paid State = "paid"
	// Failed says that the wallet refused, and offers another try.
	Failed State = "failed"
	// Expired says that the session's time is over and nothing was paid.
	Expired State = "expired"
	// Canceled says that the shopper or the shop called it off.
	Canceled State = "canceled"
)

// States returns every state, in the order in which a payment meets them.
func States() []State {
	return []State{
		Choose, Code, Redirecting, Confirming,
		Paid, Failed, Expired, Canceled,
	}
}

// moves is the one table of what a page may show next. Paid absorbs: a
// late or reordered status never takes the receipt away. An expired or
// canceled page still moves to paid, because money may arrive late.
var moves = map[State][]State{
	Choose:      {Code, Redirecting, Confirming, Paid, Failed, Expired, Canceled},
	Code:        {Choose, Redirecting, Confirming, Paid, Failed, Expired, Canceled},
	Redirecting: {Choose, Code, Confirming, Paid, Failed, Expired, Canceled},
	Confirming:  {Choose, Code, Redirecting, Paid, Failed, Expired, Canceled},
	Failed:      {Choose, Code, Redirecting, Confirming, Paid, Expired, Canceled},
	Expired:     {Paid},
	Canceled:    {Paid},
	Paid:        {},
}

// Valid reports whether s is a state of the table.
func (s State) Valid() bool {
	_, ok := moves[s]
	return ok
}

// CanMove reports whether a page that shows s may show next.
func (s State) CanMove(next State) bool {
	return slices.Contains(moves[s], next)
}

// Final reports whether a page in s has nothing left to wait for but money
// that arrives late.
func (s State) Final() bool {
	return s == Paid || s == Expired || s == Canceled
}
