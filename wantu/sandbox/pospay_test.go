package sandbox_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

func posPayRequest(number, authCode string) wantu.PosPayRequest {
	return wantu.PosPayRequest{
		PayChannel: wantu.WeChat, TotalFee: 88000, FeeType: "HKD", Subject: "演唱会票 concert", OutTradeNo: number,
		AuthCode: authCode, NotifyURL: "http://shop.invalid/notify/token", DeviceSN: "sn1",
	}
}

func (f fixture) posPay(number, authCode string) (wantu.PosPayResponse, error) {
	return f.client.PosPay(context.Background(), posPayRequest(number, authCode))
}

func isCode(err error, code wantu.ReturnCode) bool {
	var refused *wantu.APIError
	return errors.As(err, &refused) && refused.Code == code
}

func TestPosPayPaysAtOnceAndNotifies(t *testing.T) {
	t.Parallel()
	told := make(chan string, 1)
	c := newTestClock()
	f := start(t, sandbox.Config{Now: c.now, HTTPClient: forwardNotifications(told)})
	got, err := f.posPay("n1", "134642301183243245")
	if err != nil {
		t.Fatal(err)
	}
	o := f.order(t, "n1")
	want := wantu.PosPayResponse{
		OutTradeNo: "n1", TradeID: o.TradeID, TotalFee: 88000, FeeType: "HKD", TradeTime: got.TradeTime, TradeTimeText: wantu.FormatTime(c.now()),
		StoreAccount: sandbox.DefaultStoreAccount, DeviceSN: "sn1",
	}
	if got != want || !got.TradeTime.Equal(c.now()) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	path, body, _ := strings.Cut(<-told, " ")
	if n, err := f.client.ParseNotification([]byte(body)); err != nil || path != "/notify/token" || n.OutTradeNo != "n1" {
		t.Errorf("notified at %s of %+v, %v", path, n, err)
	}
	f.status(t, "n1", sandbox.StatusSuccess)
	if _, err := f.posPay("n1", "134642301183243245"); !errors.Is(err, wantu.ErrOutTradeNoUsed) {
		t.Errorf("the number again: %v", err)
	}
}

func TestPosPayRefuses(t *testing.T) {
	t.Parallel()
	f := start(t, sandbox.Config{})
	for authCode, want := range map[string]error{
		"134642301183000501": wantu.ErrTrade, "134642301183000502": wantu.ErrNotEnough,
		"134642301183000503": wantu.ErrNotSupportCard, "134642301183000505": wantu.ErrAuthCodeInvalid,
		"134642301183000507": wantu.ErrAuthCodeExpired,
		"123000502":          wantu.ErrAuthCodeInvalid, "x34642301183000506": wantu.ErrAuthCodeInvalid,
	} {
		if _, err := f.posPay("n1", authCode); !errors.Is(err, want) || wantu.OutcomeUnknown(err) {
			t.Errorf("%s: %v, want %v", authCode, err, want)
		}
	}
	if _, err := f.posPay("n1", "134642301183000504"); !errors.Is(err, wantu.ErrBank) || !wantu.OutcomeUnknown(err) {
		t.Errorf("%v, want 504 and an unknown outcome", err)
	}
	if orders := f.Orders(); len(orders) != 0 {
		t.Errorf("opened %+v", orders)
	}
}

// TestBankErrorThatPaid: the answer is 504, but the order is paid. PosPayAndWait finds that
// out.
func TestBankErrorThatPaid(t *testing.T) {
	t.Parallel()
	f := start(t, sandbox.Config{})
	request := posPayRequest("n1", "134642301183100504")
	if _, err := f.client.PosPay(t.Context(), request); !errors.Is(err, wantu.ErrBank) || !wantu.OutcomeUnknown(err) {
		t.Errorf("%v, want 504 and an unknown outcome", err)
	}
	f.status(t, "n1", sandbox.StatusSuccess)
	request.OutTradeNo = "n2"
	got, err := f.client.PosPayAndWait(t.Context(), request, wantu.PosPayWait{Interval: time.Millisecond})
	if err != nil || got.OutTradeNo != "n2" || got.TotalFee != request.TotalFee {
		t.Errorf("got %+v, %v", got, err)
	}
	f.status(t, "n2", sandbox.StatusSuccess)
}

func TestPasswordIsEnteredOnThePage(t *testing.T) {
	t.Parallel()
	c := newTestClock()
	f := start(t, sandbox.Config{Now: c.now})
	for _, number := range []string{"n1", "n2"} {
		if _, err := f.posPay(number, "134642301183100506"); !errors.Is(err, wantu.ErrUserPaying) {
			t.Fatal(err)
		}
	}
	page := f.order(t, "n1").URL
	response, body := browse(t, "GET", page)
	wantStatus(t, response, 200)
	contains(t, body, "微信支付", `id="pay"`, "HKD 880.00")
	response, _ = browse(t, "POST", page+"/pay")
	wantStatus(t, response, 303)
	f.status(t, "n1", sandbox.StatusSuccess)
	c.move(2 * time.Hour)
	f.query(t, wantu.WeChat, "n2")
	f.query(t, wantu.WeChat, "n2")
	f.status(t, "n2", sandbox.StatusExpired)
}
