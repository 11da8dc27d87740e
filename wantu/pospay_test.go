package wantu_test

import (
	"context"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/wantu"
)

func TestPosPay(t *testing.T) {
	t.Parallel()
	var got wantu.PosPayResponse
	request := posPayRequest()
	request.ProductID, request.Attach, request.DeviceSN = "品", "a=b", "till-1"
	fields := sentFields(t, "pospay", `out_trade_no=mall1
		trade_id=1000
		trade_time=2017-11-29 12:34:02
		total_fee=100
		fee_type=HKD
		store_account=HKG0000000101
		device_sn=till-1`, func(c *wantu.Client) (err error) {
		got, err = c.PosPay(context.Background(), request)
		return err
	})
	equalFields(t, fields, withCommonFields("1", wantu.Fields{
		"total_fee": "100", "fee_type": "HKD", "subject": "票", "product_id": "品", "out_trade_no": "mall1", "attach": "a=b",
		"auth_code": authCode, "notify_url": "https://shop.example/n", "device_sn": "till-1",
	}))
	want := wantu.PosPayResponse{
		OutTradeNo: "mall1", TradeID: "1000", TotalFee: 100, FeeType: "HKD", TradeTime: got.TradeTime,
		TradeTimeText: "2017-11-29 12:34:02", StoreAccount: "HKG0000000101", DeviceSN: "till-1",
	}
	if got != want || wantu.FormatTime(got.TradeTime) != "2017-11-29 12:34:02" {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestPosPayChecksItsFields(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*wantu.PosPayRequest)
		field  string
	}{
		"no channel":             {func(r *wantu.PosPayRequest) { r.PayChannel = 0 }, "pay_channel"},
		"no amount":              {func(r *wantu.PosPayRequest) { r.TotalFee = 0 }, "total_fee"},
		"no currency":            {func(r *wantu.PosPayRequest) { r.FeeType = "" }, "fee_type"},
		"no subject":             {func(r *wantu.PosPayRequest) { r.Subject = "" }, "subject"},
		"no number":              {func(r *wantu.PosPayRequest) { r.OutTradeNo = "" }, "out_trade_no"},
		"product of 33":          {func(r *wantu.PosPayRequest) { r.ProductID = strings.Repeat("1", 33) }, "product_id"},
		"attach with &":          {func(r *wantu.PosPayRequest) { r.Attach = "&" }, "attach"},
		"no code":                {func(r *wantu.PosPayRequest) { r.AuthCode = "" }, "auth_code"},
		"code of 129":            {func(r *wantu.PosPayRequest) { r.AuthCode = strings.Repeat("1", 129) }, "auth_code"},
		"code with &":            {func(r *wantu.PosPayRequest) { r.AuthCode = "1&total_fee=1" }, "auth_code"},
		"code with a line break": {func(r *wantu.PosPayRequest) { r.AuthCode = "1\n" }, "auth_code"},
		"no notify_url":          {func(r *wantu.PosPayRequest) { r.NotifyURL = "" }, "notify_url"},
		"device of 129":          {func(r *wantu.PosPayRequest) { r.DeviceSN = strings.Repeat("1", 129) }, "device_sn"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request := posPayRequest()
			c.change(&request)
			_, err := offlineClient(t).PosPay(context.Background(), request)
			wantFieldError(t, err, c.field)
		})
	}
}

func TestPosPayRefusesAnswers(t *testing.T) {
	t.Parallel()
	const paid = "out_trade_no=mall1\ntrade_id=1000\ntotal_fee=100\nfee_type=HKD\ntrade_time=\n"
	checkAnswers(t, func(c *wantu.Client) error {
		_, err := c.PosPay(context.Background(), posPayRequest())
		return err
	}, map[string]answerCase{
		"paid, time unknown": {paid, nil},
		"no number":          {strings.Replace(paid, "out_trade_no", "x", 1), wantu.ErrMalformed},
		"no trade_id":        {strings.Replace(paid, "trade_id", "x", 1), wantu.ErrMalformed},
		"no amount":          {strings.Replace(paid, "total_fee", "x", 1), wantu.ErrMalformed},
		"no currency":        {strings.Replace(paid, "fee_type", "x", 1), wantu.ErrMalformed},
		"another order":      {strings.Replace(paid, "mall1", "mall2", 1), wantu.ErrMismatch},
		"a cent less":        {strings.Replace(paid, "=100\n", "=99\n", 1), wantu.ErrMismatch},
		"another currency":   {strings.Replace(paid, "HKD", "CNY", 1), wantu.ErrMismatch},
		"another store":      {paid + "store_account=other", wantu.ErrMismatch},
		"time unreadable":    {strings.Replace(paid, "trade_time=", "trade_time=soon", 1), nil},
	})
}
