package flow_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/checkout/flow"
)

const (
	web, iframe, native = flow.Web, flow.Iframe, flow.Native
	wap, jsapi          = flow.WAP, flow.JSAPI
	pick, guide, never  = flow.Pick, flow.Guided, flow.None
)

// cell is the expected choice for a place and a wallet.
type cell struct {
	flow     flow.Flow
	guide    flow.Guide
	anyway   flow.Flow
	touch    flow.Flow
	switchTo flow.Wallet
	others   []flow.Flow
}

// in is a device of a kind that shows the page in a container.
func in(container flow.Container, kind flow.DeviceKind) flow.Device {
	return flow.Device{Kind: kind, Container: container, Reason: "test"}
}

// one is a cell with a flow that pays.
func one(way flow.Flow, others ...flow.Flow) cell { return cell{flow: way, others: others} }

// oneOrTouched is a cell with a flow that pays, and another one for a touch screen.
func oneOrTouched(way, touch flow.Flow, others ...flow.Flow) cell {
	return cell{flow: way, touch: touch, others: append([]flow.Flow{touch}, others...)}
}

// guided is a cell that guides the shopper.
func guided(how flow.Guide, others ...flow.Flow) cell {
	return cell{flow: guide, guide: how, others: others}
}

// guidedOrAnyway is a cell that guides the shopper, and offers to try anyway.
func guidedOrAnyway(how flow.Guide, anyway flow.Flow, others ...flow.Flow) cell {
	return cell{flow: guide, guide: how, anyway: anyway, others: append([]flow.Flow{anyway}, others...)}
}

// guidedOrSwitched is a cell that guides the shopper, and offers another wallet.
func guidedOrSwitched(to flow.Wallet) cell {
	return cell{flow: guide, guide: flow.GuideOpenInBrowser, switchTo: to, others: []flow.Flow{iframe}}
}

// table returns the expected cells for Alipay CN, Alipay HK and WeChat Pay, by
// place.
func table() map[string]struct {
	device flow.Device
	cells  [3]cell
} {
	const (
		browser, inWeChat, leave = flow.GuideOpenInBrowser, flow.GuideOpenInWeChat, flow.GuideLeaveMiniProgram
		pickDevice               = flow.GuidePickDevice

		desktopKind, handheld = flow.DeviceDesktop, flow.DeviceHandheld
		screen, unknown       = flow.DeviceScreen, flow.DeviceUnknown
	)
	mini, ahead, mac := in(wechat, handheld), in(none, desktopKind), in(none, desktopKind)
	mini.MiniProgram, ahead.Prefetched, mac.MaybeIPad = true, true, true
	onScreen := [3]cell{one(iframe, web, wap), one(iframe, web, wap), one(native)}
	nobody := [3]cell{one(never), one(never), one(never)}
	app := [3]cell{guidedOrAnyway(browser, wap, iframe), guidedOrAnyway(browser, wap, iframe), guidedOrAnyway(inWeChat, native)}
	return map[string]struct {
		device flow.Device
		cells  [3]cell
	}{
		"desktop":                          {in(none, desktopKind), [3]cell{one(web, iframe), one(iframe, web), one(native)}},
		"a Mac or an iPad":                 {mac, [3]cell{oneOrTouched(web, wap, iframe), oneOrTouched(iframe, wap, web), one(native)}},
		"phone":                            {in(none, handheld), [3]cell{one(wap, iframe), one(wap, iframe), guided(inWeChat, native)}},
		"WeChat on a phone":                {in(wechat, handheld), [3]cell{guided(browser, iframe), guided(browser, iframe), one(jsapi, native)}},
		"WeChat on a computer":             {in(wechat, desktopKind), [3]cell{guided(browser, iframe), guided(browser, iframe), one(native)}},
		"WeChat on an unknown device":      {in(wechat, unknown), [3]cell{guided(browser, iframe), guided(browser, iframe), {flow: pick, guide: pickDevice, others: []flow.Flow{jsapi, native}}}},
		"mini program":                     {mini, [3]cell{guided(leave, iframe), guided(leave, iframe), guided(leave, native)}},
		"WeCom on a phone":                 {in(flow.ContainerWeCom, handheld), [3]cell{guided(browser, iframe), guided(browser, iframe), guided(inWeChat, native)}},
		"WeCom on a computer":              {in(flow.ContainerWeCom, desktopKind), [3]cell{guided(browser, iframe), guided(browser, iframe), one(native)}},
		"Alipay":                           {in(alipay, handheld), [3]cell{one(wap, iframe), guidedOrSwitched(flow.WalletAlipayCN), guided(inWeChat, native)}},
		"AlipayHK":                         {in(flow.ContainerAlipayHK, handheld), [3]cell{guidedOrSwitched(flow.WalletAlipayHK), one(wap, iframe), guided(inWeChat, native)}},
		"QQ":                               {in(flow.ContainerQQ, handheld), app},
		"Weibo":                            {in(flow.ContainerWeibo, handheld), app},
		"Douyin":                           {in(flow.ContainerDouyin, handheld), app},
		"DingTalk":                         {in(flow.ContainerDingTalk, handheld), app},
		"another app":                      {in(flow.ContainerOther, handheld), app},
		"another app on an unknown device": {in(flow.ContainerOther, unknown), app},
		"another app on a computer":        {in(flow.ContainerDingTalk, desktopKind), [3]cell{guidedOrAnyway(browser, web, iframe), guidedOrAnyway(browser, web, iframe), guidedOrAnyway(browser, native)}},
		"TV, console, car, watch":          {in(none, screen), onScreen},
		"an app on a screen":               {in(flow.ContainerDingTalk, screen), onScreen},
		"prefetch":                         {ahead, nobody},
		"unknown": {in(none, unknown), [3]cell{
			{flow: pick, guide: pickDevice, others: []flow.Flow{wap, iframe, web}},
			{flow: pick, guide: pickDevice, others: []flow.Flow{wap, iframe, web}},
			{flow: pick, guide: inWeChat, others: []flow.Flow{native}},
		}},
	}
}

func TestFlowTable(t *testing.T) {
	t.Parallel()
	for name, row := range table() {
		for i, w := range flow.Wallets() {
			t.Run(name+"/"+string(w), func(t *testing.T) {
				t.Parallel()
				choice, want := flow.Choose(row.device, w), row.cells[i]
				got := cell{choice.Flow, choice.Guide, choice.Anyway, choice.Touch, choice.Switch, choice.Others}
				if got.flow != want.flow || got.guide != want.guide || got.anyway != want.anyway || got.touch != want.touch || got.switchTo != want.switchTo || !slices.Equal(got.others, want.others) {
					t.Errorf("choice %+v, want %+v", got, want)
				}
			})
		}
	}
}

// everyDevice returns every combination of kind, container and flags.
func everyDevice() (all []flow.Device) {
	for _, kind := range []flow.DeviceKind{
		flow.DeviceDesktop, flow.DeviceHandheld, flow.DeviceScreen, flow.DeviceUnknown, "new",
	} {
		for _, container := range []flow.Container{
			none, wechat, flow.ContainerWeCom, alipay, flow.ContainerAlipayHK, flow.ContainerQQ, flow.ContainerDingTalk,
			flow.ContainerWeibo, flow.ContainerDouyin, flow.ContainerOther, "new",
		} {
			for flags := range 16 {
				d := in(container, kind)
				d.MiniProgram, d.Prefetched, d.MaybeIPad, d.Program = flags&1 != 0, flags&2 != 0, flags&4 != 0, flags&8 != 0
				all = append(all, d)
			}
		}
	}
	return all
}

// Every device has a choice with a reason for every wallet, and every shopper has
// a way to pay.
func TestFlowTableIsTotal(t *testing.T) {
	t.Parallel()
	for _, d := range everyDevice() {
		for _, w := range flow.Wallets() {
			choice := flow.Choose(d, w)
			pays := w.CanPayBy(choice.Flow)
			needsGuide := choice.Flow == guide || choice.Flow == pick
			switch {
			case choice.Reason == "":
				t.Errorf("%+v, %s: no reason", d, w)
			case d.Prefetched && choice.Flow != never, !d.Prefetched && !pays && !needsGuide:
				t.Errorf("%+v, %s: wrong flow %s", d, w, choice.Flow)
			case needsGuide != (choice.Guide != ""), needsGuide && len(choice.Others) == 0:
				t.Errorf("%+v, %s: no guide or no other flow: %+v", d, w, choice)
			case choice.Anyway != "" && !slices.Contains(choice.Others, choice.Anyway):
				t.Errorf("%+v, %s: Anyway is not in Others: %+v", d, w, choice)
			case choice.Touch != "" && choice.Touch != choice.Others[0]:
				t.Errorf("%+v, %s: Touch is not the first of Others: %+v", d, w, choice)
			}
			for _, other := range choice.Others {
				if other == choice.Flow || !w.CanPayBy(other) {
					t.Errorf("%+v, %s: %s cannot stand in Others beside %s", d, w, other, choice.Flow)
				}
			}
		}
	}
}

// TestProgramIsShownWhatItsDeviceIsShown: a program gets the choices of the device that
// it names.
func TestProgramIsShownWhatItsDeviceIsShown(t *testing.T) {
	t.Parallel()
	for _, d := range everyDevice() {
		shopper := d
		shopper.Program = false
		for _, w := range flow.Wallets() {
			if got, want := flow.Choose(d, w), flow.Choose(shopper, w); !reflect.DeepEqual(got, want) {
				t.Errorf("%+v, %s: %+v, want %+v", d, w, got, want)
			}
		}
	}
}

func TestChoiceForWallets(t *testing.T) {
	t.Parallel()
	both := []flow.Wallet{flow.WalletAlipayCN, flow.WalletAlipayHK}
	inAlipay := in(alipay, flow.DeviceHandheld)
	if got := flow.Choose(inAlipay, flow.WalletAlipayHK).ForWallets(both); got.Guide != flow.GuideSwitchWallet || got.Switch != flow.WalletAlipayCN {
		t.Errorf("AlipayHK in Alipay, both accepted: %+v", got)
	}
	if got := flow.Choose(inAlipay, flow.WalletAlipayHK).ForWallets(both[1:]); got.Guide != flow.GuideOpenInBrowser || got.Switch != "" {
		t.Errorf("AlipayHK in Alipay, only AlipayHK accepted: %+v", got)
	}
	if got := flow.Choose(inAlipay, flow.WalletAlipayCN).ForWallets(both); got.Flow != wap || got.Guide != "" {
		t.Errorf("Alipay in Alipay: %+v", got)
	}
}

// A QR code replaces WeChat's payment sheet, with a
// reason. Every other choice stays as it is.
func TestChoiceWithoutJSAPI(t *testing.T) {
	t.Parallel()
	for _, d := range everyDevice() {
		for _, w := range flow.Wallets() {
			want, got := flow.Choose(d, w), flow.Choose(d, w).WithoutJSAPI()
			if want.Flow == jsapi || slices.Contains(want.Others, jsapi) {
				want = flow.Choice{Flow: native, Reason: want.Reason + "; the shop has no WeChat account"}
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%+v, %s: %+v, want %+v", d, w, got, want)
			}
		}
	}
	if got := flow.Choose(in(wechat, flow.DeviceHandheld), flow.WalletWeChat).WithoutJSAPI(); got.Flow != native {
		t.Errorf("in WeChat: choice %+v, want native", got)
	}
}

func TestUnknownWalletHasNoFlow(t *testing.T) {
	t.Parallel()
	if choice := flow.Choose(in(none, flow.DeviceDesktop), "paypal"); choice.Flow != never || choice.Reason == "" {
		t.Errorf("choice %+v, want none with a reason", choice)
	}
}

func TestChoiceCanBeChangedByItsCaller(t *testing.T) {
	t.Parallel()
	flow.Choose(in(none, flow.DeviceHandheld), flow.WalletAlipayCN).Others[0] = "changed"
	if got := flow.Choose(in(none, flow.DeviceHandheld), flow.WalletAlipayCN).Others[0]; got != iframe {
		t.Errorf("the next choice has %q, want iframe", got)
	}
}

// For every user agent there is a choice, with a reason that is safe to log.
func FuzzDetectDevice(f *testing.F) {
	for _, ua := range []string{"", onWindows, inAndroidApp + " MicroMessenger/8", "@", "a@b", "compatible;", "(", "\xff\x00\n"} {
		f.Add(ua, `"Android"`, "prefetch")
	}
	f.Fuzz(func(t *testing.T, ua, platform, purpose string) {
		d := flow.Detect(headers(ua, "Sec-CH-UA-Platform", platform, "Sec-Purpose", purpose))
		for _, w := range flow.Wallets() {
			choice := flow.Choose(d, w)
			if choice.Flow == "" || choice.Reason == "" || strings.ContainsFunc(choice.Reason, func(r rune) bool { return r < ' ' || r > '~' }) {
				t.Errorf("%q: %+v", ua, choice)
			}
			if choice.Flow == never && !d.Prefetched {
				t.Errorf("%q: no flow for a shopper on %+v", ua, d)
			}
		}
	})
}
