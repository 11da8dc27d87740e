package wantu

import (
	"encoding/json"
	"fmt"
	"time"
)

// Notification is what the gateway posts to notify_url, verified. It may come
// twice, late, out of order or never. Its signature joins names and values
// ambiguously: take it as a hint to call [Client.Query]. Manual 2.6.
type Notification struct {
	ReturnCode      ReturnCode // 0 when the gateway sent none that can be read
	MerchantAccount string
	OutTradeNo      string // "" when the gateway sent none, as in the manual's example
	TradeID         string
	TotalFee        int64  // minor units
	FeeType         string // "" when the gateway sent none
	Subject         string
	Attach          string
	TradeStatus     TradeStatus
	TradeTime       time.Time // when it was paid; zero when the gateway sent none that can be read
	TradeTimeText   string    // trade_time as the gateway wrote it
}

// ParseNotification verifies the body of a notification and then reads it;
// there is no other way to get one. It returns [ErrMalformed] for a body that
// cannot be read (bound it to [MaxBody] bytes when reading it),
// [ErrSignature] for one that does not verify, and [ErrMismatch] for another
// merchant's or store's. Acknowledge none of these. Manual 2.6.
func (c *Client) ParseNotification(body []byte) (Notification, error) {
	n, err := c.notification(body)
	if err != nil {
		return Notification{}, &callError{endpoint: "notification", cause: err}
	}
	return n, nil
}

func (c *Client) notification(body []byte) (Notification, error) {
	message, err := Decode(unmarked(body))
	if err != nil {
		return Notification{}, err
	}
	if err := c.verify(message); err != nil {
		return Notification{}, err
	}
	a := &answer{Message: message}
	a.required("merchant_account")
	if err := a.agree(Fields{"merchant_account": c.merchantAccount, "store_account": c.storeAccount}); err != nil {
		return Notification{}, err
	}
	code, _ := parseReturnCode(a.Text("return_code")) // trade_status decides, and this nothing
	n := Notification{
		ReturnCode:      code,
		MerchantAccount: c.merchantAccount,
		OutTradeNo:      a.Text("out_trade_no"),
		TradeID:         a.required("trade_id"),
		TotalFee:        a.fee("total_fee"),
		FeeType:         a.Text("fee_type"),
		Subject:         a.Text("subject"),
		Attach:          a.Text("attach"),
		TradeStatus:     parseTradeStatus(a.required("trade_status")),
	}
	n.TradeTime, n.TradeTimeText = a.time("trade_time")
	return n, a.err
}

// AckSuccess is the JSON body that stops the gateway from repeating a
// notification. Send it once what it said is stored, and only then.
func AckSuccess() []byte {
	return []byte(`{"return_code":200,"return_msg":"SUCCESS"}`)
}

// AckFail is the JSON body that asks the gateway to try again; reason must
// hold no secret. Manual 2.6.
func AckFail(reason string) []byte {
	text, _ := json.Marshal(reason) // a string always marshals
	return fmt.Appendf(nil, `{"return_code":"FAIL","return_msg":%s}`, text)
}
