package sandbox

import (
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/wantukit/wantukit/wantu"
)

// maxShown is how many orders the root page shows.
const maxShown = 100

// indexState is what a visit brings to the root page.
type indexState struct {
	Filter  string     // of out_trade_no
	Problem string     // of the form that was sent, "" when it was well
	Form    url.Values // as it was filled in
}

// indexView is what the root page shows.
type indexView struct {
	indexState
	Title, Brand string

	Gateway, Merchant, Store, AppID string
	Key, AppSecret                  string // "" unless the public default

	Orders         []Order
	Held           map[string]bool // by out_trade_no: a fault holds a notification back
	Total, Matches int

	Faults    []Fault
	Kinds     []faultKind
	Endpoints []string
	Magic     []Magic

	Now             time.Time
	Stands          bool // the clock is one that can be moved
	NotificationsOn bool
}

func (s *Sandbox) showIndex(w http.ResponseWriter, r *http.Request) {
	s.index(w, r, http.StatusOK, indexState{Filter: strings.TrimSpace(r.URL.Query().Get("q"))})
}

func (s *Sandbox) index(w http.ResponseWriter, r *http.Request, status int, state indexState) {
	// Without a Referer a browser calls the Origin of its forms "null", and on
	// an address of the local network it sends nothing else to tell by.
	w.Header().Set("Referrer-Policy", "same-origin")
	v := indexView{
		indexState: state, Title: "订单 Orders", Brand: "plain",
		Gateway: s.publicURL(r) + "/paygate", Merchant: s.config.MerchantAccount, Store: s.config.StoreAccount,
		AppID: s.config.WeChatAppID, Key: onlyDefault(s.config.Key, DefaultKey),
		AppSecret: onlyDefault(s.config.WeChatAppSecret, DefaultWeChatAppSecret),
		Faults:    s.Faults(), Kinds: faultKinds(), Endpoints: Endpoints(), Magic: MagicValues(),
		Now: s.config.Now().UTC(), Stands: s.config.Clock != nil, NotificationsOn: !s.muted.Load(),
	}
	v.Held = s.held.numbers()
	orders := s.Orders()
	v.Total = len(orders)
	orders = slices.DeleteFunc(orders, func(o Order) bool { return !strings.Contains(o.OutTradeNo, state.Filter) })
	v.Matches = len(orders)
	v.Orders = orders[:min(len(orders), maxShown)]
	s.render(w, look{template: "index.html"}, status, v)
}

// onlyDefault keeps a secret of the merchant's own off the page.
func onlyDefault(secret, public string) string {
	if secret != public {
		return ""
	}
	return secret
}

// indexFuncs are what the root page calls.
func indexFuncs() template.FuncMap {
	return template.FuncMap{
		"amount":  amount,
		"money":   money,
		"payable": Order.payable,
		"kind":    kindName,
		"verdict": verdict,
		"row": func(order Order, filter string, held bool) any {
			return struct {
				Order  Order
				Filter string
				Held   bool
			}{order, filter, held}
		},
		"date": func(t time.Time) string { return wantu.FormatTime(t) },
	}
}

// verdict is how the merchant did with a try: "good", "bad", or "" when a forged
// one did not reach it, which says nothing of it.
func verdict(t Try) string {
	switch {
	case t.Acknowledged == t.Forged:
		return "bad"
	case t.Forged && !t.answered():
		return ""
	default:
		return "good"
	}
}

// kindName is a kind of fault in words.
func kindName(kind FaultKind) string {
	for _, k := range faultKinds() {
		if k.Kind == kind {
			return k.Chinese + " " + k.English
		}
	}
	return ""
}
