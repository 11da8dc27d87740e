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

// maxShown is how many orders the root page shows at most.
const maxShown = 100

// indexState is the part of the root page that depends on the request.
type indexState struct {
	Filter  string     // a part of out_trade_no; "" shows all orders
	Problem string     // the error of the submitted form; "" when there is none
	Form    url.Values // the submitted form
}

// indexView is what the root page shows.
type indexView struct {
	indexState
	Title, Brand string

	Gateway, Merchant, Store, AppID string
	Key, AppSecret                  string // "" unless it is the public default

	Orders         []Order
	Held           map[string]bool // by out_trade_no: whether a fault holds a notification back
	Total, Matches int

	Faults    []Fault
	Kinds     []faultKind
	Endpoints []string
	Magic     []Magic

	Now             time.Time
	Stands          bool // whether the clock stands still until it is moved
	NotificationsOn bool
}

func (s *Sandbox) showIndex(w http.ResponseWriter, r *http.Request) {
	s.index(w, r, http.StatusOK, indexState{Filter: strings.TrimSpace(r.URL.Query().Get("q"))})
}

func (s *Sandbox) index(w http.ResponseWriter, r *http.Request, status int, state indexState) {
	// With "no-referrer" a browser would send "Origin: null" with the forms of this
	// page. On an address of the local network it sends nothing else to show that the
	// form is the sandbox's own.
	w.Header().Set("Referrer-Policy", "same-origin")
	v := indexView{
		indexState: state, Title: "订单 Orders", Brand: "plain",
		Gateway: s.publicURL(r) + "/paygate", Merchant: s.config.MerchantAccount, Store: s.config.StoreAccount,
		AppID: s.config.WeChatAppID, Key: ifDefault(s.config.Key, DefaultKey),
		AppSecret: ifDefault(s.config.WeChatAppSecret, DefaultWeChatAppSecret),
		Faults:    s.Faults(), Kinds: faultKinds(), Endpoints: Endpoints(), Magic: MagicValues(),
		Now: s.config.Now().UTC(), Stands: s.config.Clock != nil, NotificationsOn: !s.muted.Load(),
	}
	v.Held = s.held.numbers()
	orders := s.Orders()
	v.Total = len(orders)
	orders = slices.DeleteFunc(orders, func(o Order) bool { return !strings.Contains(o.OutTradeNo, state.Filter) })
	v.Matches = len(orders)
	v.Orders = orders[:min(len(orders), maxShown)]
	s.render(w, layout{template: "index.html"}, status, v)
}

// ifDefault returns secret if it is the public default, and else "". So the page never
// shows a merchant's own secret.
func ifDefault(secret, public string) string {
	if secret != public {
		return ""
	}
	return secret
}

// indexFuncs returns the functions for the template of the root page.
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

// verdict says whether the merchant handled a notification well: "good" or "bad". It
// returns "" if the merchant did not answer a forged one, because then nothing is known.
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

// kindName returns the name of a kind of fault in Chinese and English.
func kindName(kind FaultKind) string {
	for _, k := range faultKinds() {
		if k.Kind == kind {
			return k.Chinese + " " + k.English
		}
	}
	return ""
}
