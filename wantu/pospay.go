package wantu

import (
	"context"
	"time"
)

// PosPayRequest asks for a payment with the code that the till scanned from the
// shopper's phone. Manual 2.3.
type PosPayRequest struct {
	PayChannel PayChannel // required
	TotalFee   int64      // minor units, 1 to [MaxTotalFee]
	FeeType    string     // three capital letters, such as HKD
	Subject    string     // what is sold, 1 to 128 characters
	ProductID  string     // at most 32 characters
	OutTradeNo string     // the order number, never used before: 1 to 32 of A-Z a-z 0-9 _
	Attach     string     // returned unchanged by Query and the notification; at most 128 characters
	AuthCode   string     // the scanned code: 1 to 128 of A-Z a-z 0-9 _ -
	NotifyURL  string     // required; the gateway posts the notification to it; at most 256 characters
	DeviceSN   string     // the serial number of the device; at most 128 characters
}

// PosPayResponse describes the order that was paid.
type PosPayResponse struct {
	OutTradeNo string
	TradeID    string // the gateway's number of the order
	TotalFee   int64  // minor units
	FeeType    string
	TradeTime  time.Time // when it was paid; zero when missing or unreadable
	// TradeTimeText is trade_time as the gateway wrote it.
	TradeTimeText string
	StoreAccount  string
	DeviceSN      string
}

// PosPay charges the shopper by a scanned code. A nil error means that the order is
// paid. Besides the errors of every call (see [OutcomeUnknown]):
//
//   - [ErrUserPaying] means that the shopper is entering a password. Query the order
//     until it is decided, and cancel it if that takes too long. Or call
//     [Client.PosPayAndWait], which does this.
//   - [ErrBank] and [ErrSystem] mean that the order may be paid. Do the same.
//   - [ErrAuthCodeInvalid], [ErrAuthCodeExpired], [ErrNotEnough],
//     [ErrNotSupportCard] and [ErrTrade] mean that nothing was paid.
//
// Manual 2.3.
func (c *Client) PosPay(ctx context.Context, r PosPayRequest) (PosPayResponse, error) {
	f := newForm(r.PayChannel)
	f.order(order{r.TotalFee, r.Subject, r.OutTradeNo, r.Attach, r.NotifyURL, r.DeviceSN})
	f.required("fee_type", r.FeeType, 3, currency)
	f.optional("product_id", r.ProductID, 32, freeText)
	f.required("auth_code", r.AuthCode, 128, lettersDigitsOr("_-"))
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
