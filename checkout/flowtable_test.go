package checkout_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/checkout"
)

const (
	web, iframe, native = checkout.FlowWeb, checkout.FlowIframe, checkout.FlowNative
	wap, jsapi          = checkout.FlowWAP, checkout.FlowJSAPI
	pick, guide, never  = checkout.FlowPick, checkout.FlowGuide, checkout.FlowNone
)

// cell is what the table has for a place and a wallet.
type cell struct {
	flow   checkout.Flow
	guide  checkout.Guide
	anyway checkout.Flow
	to     checkout.Wallet // switch to
	others []checkout.Flow
}

func in(container checkout.Container, kind checkout.DeviceKind) checkout.Device {
	return checkout.Device{Kind: kind, Container: container, Reason: "test"}
}

func one(flow checkout.Flow, others ...checkout.Flow) cell { return cell{flow: flow, others: others} }

func guided(to checkout.Guide, others ...checkout.Flow) cell {
	return cell{flow: guide, guide: to, others: others}
}

func tried(to checkout.Guide, anyway checkout.Flow, others ...checkout.Flow) cell {
	return cell{flow: guide, guide: to, anyway: anyway, others: append([]checkout.Flow{anyway}, others...)}
}

func switched(to checkout.Wallet) cell {
	return cell{flow: guide, guide: checkout.GuideOpenInBrowser, to: to, others: []checkout.Flow{iframe}}
}

// table are the cells for Alipay CN, Alipay HK and WeChat Pay, by place.
func table() map[string]struct {
	device checkout.Device
	cells  [3]cell
} {
	const (
		browser, inWeChat, leave = checkout.GuideOpenInBrowser, checkout.GuideOpenInWeChat, checkout.GuideLeaveMiniProgram
		which                    = checkout.GuidePickDevice

		desktopKind, handheld = checkout.DeviceDesktop, checkout.DeviceHandheld
		screen, unknown       = checkout.DeviceScreen, checkout.DeviceUnknown
	)
	mini, ahead := in(wechat, handheld), in(none, desktopKind)
	mini.MiniProgram, ahead.Prefetched = true, true
	onScreen := [3]cell{one(iframe, web, wap), one(iframe, web, wap), one(native)}
	nobody := [3]cell{one(never), one(never), one(never)}
	app := [3]cell{tried(browser, wap, iframe), tried(browser, wap, iframe), tried(inWeChat, native)}
	return map[string]struct {
		device checkout.Device
		cells  [3]cell
	}{
		"desktop":                   {in(none, desktopKind), [3]cell{one(web, iframe), one(iframe, web), one(native)}},
		"phone":                     {in(none, handheld), [3]cell{one(wap, iframe), one(wap, iframe), guided(inWeChat, native)}},
		"WeChat on a phone":         {in(wechat, handheld), [3]cell{guided(browser, iframe), guided(browser, iframe), one(jsapi, native)}},
		"WeChat on a computer":      {in(wechat, desktopKind), [3]cell{guided(browser, iframe), guided(browser, iframe), one(native)}},
		"WeChat on who knows":       {in(wechat, unknown), [3]cell{guided(browser, iframe), guided(browser, iframe), {flow: pick, guide: which, others: []checkout.Flow{jsapi, native}}}},
		"mini program":              {mini, [3]cell{guided(leave, iframe), guided(leave, iframe), guided(leave, native)}},
		"WeCom on a phone":          {in(checkout.ContainerWeCom, handheld), [3]cell{guided(browser, iframe), guided(browser, iframe), guided(inWeChat, native)}},
		"WeCom on a computer":       {in(checkout.ContainerWeCom, desktopKind), [3]cell{guided(browser, iframe), guided(browser, iframe), one(native)}},
		"Alipay":                    {in(alipay, handheld), [3]cell{one(wap, iframe), switched(checkout.WalletAlipayCN), guided(inWeChat, native)}},
		"AlipayHK":                  {in(checkout.ContainerAlipayHK, handheld), [3]cell{switched(checkout.WalletAlipayHK), one(wap, iframe), guided(inWeChat, native)}},
		"QQ":                        {in(checkout.ContainerQQ, handheld), app},
		"Weibo":                     {in(checkout.ContainerWeibo, handheld), app},
		"Douyin":                    {in(checkout.ContainerDouyin, handheld), app},
		"DingTalk":                  {in(checkout.ContainerDingTalk, handheld), app},
		"another app":               {in(checkout.ContainerOther, handheld), app},
		"another app on who knows":  {in(checkout.ContainerOther, unknown), app},
		"another app on a computer": {in(checkout.ContainerDingTalk, desktopKind), [3]cell{tried(browser, web, iframe), tried(browser, web, iframe), tried(browser, native)}},
		"TV, console, car, watch":   {in(none, screen), onScreen},
		"an app on a screen":        {in(checkout.ContainerDingTalk, screen), onScreen},
		"bot":                       {in(none, checkout.DeviceBot), nobody},
		"prefetch":                  {ahead, nobody},
		"unknown": {in(none, unknown), [3]cell{
			{flow: pick, guide: which, others: []checkout.Flow{wap, iframe, web}},
			{flow: pick, guide: which, others: []checkout.Flow{wap, iframe, web}},
			{flow: pick, guide: inWeChat, others: []checkout.Flow{native}},
		}},
	}
}

func TestFlowTable(t *testing.T) {
	t.Parallel()
	for name, row := range table() {
		for i, w := range checkout.Wallets() {
			t.Run(name+"/"+string(w), func(t *testing.T) {
				t.Parallel()
				choice, want := checkout.ChooseFlow(row.device, w), row.cells[i]
				got := cell{choice.Flow, choice.Guide, choice.Anyway, choice.Switch, choice.Others}
				if got.flow != want.flow || got.guide != want.guide || got.anyway != want.anyway || got.to != want.to || !slices.Equal(got.others, want.others) {
					t.Errorf("%+v, want %+v", got, want)
				}
			})
		}
	}
}

// everyDevice is each device that there can be.
func everyDevice() (all []checkout.Device) {
	for _, kind := range []checkout.DeviceKind{
		checkout.DeviceDesktop, checkout.DeviceHandheld, checkout.DeviceScreen, checkout.DeviceBot, checkout.DeviceUnknown, "new",
	} {
		for _, container := range []checkout.Container{
			none, wechat, checkout.ContainerWeCom, alipay, checkout.ContainerAlipayHK, checkout.ContainerQQ, checkout.ContainerDingTalk,
			checkout.ContainerWeibo, checkout.ContainerDouyin, checkout.ContainerOther, "new",
		} {
			for flags := range 4 {
				d := in(container, kind)
				d.MiniProgram, d.Prefetched = flags&1 != 0, flags&2 != 0
				all = append(all, d)
			}
		}
	}
	return all
}

// TestFlowTableIsTotal: each device has a choice with a reason for each wallet,
// and no shopper is at a dead end.
func TestFlowTableIsTotal(t *testing.T) {
	t.Parallel()
	for _, d := range everyDevice() {
		nobody := d.Kind == checkout.DeviceBot || d.Prefetched
		for _, w := range checkout.Wallets() {
			choice := checkout.ChooseFlow(d, w)
			places := w.CanPayBy(choice.Flow)
			waits := choice.Flow == guide || choice.Flow == pick
			switch {
			case choice.Reason == "":
				t.Errorf("%+v, %s: no reason", d, w)
			case nobody && choice.Flow != never, !nobody && !places && !waits:
				t.Errorf("%+v, %s: %s", d, w, choice.Flow)
			case waits != (choice.Guide != ""), waits && len(choice.Others) == 0:
				t.Errorf("%+v, %s: a dead end: %+v", d, w, choice)
			case choice.Anyway != "" && !slices.Contains(choice.Others, choice.Anyway):
				t.Errorf("%+v, %s: to be tried, and not there: %+v", d, w, choice)
			}
			for _, other := range choice.Others {
				if other == choice.Flow || !w.CanPayBy(other) {
					t.Errorf("%+v, %s: %s is no other way than %s", d, w, other, choice.Flow)
				}
			}
		}
	}
}

func TestSessionSwitchesToAWalletThatItTakes(t *testing.T) {
	t.Parallel()
	both := checkout.Session{Wallets: []checkout.Wallet{checkout.WalletAlipayCN, checkout.WalletAlipayHK}}
	alone := checkout.Session{Wallets: []checkout.Wallet{checkout.WalletAlipayHK}}
	device := in(alipay, checkout.DeviceHandheld)
	if got := both.ChooseFlow(checkout.Merchant{}, device, checkout.WalletAlipayHK); got.Guide != checkout.GuideSwitchWallet || got.Switch != checkout.WalletAlipayCN {
		t.Errorf("with both: %+v", got)
	}
	if got := alone.ChooseFlow(checkout.Merchant{}, device, checkout.WalletAlipayHK); got.Guide != checkout.GuideOpenInBrowser || got.Switch != "" {
		t.Errorf("with one: %+v", got)
	}
	if got := both.ChooseFlow(checkout.Merchant{}, device, checkout.WalletAlipayCN); got.Flow != wap || got.Guide != "" {
		t.Errorf("the app's own: %+v", got)
	}
}

// TestShopWithoutWeChatAccount: its choice is the table's, but that a code takes
// the place of WeChat's payment sheet, and says why.
func TestShopWithoutWeChatAccount(t *testing.T) {
	t.Parallel()
	with, without := checkout.Merchant{WeChatAccount: true}, checkout.Merchant{}
	for _, d := range everyDevice() {
		for _, w := range checkout.Wallets() {
			of, got := checkout.ChooseFlow(d, w), without.ChooseFlow(d, w)
			if same := with.ChooseFlow(d, w); !reflect.DeepEqual(same, of) {
				t.Errorf("%+v, %s, with an account: %+v, want %+v", d, w, same, of)
			}
			if of.Flow == jsapi || slices.Contains(of.Others, jsapi) {
				of = checkout.Choice{Flow: native, Reason: of.Reason + "; the shop has no WeChat account"}
			}
			if !reflect.DeepEqual(got, of) {
				t.Errorf("%+v, %s, without: %+v, want %+v", d, w, got, of)
			}
		}
	}
	if got := without.ChooseFlow(in(wechat, checkout.DeviceHandheld), checkout.WalletWeChat); got.Flow != native {
		t.Errorf("in WeChat: %+v", got)
	}
}

func TestUnknownWalletHasNoFlow(t *testing.T) {
	t.Parallel()
	if choice := checkout.ChooseFlow(desktop, "paypal"); choice.Flow != never || choice.Reason == "" {
		t.Errorf("%+v", choice)
	}
}

func TestChoiceIsTheCallersOwn(t *testing.T) {
	t.Parallel()
	checkout.ChooseFlow(phone, checkout.WalletAlipayCN).Others[0] = "spoiled"
	if got := checkout.ChooseFlow(phone, checkout.WalletAlipayCN).Others[0]; got != iframe {
		t.Errorf("%s", got)
	}
}

// FuzzDetectDevice: whatever a browser sends, there is a choice with a reason
// that is safe to log.
func FuzzDetectDevice(f *testing.F) {
	for _, ua := range []string{"", onWindows, inAndroidApp + " MicroMessenger/8", "@", "a@b", "compatible;", "(", "\xff\x00\n"} {
		f.Add(ua, `"Android"`, "prefetch")
	}
	f.Fuzz(func(t *testing.T, ua, platform, purpose string) {
		d := checkout.DetectDevice(headers(ua, "Sec-CH-UA-Platform", platform, "Sec-Purpose", purpose))
		for _, w := range checkout.Wallets() {
			choice := checkout.ChooseFlow(d, w)
			if choice.Flow == "" || choice.Reason == "" || strings.ContainsFunc(choice.Reason, func(r rune) bool { return r < ' ' || r > '~' }) {
				t.Errorf("%q: %+v", ua, choice)
			}
			if choice.Flow == never && d.Kind != checkout.DeviceBot && !d.Prefetched {
				t.Errorf("%q: nothing for %+v", ua, d)
			}
		}
	})
}
