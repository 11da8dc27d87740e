package gatewaycli

import (
	"context"
	"errors"
	"time"

	"github.com/wantukit/wantukit/wantu"
)

// placement is what a new order needs.
type placement struct {
	OutTradeNo string `required:"" env:"-" help:"The order's number, used once for ever: at most 32 of A-Z a-z 0-9 _."`
	money
	Subject   string `required:"" env:"-" help:"What is sold."`
	ProductID string `default:"wantukit" env:"-" help:"The product's number, at most 32 characters."`
	Attach    string `env:"-" help:"Comes back in query and in the notification."`
	NotifyURL string `default:"https://notify.invalid/" env:"-" help:"Where the gateway posts the outcome. By default nobody is told: ask with query."`
}

// qrcodeVerb places an order that is paid by scanning a code.
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
	client, err := v.actor(s, nil)
	if err != nil {
		return err
	}
	answer, err := client.CreateQRCode(ctx, wantu.CreateQRCodeRequest{
		PayChannel: channelNamed(v.Channel), TotalFee: fee, FeeType: v.Currency, Subject: v.Subject, ProductID: v.ProductID,
		OutTradeNo: v.OutTradeNo, Attach: v.Attach, NotifyURL: v.NotifyURL,
	})
	if err != nil {
		return v.acted(err)
	}
	return done(errors.Join(
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

// merchantQRCodeVerb draws the store's own code.
type merchantQRCodeVerb struct {
	Channel   string `enum:"wechat,alipay" required:"" env:"-" help:"wechat or alipay."`
	NotifyURL string `required:"" env:"-" help:"Where the gateway posts the payments that are made by the code."`
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
		return v.asked(err)
	}
	if err := v.write(s, record{{name: "qrcode_url", value: answer.QRCodeURL}}); err != nil {
		return err
	}
	return v.draw(s, picture, answer.QRCodeURL, v.JSON)
}

// posVerb takes a payment by a scanned code.
type posVerb struct {
	AuthCode string `arg:"" help:"What the scanner read from the shopper's phone."`
	placement
	Channel  string        `enum:"wechat,alipay," default:"" env:"-" help:"wechat or alipay. Left out, the code's first digits tell."`
	Patience time.Duration `default:"45s" env:"-" help:"How long to wait for a shopper who enters a password. Then the order is canceled."`
	Interval time.Duration `default:"3s" env:"-" help:"How often to ask meanwhile."`
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
	client, err := v.actor(s, waiting(s))
	if err != nil {
		return err
	}
	answer, err := client.PosPayAndWait(ctx, wantu.PosPayRequest{
		PayChannel: channel, TotalFee: fee, FeeType: v.Currency, Subject: v.Subject, ProductID: v.ProductID,
		OutTradeNo: v.OutTradeNo, Attach: v.Attach, AuthCode: v.AuthCode, NotifyURL: v.NotifyURL,
	}, wantu.PosPayWait{Patience: v.Patience, Interval: v.Interval})
	if err != nil {
		return v.unpaid(err)
	}
	return done(v.write(s, record{
		{name: "out_trade_no", value: answer.OutTradeNo},
		{name: "trade_status", value: string(wantu.Success)},
		{name: "trade_id", value: answer.TradeID},
		amountField("total_fee", answer.TotalFee, answer.FeeType),
		{name: "fee_type", value: answer.FeeType},
		timeField("trade_time", answer.TradeTime),
	}))
}

// waiting tells the cashier why nothing happens.
func waiting(s Streams) wantu.Transport {
	return func(ctx context.Context, sent wantu.Sent) (context.Context, func(wantu.Received)) {
		return ctx, func(r wantu.Received) {
			switch {
			case sent.Endpoint == "pospay" && r.Code == wantu.CodeUserPaying:
				s.tell("the shopper is entering a password …")
			case sent.Endpoint == "pospay" && wantu.OutcomeUnknown(r.Err):
				s.tell("the answer is lost: asking what became of it …")
			case sent.Endpoint == "cancel":
				s.tell("canceling …")
			}
		}
	}
}

// unpaid tells an order that was waited for in vain from a call that went
// wrong. What the gateway refuses at once is an APIError.
func (v *posVerb) unpaid(err error) error {
	inVain := errors.Is(err, wantu.ErrCanceled) || errors.Is(err, wantu.ErrTrade) || errors.Is(err, wantu.ErrOrderInvalid)
	if inVain && !errors.As(err, new(*wantu.APIError)) {
		return &noError{err.Error()}
	}
	return v.acted(err)
}

// channel tells WeChat's codes, which begin with 10 to 15, from Alipay's, which
// begin with 25 to 30.
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
	return 0, usage("--channel is needed: the code begins neither as WeChat's (10 to 15) nor as Alipay's (25 to 30)")
}
