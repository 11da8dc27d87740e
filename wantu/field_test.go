package wantu_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/wantukit/wantukit/wantu"
)

// offlineClient returns a client that must not send a request: the test fails if it does.
func offlineClient(t *testing.T) *wantu.Client {
	t.Helper()
	return newClient(t, wantu.Config{HTTPClient: &http.Client{
		Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			t.Errorf("a request was sent to %s", r.URL.Path)
			return nil, errors.New("no gateway")
		}),
	}})
}

func wantFieldError(t *testing.T, err error, want string) {
	t.Helper()
	var field *wantu.FieldError
	if !errors.As(err, &field) || field.Field != want {
		t.Errorf("error %v, want a FieldError for %s", err, want)
	}
	if wantu.OutcomeUnknown(err) {
		t.Error("the outcome is unknown, although nothing was sent")
	}
}

func TestOrderFieldsAreChecked(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*wantu.CreateQRCodeRequest)
		field  string
	}{
		"no channel":                {func(r *wantu.CreateQRCodeRequest) { r.PayChannel = 0 }, "pay_channel"},
		"unknown channel":           {func(r *wantu.CreateQRCodeRequest) { r.PayChannel = 3 }, "pay_channel"},
		"amount 0":                  {func(r *wantu.CreateQRCodeRequest) { r.TotalFee = 0 }, "total_fee"},
		"amount negative":           {func(r *wantu.CreateQRCodeRequest) { r.TotalFee = -1 }, "total_fee"},
		"amount of 12 digits":       {func(r *wantu.CreateQRCodeRequest) { r.TotalFee = wantu.MaxTotalFee + 1 }, "total_fee"},
		"no currency":               {func(r *wantu.CreateQRCodeRequest) { r.FeeType = "" }, "fee_type"},
		"currency in small letters": {func(r *wantu.CreateQRCodeRequest) { r.FeeType = "hkd" }, "fee_type"},
		"currency too short":        {func(r *wantu.CreateQRCodeRequest) { r.FeeType = "HK" }, "fee_type"},
		"no subject":                {func(r *wantu.CreateQRCodeRequest) { r.Subject = "" }, "subject"},
		"subject with &":            {func(r *wantu.CreateQRCodeRequest) { r.Subject = "a&total_fee=1" }, "subject"},
		"subject with a newline":    {func(r *wantu.CreateQRCodeRequest) { r.Subject = "a\nb" }, "subject"},
		"subject with NUL":          {func(r *wantu.CreateQRCodeRequest) { r.Subject = "a\x00" }, "subject"},
		"subject with C1 control":   {func(r *wantu.CreateQRCodeRequest) { r.Subject = "a\u0085" }, "subject"},
		"subject with a line break": {func(r *wantu.CreateQRCodeRequest) { r.Subject = "a\u2028" }, "subject"},
		"subject not UTF-8":         {func(r *wantu.CreateQRCodeRequest) { r.Subject = "a\xff" }, "subject"},
		"subject of 129":            {func(r *wantu.CreateQRCodeRequest) { r.Subject = strings.Repeat("票", 129) }, "subject"},
		"no product":                {func(r *wantu.CreateQRCodeRequest) { r.ProductID = "" }, "product_id"},
		"product of 33":             {func(r *wantu.CreateQRCodeRequest) { r.ProductID = strings.Repeat("1", 33) }, "product_id"},
		"product with &":            {func(r *wantu.CreateQRCodeRequest) { r.ProductID = "&" }, "product_id"},
		"no number":                 {func(r *wantu.CreateQRCodeRequest) { r.OutTradeNo = "" }, "out_trade_no"},
		"number of 33":              {func(r *wantu.CreateQRCodeRequest) { r.OutTradeNo = strings.Repeat("1", 33) }, "out_trade_no"},
		"number with a dash":        {func(r *wantu.CreateQRCodeRequest) { r.OutTradeNo = "a-b" }, "out_trade_no"},
		"number in full width":      {func(r *wantu.CreateQRCodeRequest) { r.OutTradeNo = "１" }, "out_trade_no"},
		"attach with &":             {func(r *wantu.CreateQRCodeRequest) { r.Attach = "a&b" }, "attach"},
		"attach of 129":             {func(r *wantu.CreateQRCodeRequest) { r.Attach = strings.Repeat("1", 129) }, "attach"},
		"no notify_url":             {func(r *wantu.CreateQRCodeRequest) { r.NotifyURL = "" }, "notify_url"},
		"notify_url without host":   {func(r *wantu.CreateQRCodeRequest) { r.NotifyURL = "https:///n" }, "notify_url"},
		"notify_url of a script":    {func(r *wantu.CreateQRCodeRequest) { r.NotifyURL = "javascript:alert(1)" }, "notify_url"},
		"notify_url of 257":         {func(r *wantu.CreateQRCodeRequest) { r.NotifyURL = "https://a/" + strings.Repeat("1", 247) }, "notify_url"},
		"notify_url with a space":   {func(r *wantu.CreateQRCodeRequest) { r.NotifyURL = "https://a/ b" }, "notify_url"},
		"notify_url with password":  {func(r *wantu.CreateQRCodeRequest) { r.NotifyURL = "https://a:b@c/" }, "notify_url"},
		"device with &":             {func(r *wantu.CreateQRCodeRequest) { r.DeviceSN = "a&b" }, "device_sn"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request := qrRequest()
			c.change(&request)
			_, err := offlineClient(t).CreateQRCode(context.Background(), request)
			wantFieldError(t, err, c.field)
		})
	}
}

func TestLongestValuesAreSent(t *testing.T) {
	t.Parallel()
	request := qrRequest()
	request.Subject, request.Attach, request.DeviceSN = strings.Repeat("票", 128), strings.Repeat("附", 128), strings.Repeat("机", 128)
	request.OutTradeNo, request.ProductID = strings.Repeat("Z", 32), strings.Repeat("品", 32)
	request.NotifyURL, request.TotalFee = "https://a/"+strings.Repeat("1", 246), wantu.MaxTotalFee
	answer := "qrcode_url=a\nout_trade_no=" + request.OutTradeNo
	fields := sentFields(t, "create-qrcode", answer, func(c *wantu.Client) error {
		_, err := c.CreateQRCode(context.Background(), request)
		return err
	})
	if fields["subject"] != request.Subject || fields["total_fee"] != "99999999999" {
		t.Errorf("sent %v", fields)
	}
}

func TestFieldsOfPagesAreChecked(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*wantu.WebRequest)
		field  string
	}{
		"WeChat":              {func(r *wantu.WebRequest) { r.PayChannel = wantu.WeChat }, "pay_channel"},
		"no return_url":       {func(r *wantu.WebRequest) { r.ReturnURL = "" }, "return_url"},
		"return_url //evil":   {func(r *wantu.WebRequest) { r.ReturnURL = "//evil" }, "return_url"},
		"return_url /\\evil":  {func(r *wantu.WebRequest) { r.ReturnURL = `/\evil` }, "return_url"},
		"return_url ok@evil":  {func(r *wantu.WebRequest) { r.ReturnURL = "https://ok@evil" }, "return_url"},
		"no time_expire":      {func(r *wantu.WebRequest) { r.TimeExpire = time.Time{} }, "time_expire"},
		"unknown wallet":      {func(r *wantu.WebRequest) { r.PaymentInst = "ALIPAYUS" }, "payment_inst"},
		"width negative":      {func(r *wantu.WebRequest) { r.QRCodeWidth = -1 }, "qrcode_width"},
		"width of 5 digits":   {func(r *wantu.WebRequest) { r.QRCodeWidth = 10_000 }, "qrcode_width"},
		"currency in letters": {func(r *wantu.WebRequest) { r.FeeType = "dollars" }, "fee_type"},
		"product too long":    {func(r *wantu.WebRequest) { r.ProductID = strings.Repeat("1", 33) }, "product_id"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request := webRequest()
			c.change(&request)
			_, err := offlineClient(t).Web(context.Background(), request)
			wantFieldError(t, err, c.field)
		})
	}
}

func TestFieldsOfOtherRequestsAreChecked(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	_, err := offlineClient(t).WAP(ctx, wantu.WAPRequest{})
	wantFieldError(t, err, "total_fee")
	form := payFormRequest()
	form.OpenID = ""
	_, err = offlineClient(t).PayForm(ctx, form)
	wantFieldError(t, err, "open_id")
	form = payFormRequest()
	form.AppID = "wx&"
	_, err = offlineClient(t).PayForm(ctx, form)
	wantFieldError(t, err, "app_id")
	form.PayChannel = wantu.Alipay
	_, err = offlineClient(t).PayForm(ctx, form)
	wantFieldError(t, err, "pay_channel")
	_, err = offlineClient(t).Query(ctx, wantu.QueryRequest{PayChannel: wantu.WeChat})
	wantFieldError(t, err, "out_trade_no")
	_, err = offlineClient(t).Query(ctx, wantu.QueryRequest{PayChannel: wantu.WeChat, TradeID: strings.Repeat("1", 33)})
	wantFieldError(t, err, "trade_id")
	_, err = offlineClient(t).Close(ctx, wantu.CloseRequest{PayChannel: wantu.WeChat})
	wantFieldError(t, err, "out_trade_no")
}

func TestParseFee(t *testing.T) {
	t.Parallel()
	for _, v := range readTestdata[[]struct {
		Text    string
		Fee     int64
		Refused bool
	}](t, "fee.json") {
		fee, err := wantu.ParseFee(v.Text)
		if fee != v.Fee || (err != nil) != v.Refused {
			t.Errorf("%q is %d, %v", v.Text, fee, err)
		}
	}
}

func TestTimes(t *testing.T) {
	t.Parallel()
	if got := wantu.FormatTime(fixedTime()); got != "2018-02-08 10:58:41" {
		t.Errorf("written as %s", got)
	}
	for _, text := range []string{"2018-02-08 10:58:41", "20180208105841"} {
		got, err := wantu.ParseTime(text)
		if err != nil || !got.Equal(fixedTime().Truncate(time.Second)) {
			t.Errorf("%s is %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "2018-02-30 10:58:41", "2018-02-08T10:58:41", "2018-02-08 10:58:41Z", "2018-2-8 1:58:41", "2018-02-08 10:58:41.5"} {
		if _, err := wantu.ParseTime(text); !errors.Is(err, wantu.ErrMalformed) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
