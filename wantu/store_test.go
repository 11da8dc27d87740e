package wantu_test

import (
	"context"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/wantu"
)

func TestMerchantQRCode(t *testing.T) {
	t.Parallel()
	request := wantu.MerchantQRCodeRequest{PayChannel: wantu.Alipay, NotifyURL: "https://shop.example/n"}
	ask := func(c *wantu.Client) (wantu.MerchantQRCodeResponse, error) {
		return c.MerchantQRCode(context.Background(), request)
	}
	fields := sentFields(t, "merchant-qrcode", "qrcode_url=https://qr.alipay.com/0cx", func(c *wantu.Client) error {
		got, err := ask(c)
		if want := (wantu.MerchantQRCodeResponse{QRCodeURL: "https://qr.alipay.com/0cx"}); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
		return err
	})
	equalFields(t, fields, withCommonFields("2", wantu.Fields{"notify_url": "https://shop.example/n"}))
	checkAnswers(t, func(c *wantu.Client) error { _, err := ask(c); return err }, map[string]answerCase{
		"no code":          {"", wantu.ErrMalformed},
		"code with spaces": {"qrcode_url=a b", wantu.ErrMalformed},
		"code too long":    {"qrcode_url=" + strings.Repeat("a", 1025), wantu.ErrMalformed},
		"another store":    {"qrcode_url=a\nstore_account=other", wantu.ErrMismatch},
	})
	for want, r := range map[string]wantu.MerchantQRCodeRequest{
		"pay_channel": {NotifyURL: request.NotifyURL}, "notify_url": {PayChannel: wantu.WeChat},
	} {
		_, err := offlineClient(t).MerchantQRCode(context.Background(), r)
		wantFieldError(t, err, want)
	}
}

func TestCurrency(t *testing.T) {
	t.Parallel()
	ask := func(c *wantu.Client, feeType string) (wantu.CurrencyResponse, error) {
		return c.Currency(context.Background(), wantu.CurrencyRequest{PayChannel: wantu.WeChat, FeeType: feeType})
	}
	for feeType, want := range map[string]wantu.Fields{"HKD": {"fee_type": "HKD"}, "": {}} {
		fields := sentFields(t, "currency", "currency=0.87080000", func(c *wantu.Client) error {
			got, err := ask(c, feeType)
			if got.Currency.String() != "0.87080000" {
				t.Errorf("got %v", got.Currency)
			}
			return err
		})
		equalFields(t, fields, withCommonFields("1", want))
	}
	checkAnswers(t, func(c *wantu.Client) error { _, err := ask(c, "HKD"); return err }, map[string]answerCase{
		"no rate":          {"", wantu.ErrMalformed},
		"rate of nothing":  {"currency=0.00", wantu.ErrMalformed},
		"rate below zero":  {"currency=-0.87", wantu.ErrMalformed},
		"exponent":         {"currency=8.7e-1", wantu.ErrMalformed},
		"words":            {"currency=much", wantu.ErrMalformed},
		"another currency": {"currency=0.87\nfee_type=JPY", wantu.ErrMismatch},
	})
	for feeType, want := range map[string]string{"hkd": "fee_type", "HK": "fee_type", "HKDX": "fee_type"} {
		_, err := ask(offlineClient(t), feeType)
		wantFieldError(t, err, want)
	}
	_, err := offlineClient(t).Currency(context.Background(), wantu.CurrencyRequest{})
	wantFieldError(t, err, "pay_channel")
}

func TestCancel(t *testing.T) {
	t.Parallel()
	ask := func(c *wantu.Client) error {
		_, err := c.Cancel(context.Background(), wantu.CancelRequest{PayChannel: wantu.Alipay, OutTradeNo: "mall1"})
		return err
	}
	equalFields(t, sentFields(t, "cancel", "", ask), withCommonFields("2", wantu.Fields{"out_trade_no": "mall1"}))
	checkAnswers(t, ask, map[string]answerCase{
		"another order":    {"out_trade_no=other", wantu.ErrMismatch},
		"another merchant": {"merchant_account=other", wantu.ErrMismatch},
		"no code":          {"return_code=", wantu.ErrMalformed},
	})
	for want, r := range map[string]wantu.CancelRequest{
		"pay_channel": {OutTradeNo: "mall1"}, "out_trade_no": {PayChannel: wantu.WeChat},
	} {
		_, err := offlineClient(t).Cancel(context.Background(), r)
		wantFieldError(t, err, want)
	}
}
