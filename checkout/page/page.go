// Package page has the states of a checkout page and the table of moves between
// them. The server and the WebAssembly client share it. It imports as little as
// possible, because the browser loads it: package time alone would add 34 kB.
package page

import "slices"

// State is what a checkout page shows. The server renders all states into one
// response. The attribute data-state on the page's root element says which one
// the style sheet shows, and the client changes it when the state changes.
type State string

// The states of a page.
const (
	// Choose lists the wallets to pay with.
	Choose State = "choose"
	// Code shows a QR code, as an image or in a frame, and waits for the payment.
	Code State = "code"
	// Redirecting sends the shopper to a wallet's own page or sheet:
	// Alipay's cashier, or WeChat's JSAPI.
	Redirecting State = "redirecting"
	// Confirming says that a payment was reported, or that the session has
	// expired, and that the checkout is querying the gateway.
	Confirming State = "confirming"
	// Paid shows the receipt.
	Paid State = "paid"
	// Failed says that the payment failed or did not match the order. It offers another
	// try if the session takes one.
	Failed State = "failed"
	// Expired says that the session has expired without a payment.
	Expired State = "expired"
	// Canceled says that the shopper or the shop canceled the session.
	Canceled State = "canceled"
)

// States returns every state, in the order in which a payment meets them.
func States() []State {
	return []State{
		Choose, Code, Redirecting, Confirming,
		Paid, Failed, Expired, Canceled,
	}
}

// moves lists the states that may follow each state. No state follows Paid, so a
// status that arrives late or out of order does not remove the receipt. Expired
// and Canceled can be followed by Paid, because a payment may come late.
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

// CanMove reports whether a page may move from s to next.
func (s State) CanMove(next State) bool {
	return slices.Contains(moves[s], next)
}

// Final reports whether s is the end of a session. Only a late payment can still
// change such a page.
func (s State) Final() bool {
	return s == Paid || s == Expired || s == Canceled
}
