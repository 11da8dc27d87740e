package templates

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/a-h/templ"

	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/checkout/page"
)

// title returns the title of the document. The title of a status page has no shop and no
// amount.
func title(m *messages, p CheckoutPage) string {
	if p.StatusOnly {
		return m.StatusTitle
	}
	return withShop(m.Title, p.ShopName) + " · " + p.Amount
}

// on returns a list of states for data-on and data-say.
func on(states ...page.State) string {
	names := make([]string, 0, len(states))
	for _, s := range states {
		names = append(names, string(s))
	}
	return strings.Join(names, " ")
}

// open is the list of the states of an open session.
var open = on(page.Choose, page.Code, page.Redirecting, page.Confirming, page.Failed)

// unpaid is the list of the states in which the shopper can still start a payment.
var unpaid = on(page.Choose, page.Code, page.Redirecting, page.Failed)

// rootAttributes returns the data attributes with the facts that the page's script
// reads. It leaves empty facts out.
func rootAttributes(p CheckoutPage) templ.OrderedAttributes {
	facts := templ.OrderedAttributes{
		{Key: "data-state", Value: string(p.State)},
		{Key: "data-remaining", Value: strconv.Itoa(p.Remaining)},
	}
	add := func(name, value string) {
		if value != "" {
			facts = append(facts, templ.KeyValue[string, any]{Key: name, Value: value})
		}
	}
	add("data-attempt", p.Attempt.Ref)
	if p.Returned {
		add("data-returned", "1")
	}
	add("data-status", p.URLs.Status)
	add("data-events", p.URLs.Events)
	add("data-confirm", p.URLs.Confirm)
	add("data-token", p.Token)
	add("data-worker", p.Assets.Worker)
	add("data-wasm", p.Assets.Wasm)
	add("data-wasm-exec", p.Assets.WasmExec)
	if p.StatusOnly {
		add("class", "narrow")
		add("data-status-only", "1")
		return facts
	}
	if p.State == page.Code && p.Renew > 0 {
		add("data-renew", strconv.Itoa(p.Renew))
	}
	if len(p.Origins) > 0 {
		add("data-embed", p.Assets.Embed)
		add("data-origins", strings.Join(p.Origins, " "))
	}
	add("data-next", p.URLs.Success)
	add("data-flow", string(p.Attempt.Flow))
	add("data-jsapi", p.Attempt.JSAPI)
	if startsItself(p) {
		add("data-autostart", string(p.AutoStart))
		add("data-starting", "1")
	}
	return facts
}

// startsItself reports whether the script starts a wallet by itself.
func startsItself(p CheckoutPage) bool { return p.AutoStart != "" && p.Notice == "" }

// paidWith returns the name of a receipt's wallet; "" until paid.
func paidWith(m *messages, r Receipt) string {
	if r.Wallet == "" {
		return ""
	}
	return m.wallet(r.Wallet)
}

// target returns the attributes of a form that starts a flow. With top, the form loads in
// the top window, out of an embedding page. For a code that is drawn on the page, the
// script replaces the page's content without a load.
func target(f flow.Flow, top bool) templ.Attributes {
	switch {
	case top:
		return templ.Attributes{"target": "_top"}
	case f == flow.Native:
		return swaps()
	default:
		return nil
	}
}

// touch returns the attribute of a wallet's button that starts another flow on a device
// with a touch screen: its label there.
func touch(m *messages, o WalletOption, amount string) templ.Attributes {
	if o.Touch == "" {
		return nil
	}
	o.Flow = o.Touch
	return templ.Attributes{"data-touch": m.start(o, amount)}
}

// swaps returns the attribute of a form whose response is this page again, so the script
// can replace the content without a load.
func swaps() templ.Attributes { return templ.Attributes{"data-swap": true} }

// starts returns the attribute of a wallet's radio button that names the form which its pick
// sends: picking a wallet shows its code at once. Any other wallet has a button to press.
func starts(o WalletOption) templ.Attributes {
	if !o.Flow.ShowsCode() || o.Guide != "" {
		return nil
	}
	return templ.Attributes{"data-starts": "go-" + string(o.Wallet)}
}

// shows reports whether the page shows an attempt with this wallet.
func (p CheckoutPage) shows(w flow.Wallet) bool { return p.Attempt.Wallet == w }

// aroundShop returns what stands before and after the shop's name in a text.
func aroundShop(text string) (before, after string) {
	before, after, _ = strings.Cut(text, "{shop}")
	return before, after
}

// splitAmount returns the currency sign and the digits of a formatted amount.
func splitAmount(text string) (sign, digits string) {
	at := max(strings.IndexAny(text, "0123456789"), 0)
	return text[:at], text[at:]
}

// amountClass returns the class of an amount: the longer it is, the smaller are its
// characters, so that it always stands in one line.
func amountClass(text string) string {
	switch length := utf8.RuneCountInString(text); {
	case length > 15:
		return "longest"
	case length > 11:
		return "long"
	default:
		return ""
	}
}

// frameSide returns the width and height of the wallet's frame in CSS pixels.
func frameSide(a AttemptView) string {
	if a.FrameWidth > 0 {
		return strconv.Itoa(a.FrameWidth)
	}
	return "240"
}
