package wantu

import (
	"context"
	"time"
)

// PosPayRequest asks for a payment by the code on the shopper's phone, which
// the till has scanned. Manual 2.3.
type PosPayRequest struct {
	PayChannel PayChannel
	TotalFee   int64  // minor units, 1 to [MaxTotalFee]
	FeeType    string // three capital letters, such as HKD
	Subject    string // what is sold, 1 to 128 characters
	ProductID  string // at most 32 characters
	OutTradeNo string // the order's number, used once for ever: 1 to 32 of A-Z a-z 0-9 _
	Attach     string // comes back unchanged; at most 128 characters
	AuthCode   string // what was scanned: 1 to 128 of A-Z a-z 0-9 _ -
	NotifyURL  string // where the notification goes; at most 256 characters
	DeviceSN   string // at most 128 characters
}

// PosPayResponse is a payment that was made.
type PosPayResponse struct {
	OutTradeNo string
	TradeID    string // the gateway's number of the order
	TotalFee   int64  // minor units
	FeeType    string
	TradeTime  time.Time // when it was paid; zero when the gateway sent none that can be read
	// TradeTimeText is trade_time as the gateway wrote it.
	TradeTimeText string
	StoreAccount  string
	DeviceSN      string
}

// PosPay takes a payment by a scanned code. A nil error means paid. Besides the
// errors of every call (see [OutcomeUnknown]), [ErrUserPaying] means that the
// shopper is entering a password: query until it is decided and cancel in the
// end, or let [Client.PosPayAndWait] do that. [ErrBank] and [ErrSystem] leave
// open whether it is paid, and are settled alike. [ErrAuthCodeInvalid],
// [ErrAuthCodeExpired], [ErrNotEnough], [ErrNotSupportCard] and [ErrTrade] mean
// that nothing was paid. Manual 2.3.
func (c *Client) PosPay(ctx context.Context, r PosPayRequest) (PosPayResponse, error) {
	f := newForm(r.PayChannel)
	f.order(order{r.TotalFee, r.Subject, r.OutTradeNo, r.Attach, r.NotifyURL, r.DeviceSN})
	f.required("fee_type", r.FeeType, 3, currency)
	f.optional("product_id", r.ProductID, 32, freeText)
	f.required("auth_code", r.AuthCode, 128, only("_-"))
	var response PosPayResponse
	err := c.call(ctx, "pospay", f, func(a *answer) {
		response = PosPayResponse{
			OutTradeNo:   a.required("out_trade_no"),
			TradeID:      a.required("trade_id"),
			TotalFee:     a.fee("total_fee"),
			FeeType:      a.required("fee_type"),
			StoreAccount: a.Text("store_account"),
			DeviceSN:     a.Text("device_sn"),
		}
		response.TradeTime, response.TradeTimeText = a.time("trade_time")
	})
	if err != nil {
		return PosPayResponse{}, err
	}
	return response, nil
}
