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
	Payee  string // the merchant's name
	Page   string
	Ticket string // names the payment, so that a double click pays once
	Amount string // as the shopper entered it
	Wrong  bool   // whether Amount is wrong
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
		s.problem(w, http.StatusInternalServerError, "系统错误", "No random numbers are available")
		return
	}
	paid := Order{PayChannel: code.channel}
	v := merchantView{
		Title: "付款 Pay", Brand: brandOf(paid), Wallet: walletName(paid), Payee: s.config.MerchantName,
		Page: "/s/" + code.token, Ticket: ticket, Amount: entered, Wrong: status != http.StatusOK,
	}
	s.render(w, layout{template: "merchant.html"}, status, v)
}

// payMerchantCode opens an order for the amount that the shopper entered, and pays it.
// The sandbox makes its out_trade_no.
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
	placed, err := s.nameAndAdd(o, s.publicURL(r))
	switch {
	case errors.Is(err, errTokenUsed): // a second click: the order exists already
	case err != nil:
		s.problem(w, http.StatusInternalServerError, "系统错误", "No random numbers are available")
		return
	default:
		_, _ = s.Pay(placed.OutTradeNo) // the page shows whether it succeeded
	}
	http.Redirect(w, r, "/"+string(surfacePhone)+"/"+placed.token, http.StatusSeeOther)
}

func (s *Sandbox) merchantOrder(code merchantCode, fee int64) order {
	now := s.config.Now().UTC()
	return order{
		Order: Order{
			Endpoint: "merchant-qrcode", PayChannel: code.channel, TotalFee: fee, FeeType: defaultCurrency,
			Subject: "商户收款码 Merchant code", Status: StatusNotPay, CreatedAt: now, ExpiresAt: now.Add(defaultLifetime),
		},
		surface: surfacePhone, notifyURL: code.notifyURL,
	}
}

// enteredFee reads an amount in major units and returns it in minor units. It returns 0
// if the text is not a valid amount.
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
