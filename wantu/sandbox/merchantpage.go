package sandbox

import (
	"errors"
	"net/http"
	"strings"

	"github.com/wantukit/wantukit/wantu"
)

// merchantView is what the page of a merchant's code shows.
type merchantView struct {
	Title  string
	Brand  string
	Wallet string
	Page   string
	Ticket string // names the payment, so that a double click pays once
	Amount string // what the shopper entered
	Wrong  bool   // it is not an amount
}

// showMerchantCode asks the shopper for an amount.
func (s *Sandbox) showMerchantCode(w http.ResponseWriter, r *http.Request) {
	code, known := s.codes.find(r.PathValue("token"))
	if !known {
		s.problem(w, http.StatusNotFound, "收款码不存在", "No such code")
		return
	}
	s.askAmount(w, code, "", http.StatusOK)
}

func (s *Sandbox) askAmount(w http.ResponseWriter, code merchantCode, entered string, status int) {
	ticket, err := s.random.token(tokenLength)
	if err != nil {
		s.problem(w, http.StatusInternalServerError, "系统错误", "no randomness")
		return
	}
	v := merchantView{
		Title: "付款 Pay", Brand: "alipay", Wallet: walletName(order{Order: Order{PayChannel: code.channel}}),
		Page: "/s/" + code.token, Ticket: ticket, Amount: entered, Wrong: status != http.StatusOK,
	}
	if code.channel == wantu.WeChat {
		v.Brand = "wechat"
	}
	s.render(w, look{template: "merchant.html"}, status, v)
}

// payMerchantCode pays what the shopper entered, as an order that the gateway
// numbers.
func (s *Sandbox) payMerchantCode(w http.ResponseWriter, r *http.Request) {
	code, known := s.codes.find(r.PathValue("token"))
	if !known {
		s.problem(w, http.StatusNotFound, "收款码不存在", "No such code")
		return
	}
	entered := strings.TrimSpace(r.PostFormValue("amount"))
	fee := enteredFee(entered)
	if fee == 0 {
		s.askAmount(w, code, entered, http.StatusBadRequest)
		return
	}
	o := s.merchantOrder(code, fee)
	if ticket := r.PostFormValue("ticket"); isTicket(ticket) {
		o.token = ticket
	}
	placed, err := s.place(o, s.publicURL(r))
	switch {
	case errors.Is(err, errTokenUsed): // the ticket of a payment that was made
	case err != nil:
		s.problem(w, http.StatusInternalServerError, "系统错误", "no randomness")
		return
	default:
		_, _ = s.Pay(placed.OutTradeNo) // the page says what became of it
	}
	http.Redirect(w, r, "/"+string(surfacePhone)+"/"+placed.token, http.StatusSeeOther)
}

func (s *Sandbox) merchantOrder(code merchantCode, fee int64) order {
	now := s.config.Now().UTC()
	return order{
		Order: Order{
			Endpoint: "merchant-qrcode", PayChannel: code.channel, TotalFee: fee, FeeType: defaultCurrency,
			Subject: "商户收款码 Merchant code", Status: StatusNotPay, CreatedAt: now, ExpiresAt: now.Add(codeLifetime),
		},
		surface: surfacePhone, notifyURL: code.notifyURL,
	}
}

// enteredFee reads an amount in major units; 0 when it is none.
func enteredFee(text string) int64 {
	amount, err := wantu.ParseDecimal(text)
	if err != nil {
		return 0
	}
	digits, _ := wantu.MinorDigits(defaultCurrency)
	fee, err := amount.Minor(digits)
	if err != nil || fee < 0 || fee > wantu.MaxTotalFee {
		return 0
	}
	return fee
}

func isTicket(text string) bool {
	return len(text) == tokenLength && strings.Trim(text, tokenAlphabet) == ""
}
