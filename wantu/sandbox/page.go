package sandbox

import (
	"bytes"
	"cmp"
	"html/template"
	"net/http"
	"net/url"

	"github.com/wantukit/wantukit/wantu"
)

const defaultWidth = 200

// surface is where a shopper meets an order: the path of the page.
type surface string

const (
	surfaceCashier surface = "cashier"
	surfaceMobile  surface = "m"
	surfaceFrame   surface = "frame"
	surfaceWallet  surface = "q"
	surfaceSheet   surface = "sandbox/jsapi"
	surfacePhone   surface = "phone" // the wallet that an app, a till or a merchant's code has opened
)

// look is how a surface is shown.
type look struct {
	template string
	framed   bool // may be put in a frame by anyone
	scanned  bool // its order has a QR code that opens the wallet
	stays    bool // it has no shop to go back to
}

func surfaces() map[surface]look {
	return map[surface]look{
		surfaceCashier: {template: "cashier.html", scanned: true},
		surfaceMobile:  {template: "cashier.html"},
		surfaceFrame:   {template: "frame.html", framed: true, scanned: true},
		surfaceWallet:  {template: "wallet.html", scanned: true, stays: true},
		surfaceSheet:   {template: "sheet.html", framed: true},
		surfacePhone:   {template: "wallet.html", stays: true},
	}
}

// view is what a page shows.
type view struct {
	Order
	Title     string
	Brand     string // class of the page: wechat or alipay
	Wallet    string
	Page      string // path of the page
	Mobile    bool
	Payable   bool
	Left      bool   // the shopper walked away
	Result    string // what the pay sheet tells its parent: ok, fail or cancel
	ReturnURL string // back to the shop, without a result
	DoneURL   string // back to the shop, paid
	Inside    bool   // a framed code goes there inside its frame
	GivenBack string // the sum of its refunds for people, "" when there is none
	QRCode    template.HTML
}

func (s *Sandbox) view(on surface, o order, query url.Values) (view, error) {
	v := view{
		Order: o.Order, Title: o.Subject, Brand: "alipay",
		Wallet: walletName(o), Page: "/" + string(on) + "/" + o.token,
		Mobile: on == surfaceMobile, Payable: o.payable(), Left: query.Has("left"),
		ReturnURL: backURL(on, o), DoneURL: paidBackURL(on, o), Inside: s.config.FrameReturnsInside,
	}
	if o.PayChannel == wantu.WeChat {
		v.Brand = "wechat"
	}
	if len(o.Refunds) > 0 {
		v.GivenBack = money(o.Refunded(), o.FeeType)
	}
	switch result := query.Get("result"); {
	case o.Status == StatusSuccess:
		v.Result = "ok"
	case result == "fail" && o.Status == StatusPayError, result == "cancel":
		v.Result = result
	}
	var err error
	if o.ScanURL != "" && on != surfaceWallet {
		v.QRCode, err = qrCode(o.ScanURL, codeWidth(on, o))
	}
	return v, err
}

// codeWidth is the width of a QR code in pixels: the shop's wish counts on the
// page that goes into its own, a cashier's layout is not the shop's.
func codeWidth(on surface, o order) int {
	if on != surfaceFrame {
		return defaultWidth
	}
	return cmp.Or(o.width, defaultWidth)
}

func walletName(o order) string {
	switch {
	case o.PayChannel == wantu.WeChat:
		return "微信支付 WeChat Pay"
	case o.PaymentInst == wantu.AlipayHK:
		return "支付宝香港 AlipayHK"
	default:
		return "支付宝 Alipay"
	}
}

// paidURL is return_url with what Alipay appends, its own query kept.
func paidURL(o order) string {
	u, err := url.Parse(o.returnURL)
	if err != nil || o.returnURL == "" {
		return ""
	}
	result := url.Values{"out_trade_no": {o.OutTradeNo}, "trade_status": {"TRADE_SUCCESS"}}.Encode()
	if u.RawQuery != "" {
		result = u.RawQuery + "&" + result
	}
	u.RawQuery = result
	return u.String()
}

// amount writes minor units for people, such as "HKD 12.34".
func amount(o Order) string {
	return money(o.TotalFee, o.FeeType)
}

func money(fee int64, feeType string) string {
	digits, _ := wantu.MinorDigits(feeType)
	return feeType + " " + wantu.MinorUnits(fee, digits).String()
}

func (s *Sandbox) showPage(on surface) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		o, err := s.orders.page(on, r.PathValue("token"))
		if err != nil {
			s.problem(w, http.StatusNotFound, "订单不存在", "No such order")
			return
		}
		s.show(w, on, o, r.URL.Query(), http.StatusOK)
	}
}

func (s *Sandbox) show(w http.ResponseWriter, on surface, o order, query url.Values, status int) {
	v, err := s.view(on, o, query)
	if err != nil {
		s.problem(w, http.StatusInternalServerError, "系统错误", "The page cannot be drawn")
		return
	}
	s.render(w, surfaces()[on], status, v)
}

func (s *Sandbox) showStatus(on surface) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		o, err := s.orders.page(on, r.PathValue("token"))
		if err != nil {
			writeJSON(w, http.StatusNotFound, map[string]string{"error": err.Error()})
			return
		}
		writeJSON(w, http.StatusOK, map[string]Status{"status": o.Status})
	}
}

func (s *Sandbox) problem(w http.ResponseWriter, status int, chinese, english string) {
	s.render(w, look{template: "problem.html"}, status, map[string]any{
		"Title": english, "Brand": "plain", "Chinese": chinese, "English": english,
	})
}

// render draws into memory first, so that a failure never sends half a page.
func (s *Sandbox) render(w http.ResponseWriter, l look, status int, data any) {
	var page bytes.Buffer
	if err := s.pages.ExecuteTemplate(&page, l.template, data); err != nil {
		s.config.Logger.Error("sandbox: draw a page", "problem", err.Error())
		http.Error(w, "the page cannot be drawn", http.StatusInternalServerError)
		return
	}
	ancestors := "'none'"
	if l.framed {
		ancestors = "*"
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; "+
		"connect-src 'self'; base-uri 'none'; frame-ancestors "+ancestors)
	w.WriteHeader(status)
	_, _ = page.WriteTo(w) // a browser that hung up needs no page
}
