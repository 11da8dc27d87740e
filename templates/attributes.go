package templates

import (
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/checkout/page"
)

// title is the document's. A status page names neither shop nor amount.
func title(m *messages, p CheckoutPage) string {
	if p.StatusOnly {
		return m.StatusTitle
	}
	return withShop(m.Title, p.ShopName) + " · " + p.Amount
}

// on returns the states as data-on and data-say list them.
func on(states ...page.State) string {
	names := make([]string, 0, len(states))
	for _, s := range states {
		names = append(names, string(s))
	}
	return strings.Join(names, " ")
}

// unpaid lists the states in which the shopper can still pay.
var unpaid = on(page.Choose, page.Code, page.Redirecting, page.Failed)

// rootAttributes are the facts that the page tells its script. Those that are
// empty are left out.
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
	add("data-next", p.URLs.Success)
	add("data-flow", string(p.Attempt.Flow))
	add("data-jsapi", p.Attempt.JSAPI)
	if p.Notice == "" {
		add("data-autostart", string(p.AutoStart))
	}
	return facts
}

// paidWith names the wallet of a receipt, "" before it is paid.
func paidWith(m *messages, r Receipt) string {
	if r.Wallet == "" {
		return ""
	}
	return m.wallet(r.Wallet)
}

// target makes a form leave an embedding page, where its flow does; one that
// shows a code need not leave the page at all: the script swaps what it shows.
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

// swaps marks a form whose answer is this page again.
func swaps() templ.Attributes { return templ.Attributes{"data-swap": true} }

// frameSide returns the side of the wallet's frame as an attribute.
func frameSide(a AttemptView) string {
	if a.FrameWidth > 0 {
		return strconv.Itoa(a.FrameWidth)
	}
	return "240"
}
