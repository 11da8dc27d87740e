package checkout

import "slices"

// PageState is what a checkout page shows. The server renders every state
// into the first response; data-state on the page's root says which one the
// style sheet shows, and the browser's half moves it by the same table.
type PageState string

// The states of a page.
const (
	// PageChoose lists the wallets to pay with.
	PageChoose PageState = "choose"
	// PageCode shows a QR code, drawn or framed, and waits for its payment.
	PageCode PageState = "code"
	// PageRedirecting sends the shopper to a wallet's own page or sheet:
	// Alipay's cashier, or WeChat's JSAPI.
	PageRedirecting PageState = "redirecting"
	// PageConfirming says that a payment is reported, or that the time is
	// up, and that the gateway is being asked for the truth.
	PageConfirming PageState = "confirming"
	// PagePaid is the receipt.
	PagePaid PageState = "paid"
	// PageFailed says that the wallet refused, and offers another try.
	PageFailed PageState = "failed"
	// PageExpired says that the session's time is over and nothing was paid.
	PageExpired PageState = "expired"
	// PageCanceled says that the shopper or the shop called it off.
	PageCanceled PageState = "canceled"
)

// PageStates returns every state, in the order in which a payment meets them.
func PageStates() []PageState {
	return []PageState{
		PageChoose, PageCode, PageRedirecting, PageConfirming,
		PagePaid, PageFailed, PageExpired, PageCanceled,
	}
}

// pageMoves is the one table of what a page may show next. Paid absorbs: a
// late or reordered status never takes the receipt away. An expired or
// canceled page still moves to paid, because money may arrive late.
var pageMoves = map[PageState][]PageState{
	PageChoose:      {PageCode, PageRedirecting, PageConfirming, PagePaid, PageFailed, PageExpired, PageCanceled},
	PageCode:        {PageChoose, PageRedirecting, PageConfirming, PagePaid, PageFailed, PageExpired, PageCanceled},
	PageRedirecting: {PageChoose, PageCode, PageConfirming, PagePaid, PageFailed, PageExpired, PageCanceled},
	PageConfirming:  {PageChoose, PageCode, PageRedirecting, PagePaid, PageFailed, PageExpired, PageCanceled},
	PageFailed:      {PageChoose, PageCode, PageRedirecting, PageConfirming, PagePaid, PageExpired, PageCanceled},
	PageExpired:     {PagePaid},
	PageCanceled:    {PagePaid},
	PagePaid:        {},
}

// Valid reports whether s is a state of the table.
func (s PageState) Valid() bool {
	_, ok := pageMoves[s]
	return ok
}

// CanMove reports whether a page that shows s may show next.
func (s PageState) CanMove(next PageState) bool {
	return slices.Contains(pageMoves[s], next)
}

// Final reports whether a page in s has nothing left to wait for but money
// that arrives late.
func (s PageState) Final() bool {
	return s == PagePaid || s == PageExpired || s == PageCanceled
}
