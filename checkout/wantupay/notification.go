package wantupay

import (
	"errors"
	"regexp"
	"strings"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/wantu"
)

// ReadNotification implements [checkout.Gateway]. The signature is in the body (manual
// 2.6), so it reads no header. The text is what may be stored of the body: at most its
// first 4 KiB, without the signature. It is also returned with an error. The error is
// ErrOtherAccount if the notification is for another merchant or store.
func (g *Gateway) ReadNotification(r checkout.OrderRef, m checkout.NotificationMessage) (checkout.OrderStatus, string, error) {
	text := redact(m.Body)
	account, err := g.of(r)
	if err != nil {
		return checkout.OrderStatus{}, text, err
	}
	n, err := account.Client.ParseNotification(m.Body)
	if errors.Is(err, wantu.ErrMismatch) {
		return checkout.OrderStatus{}, text, errors.Join(checkout.ErrOtherAccount, err)
	}
	if err != nil {
		return checkout.OrderStatus{}, text, err
	}
	return checkout.OrderStatus{
		OutTradeNo: n.OutTradeNo, TradeID: n.TradeID, Payee: account.MerchantAccount, Amount: n.TotalFee, Currency: n.FeeType,
		State: state(n.TradeStatus), Detail: detail(n.TradeStatus, n.TradeTime, n.TradeTimeText),
	}, text, nil
}

// Acknowledgement implements [checkout.Gateway]: it returns the answer to a notification
// (manual 2.6).
func (g *Gateway) Acknowledgement(accepted bool) checkout.Acknowledgement {
	body := wantu.AckFail("refused")
	if accepted {
		body = wantu.AckSuccess()
	}
	return checkout.Acknowledgement{ContentType: "application/json", Body: body}
}

// keptBody is how much of a notification's body is kept, in bytes.
const keptBody = 4 << 10

// signMember matches a "sign" member of a JSON object with any value.
var signMember = regexp.MustCompile(`(?i)"sign"\s*:\s*("(?:[^"\\]|\\.)*"?|[^,}\]]*)`)

// redact returns what may be kept of a notification's body: its beginning, as valid
// UTF-8, without the signature.
func redact(body []byte) string {
	text := string(body)
	if len(text) > keptBody {
		text = text[:keptBody]
	}
	text = signMember.ReplaceAllString(text, `"sign":"(left out)"`)
	return strings.ToValidUTF8(text, "\uFFFD")
}
