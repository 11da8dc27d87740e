package wantu

import (
	"encoding/json"
	"fmt"
	"time"
)

// Notification is a verified message that the gateway posted to notify_url. It may
// come twice, late, out of order or never. The signed string does not escape & and =,
// so different values can have the same signature. Do not trust the values: use a
// notification only as a hint to call [Client.Query]. Manual 2.6.
type Notification struct {
	ReturnCode      ReturnCode // 0 when it is missing or unreadable
	MerchantAccount string
	OutTradeNo      string // "" when the gateway sent none, as in the manual's example
	TradeID         string
	TotalFee        int64  // minor units
	FeeType         string // "" when the gateway sent none
	Subject         string
	Attach          string
	TradeStatus     TradeStatus
	TradeTime       time.Time // when it was paid; zero when missing or unreadable
	TradeTimeText   string    // trade_time as the gateway wrote it
}

// ParseNotification verifies the body of a notification and returns its values.
// Read at most [MaxBody] bytes of the body. It returns [ErrMalformed] for a body that
// it cannot read, [ErrSignature] for a wrong signature, and [ErrMismatch] for another
// merchant or store. Do not acknowledge such a notification. Manual 2.6.
func (c *Client) ParseNotification(body []byte) (Notification, error) {
	n, err := c.notification(body)
	if err != nil {
		return Notification{}, &callError{endpoint: "notification", cause: err}
	}
	return n, nil
}

func (c *Client) notification(body []byte) (Notification, error) {
	message, err := Decode(trimByteOrderMark(body))
	if err != nil {
		return Notification{}, err
	}
	if err := c.verify(message); err != nil {
		return Notification{}, err
	}
	a := &answer{Message: message}
	a.required("merchant_account")
	if err := a.checkEchoes(Fields{"merchant_account": c.merchantAccount, "store_account": c.storeAccount}); err != nil {
		return Notification{}, err
	}
	code, _ := parseReturnCode(a.Text("return_code")) // not needed: trade_status says what happened
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

// AckSuccess returns the JSON body that acknowledges a notification, so that the
// gateway does not repeat it. Send it only after you have stored what the
// notification said. Manual 2.6.
func AckSuccess() []byte {
	return []byte(`{"return_code":200,"return_msg":"SUCCESS"}`)
}

// AckFail returns the JSON body that asks the gateway to send the notification
// again. reason must not contain a secret. Manual 2.6.
func AckFail(reason string) []byte {
	text, _ := json.Marshal(reason) // a string always marshals
	return fmt.Appendf(nil, `{"return_code":"FAIL","return_msg":%s}`, text)
}
