package sandbox

import (
	"crypto/sha256"
	"encoding/hex"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/wantukit/wantukit/wantu"
)

// maxShown is how many orders the root page shows at most.
const maxShown = 50

// The parts of the root page that are folded. The query parameter "open" names the one
// that is not.
const (
	foldSwitches = "switches"
	foldFaults   = "faults"
)

// indexState is the part of the root page that depends on the request.
type indexState struct {
	Filter  string     // what the user looks for: see searchWords; "" shows all orders
	Open    string     // the part that is not folded; "" folds all
	Problem string     // the error of the submitted form; "" when there is none
	Form    url.Values // the submitted form
}

// Self returns the address of the page with the same filter.
func (state indexState) Self() string {
	if state.Filter == "" {
		return "/"
	}
	return "/?" + url.Values{"q": {state.Filter}}.Encode()
}

// indexView is what the root page shows.
type indexView struct {
	indexState
	Title, Brand string

	Gateway, Merchant, MerchantName, Store, AppID string
	Key, AppSecret                                string // "" unless it is the public default

	Orders         []indexOrder
	Total, Matches int

	Faults    []Fault
	Kinds     []faultKind
	Endpoints []string
	Magic     []Magic

	Now             time.Time
	Stands          bool // whether the clock stands still until it is moved
	NotificationsOn bool
}

// indexOrder is an order on the root page.
type indexOrder struct {
	Order
	Filter string // of the page
	Time   string // when the order was opened, as short as the day allows
	Held   bool   // whether a fault holds a notification back
	Open   bool   // whether its details are shown
}

func (s *Sandbox) showIndex(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	s.index(w, r, http.StatusOK, indexState{Filter: strings.TrimSpace(query.Get("q")), Open: query.Get("open")})
}

func (s *Sandbox) index(w http.ResponseWriter, r *http.Request, status int, state indexState) {
	// With "no-referrer" a browser would send "Origin: null" with the forms of this
	// page. On an address of the local network it sends nothing else to show that the
	// form is the sandbox's own.
	w.Header().Set("Referrer-Policy", "same-origin")
	v := indexView{
		indexState: state, Title: "订单 Orders", Brand: "plain",
		Gateway: s.publicURL(r) + "/paygate", Merchant: s.config.MerchantAccount, MerchantName: s.config.MerchantName,
		Store: s.config.StoreAccount, AppID: s.config.WeChatAppID, Key: ifDefault(s.config.Key, DefaultKey),
		AppSecret: ifDefault(s.config.WeChatAppSecret, DefaultWeChatAppSecret),
		Faults:    s.Faults(), Kinds: faultKinds(), Endpoints: Endpoints(), Magic: MagicValues(),
		Now: s.config.Now().UTC(), Stands: s.config.Clock != nil, NotificationsOn: !s.muted.Load(),
	}
	v.addOrders(s)
	page, ok := s.rendered(w, "index.html", v)
	if !ok {
		return
	}
	// The script of the page asks for the page again and again. It gets an answer
	// without a body as long as nothing changes.
	tag := pageTag(page)
	w.Header().Set("ETag", tag)
	if status == http.StatusOK && r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	sendPage(w, layout{}, status, page)
}

// addOrders adds the newest orders that the filter finds.
func (v *indexView) addOrders(s *Sandbox) {
	orders, matches, total := s.orders.search(searchWords(v.Filter), maxShown)
	v.Matches, v.Total = matches, total
	held := s.held.numbers()
	for _, o := range orders {
		v.Orders = append(v.Orders, indexOrder{
			Order: o, Filter: v.Filter, Time: shortTime(o.CreatedAt, v.Now),
			Held: held[o.OutTradeNo], Open: v.Filter != "" && matches == 1,
		})
	}
}

// pageTag returns the ETag of a page.
func pageTag(page []byte) string {
	sum := sha256.Sum256(page)
	return `"` + hex.EncodeToString(sum[:16]) + `"`
}

// shortTime returns a time in UTC+8: 20:00:05 on the same day as now, 03-01 20:00 in the
// same year, and else 2026-03-01 20:00.
func shortTime(t, now time.Time) string {
	text, today := wantu.FormatTime(t), wantu.FormatTime(now)
	switch {
	case text[:len("2006-01-02")] == today[:len("2006-01-02")]:
		return text[len("2006-01-02 "):]
	case text[:len("2006")] == today[:len("2006")]:
		return text[len("2006-"):len("2006-01-02 15:04")]
	default:
		return text[:len("2006-01-02 15:04")]
	}
}

// ifDefault returns secret if it is the public default, and else "". So the page never
// shows a merchant's own secret.
func ifDefault(secret, public string) string {
	if secret != public {
		return ""
	}
	return secret
}

// templateFuncs returns the functions of the templates.
func templateFuncs() template.FuncMap {
	return template.FuncMap{
		"money":   money,
		"major":   majorText,
		"length":  lengthClass,
		"brand":   brandOf,
		"plain":   plainText,
		"payable": Order.payable,
		"kind":    kindName,
		"verdict": verdict,
		"date":    func(t time.Time) string { return wantu.FormatTime(t) },
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
