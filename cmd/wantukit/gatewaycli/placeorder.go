package gatewaycli

import (
	"context"
	"errors"
	"time"

	"github.com/wantukit/wantukit/wantu"
)

// placement is the flags of a new order.
type placement struct {
	OutTradeNo string `required:"" env:"-" help:"Number of the order, which was never used before: at most 32 of A-Z a-z 0-9 _."`
	money
	Subject   string `required:"" env:"-" help:"Name of what is sold."`
	ProductID string `default:"wantukit" env:"-" help:"Number of the product, at most 32 characters."`
	Attach    string `env:"-" help:"Text that query and the notification return."`
	NotifyURL string `default:"https://notify.invalid/" env:"-" help:"Where the gateway posts the outcome. By default nowhere: use query."`
}

// qrcodeVerb places an order that is paid by scanning a QR code.
type qrcodeVerb struct {
	placement
	Channel string `enum:"wechat,alipay" required:"" env:"-" help:"wechat or alipay."`
	account
	output
	drawing
}

// Run implements kong's command.
func (v *qrcodeVerb) Run(ctx context.Context, s Streams) error {
	fee, err := v.fee()
	if err != nil {
		return err
	}
	picture, err := v.prepare()
	if err != nil {
		return err
	}
	defer picture.discard()
	client, err := v.clientForChange(s, nil)
	if err != nil {
		return err
	}
	answer, err := client.CreateQRCode(ctx, wantu.CreateQRCodeRequest{
		PayChannel: channelNamed(v.Channel), TotalFee: fee, FeeType: v.Currency, Subject: v.Subject, ProductID: v.ProductID,
		OutTradeNo: v.OutTradeNo, Attach: v.Attach, NotifyURL: v.NotifyURL,
	})
	if err != nil {
		return v.explainChange(err)
	}
	return Unreported(errors.Join(
		v.write(s, record{
			{name: "out_trade_no", value: answer.OutTradeNo},
			{name: "trade_id", value: answer.TradeID},
			amountField("total_fee", fee, v.Currency),
			{name: "fee_type", value: v.Currency},
			{name: "qrcode_url", value: answer.QRCodeURL},
		}),
		v.draw(s, picture, answer.QRCodeURL, v.JSON),
	))
}

// merchantQRCodeVerb draws the store's QR code.
type merchantQRCodeVerb struct {
	Channel   string `enum:"wechat,alipay" required:"" env:"-" help:"wechat or alipay."`
	NotifyURL string `required:"" env:"-" help:"Where the gateway posts the payments of the QR code."`
	account
	output
	drawing
}

// Run implements kong's command.
func (v *merchantQRCodeVerb) Run(ctx context.Context, s Streams) error {
	picture, err := v.prepare()
	if err != nil {
		return err
	}
	defer picture.discard()
	client, err := v.client()
	if err != nil {
		return err
	}
	answer, err := client.MerchantQRCode(ctx, wantu.MerchantQRCodeRequest{
		PayChannel: channelNamed(v.Channel), NotifyURL: v.NotifyURL,
	})
	if err != nil {
		return v.explain(err)
	}
	if err := v.write(s, record{{name: "qrcode_url", value: answer.QRCodeURL}}); err != nil {
		return err
	}
	return v.draw(s, picture, answer.QRCodeURL, v.JSON)
}

// posVerb takes a payment with a code that the cashier scans.
type posVerb struct {
	AuthCode string `arg:"" help:"Code that the scanner read from the shopper's phone."`
	placement
	Channel  string        `enum:"wechat,alipay," default:"" env:"-" help:"wechat or alipay. Defaults to the channel of the code's first digits."`
	Patience time.Duration `default:"45s" env:"-" help:"How long to wait while the shopper enters a password. Then the order is canceled."`
	Interval time.Duration `default:"3s" env:"-" help:"How often to query the order while waiting."`
	account
	output
}

// Run implements kong's command.
func (v *posVerb) Run(ctx context.Context, s Streams) error {
	fee, err := v.fee()
	if err != nil {
		return err
	}
	channel, err := v.channel()
	if err != nil {
		return err
	}
	client, err := v.clientForChange(s, posProgress(s))
	if err != nil {
		return err
	}
	answer, err := client.PosPayAndWait(ctx, wantu.PosPayRequest{
		PayChannel: channel, TotalFee: fee, FeeType: v.Currency, Subject: v.Subject, ProductID: v.ProductID,
		OutTradeNo: v.OutTradeNo, Attach: v.Attach, AuthCode: v.AuthCode, NotifyURL: v.NotifyURL,
	}, wantu.PosPayWait{Patience: v.Patience, Interval: v.Interval})
	if err != nil {
		return v.explainUnpaid(err)
	}
	return Unreported(v.write(s, record{
		{name: "out_trade_no", value: answer.OutTradeNo},
		{name: "trade_status", value: string(wantu.Success)},
		{name: "trade_id", value: answer.TradeID},
		amountField("total_fee", answer.TotalFee, answer.FeeType),
		{name: "fee_type", value: answer.FeeType},
		timeField("trade_time", answer.TradeTime),
	}))
}

// posProgress returns a transport that tells the cashier what pos is waiting for.
func posProgress(s Streams) wantu.Transport {
	return func(ctx context.Context, sent wantu.Sent) (context.Context, func(wantu.Received)) {
		return ctx, func(r wantu.Received) {
			switch {
			case sent.Endpoint == "pospay" && r.Code == wantu.CodeUserPaying:
				s.inform("the shopper is entering a password …")
			case sent.Endpoint == "pospay" && wantu.OutcomeUnknown(r.Err):
				s.inform("the answer is lost: querying the order …")
			case sent.Endpoint == "cancel":
				s.inform("canceling …")
			}
		}
	}
}

// explainUnpaid returns a noError for an order that ended unpaid while pos waited,
// and explainChange for other errors. A refusal at once is a *wantu.APIError.
func (v *posVerb) explainUnpaid(err error) error {
	endedUnpaid := errors.Is(err, wantu.ErrCanceled) || errors.Is(err, wantu.ErrTrade) || errors.Is(err, wantu.ErrOrderInvalid)
	if endedUnpaid && !errors.As(err, new(*wantu.APIError)) {
		return &noError{err.Error()}
	}
	return v.explainChange(err)
}

// channel returns the channel of the flag or of the code: WeChat's codes begin with
// 10 to 15, Alipay's with 25 to 30.
func (v *posVerb) channel() (wantu.PayChannel, error) {
	if v.Channel != "" {
		return channelNamed(v.Channel), nil
	}
	if len(v.AuthCode) > 2 {
		switch first := v.AuthCode[:2]; {
		case first >= "10" && first <= "15":
			return wantu.WeChat, nil
		case first >= "25" && first <= "30":
			return wantu.Alipay, nil
		}
	}
	return 0, usage("--channel is needed: the code does not begin with 10 to 15 (WeChat) or 25 to 30 (Alipay)")
}
