package sandbox

import (
	"bytes"
	"cmp"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/wantukit/wantukit/wantu"
)

const defaultCodeWidth = 200

// surface is a kind of page on which a shopper sees an order. Its value is the first part
// of the page's path.
type surface string

const (
	surfaceCashier surface = "cashier"
	surfaceMobile  surface = "m"
	surfaceFrame   surface = "frame"
	surfaceWallet  surface = "q"
	surfaceSheet   surface = "sandbox/jsapi"
	surfacePhone   surface = "phone" // the wallet, opened by an app, a till or a merchant's code
)

// layout says how a surface is shown.
type layout struct {
	template  string
	framable  bool // whether pages of any site may show it in a frame
	hasQRCode bool // whether its order has a QR code that opens the wallet
	noShop    bool // whether it never leads back to the shop
}

func surfaces() map[surface]layout {
	return map[surface]layout{
		surfaceCashier: {template: "cashier.html", hasQRCode: true},
		surfaceMobile:  {template: "cashier.html"},
		surfaceFrame:   {template: "frame.html", framable: true, hasQRCode: true},
		surfaceWallet:  {template: "wallet.html", hasQRCode: true, noShop: true},
		surfaceSheet:   {template: "sheet.html", framable: true},
		surfacePhone:   {template: "wallet.html", noShop: true},
	}
}

// view is the data of an order's page.
type view struct {
	Order
	Title     string
	Brand     string // the class of the page: see brandOf
	Wallet    string
	Payee     string // the merchant's name
	Page      string // the path of the page
	Mobile    bool
	Payable   bool
	Left      bool   // whether the shopper clicked "Leave"
	Result    string // the result that WeChat's payment dialog sends to the page around it: ok, fail or cancel
	ReturnURL string // leads back to the shop before the order is paid
	DoneURL   string // leads back to the shop once the order is paid
	Inside    bool   // whether the page with the QR code opens DoneURL inside its frame
	GivenBack string // the sum of the refunds, such as "HKD 12.34"; "" if there is none
	QRCode    template.HTML
}

func (s *Sandbox) view(on surface, o order, query url.Values) (view, error) {
	v := view{
		Order: o.Order, Title: walletName(o.Order), Brand: brandOf(o.Order),
		Wallet: walletName(o.Order), Payee: s.config.MerchantName, Page: "/" + string(on) + "/" + o.token,
		Mobile: on == surfaceMobile, Payable: o.payable(), Left: query.Has("left"),
		ReturnURL: backURL(on, o), DoneURL: paidBackURL(on, o), Inside: s.config.FrameReturnsInside,
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

// codeWidth returns the width of a QR code in pixels. qrcode_width counts only on the
// page that the shop shows in its own page. A cashier has its own layout.
func codeWidth(on surface, o order) int {
	if on != surfaceFrame {
		return defaultCodeWidth
	}
	return cmp.Or(o.width, defaultCodeWidth)
}

// brandOf returns the class of pages and marks of the order's wallet.
func brandOf(o Order) string {
	switch {
	case o.PayChannel == wantu.WeChat:
		return "wechat"
	case o.PaymentInst == wantu.AlipayHK:
		return "alipayhk"
	default:
		return "alipay"
	}
}

func walletName(o Order) string {
	switch {
	case o.PayChannel == wantu.WeChat:
		return "微信支付 WeChat Pay"
	case o.PaymentInst == wantu.AlipayHK:
		return "支付宝香港 AlipayHK"
	default:
		return "支付宝 Alipay"
	}
}

// paidURL returns return_url with the parameters that Alipay appends to its query.
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

// plainText replaces the characters that change the direction of text. Otherwise a
// subject could show its letters in another order, and read as an amount.
func plainText(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Bidi_Control, r) {
			return utf8.RuneError
		}
		return r
	}, text)
}

// lengthClass returns the class of an amount that is too long for the usual size: "long"
// above 11 characters, "longer" above 15.
func lengthClass(amount string) string {
	switch {
	case len(amount) > 15:
		return "longer"
	case len(amount) > 11:
		return "long"
	default:
		return ""
	}
}

// money returns an amount in minor units for display, such as "HKD 12.34".
func money(fee int64, feeType string) string {
	return feeType + " " + majorText(fee, feeType)
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
		s.problem(w, http.StatusInternalServerError, "系统错误", "The page could not be rendered")
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
	s.render(w, layout{template: "problem.html"}, status, map[string]any{
		"Title": english, "Brand": "plain", "Chinese": chinese, "English": english,
	})
}

// render renders a page into memory first, so that an error never leaves half a page.
func (s *Sandbox) render(w http.ResponseWriter, l layout, status int, data any) {
	if page, ok := s.rendered(w, l.template, data); ok {
		sendPage(w, l, status, page)
	}
}

// rendered returns a page. After an error it answers the request itself, and returns
// false.
func (s *Sandbox) rendered(w http.ResponseWriter, template string, data any) (page []byte, ok bool) {
	var buffer bytes.Buffer
	if err := s.pages.ExecuteTemplate(&buffer, template, data); err != nil {
		s.config.Logger.Error("sandbox: a page could not be rendered", "problem", err.Error())
		http.Error(w, "the page could not be rendered", http.StatusInternalServerError)
		return nil, false
	}
	return buffer.Bytes(), true
}

func sendPage(w http.ResponseWriter, l layout, status int, page []byte) {
	ancestors := "'none'"
	if l.framable {
		ancestors = "*"
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; "+
		"img-src 'self'; connect-src 'self'; base-uri 'none'; frame-ancestors "+ancestors)
	w.WriteHeader(status)
	_, _ = w.Write(page) // an error means that the browser hung up
}
