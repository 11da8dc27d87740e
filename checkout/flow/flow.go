package flow

import "slices"

// Flow is how a shopper pays.
type Flow string

// The flows. The last three place no order.
const (
	// Web redirects to Alipay's cashier for computers, in the same tab.
	Web Flow = "web"
	// Iframe shows a page with Alipay's QR code in a frame.
	Iframe Flow = "iframe"
	// Native shows a QR code for WeChat's scanner.
	Native Flow = "native"
	// WAP redirects to Alipay's cashier for phones, in the same tab.
	WAP Flow = "wap"
	// JSAPI opens WeChat's payment sheet from a page inside WeChat.
	JSAPI Flow = "jsapi"

	// Pick asks the shopper first: pay on this device, or scan a code with
	// another one.
	Pick Flow = "pick"
	// Guided tells the shopper where this wallet can be used. See [Guide].
	Guided Flow = "guide"
	// None is for a page that is loaded before the shopper opens it.
	None Flow = "none"
)

// Redirects reports whether f leaves the page for the wallet's own page. That
// must happen in the top-level window, not in a frame.
func (f Flow) Redirects() bool { return f == Web || f == WAP }

// ShowsCode reports whether f shows a QR code on the checkout page itself.
func (f Flow) ShowsCode() bool { return f == Iframe || f == Native }

// Guide tells the shopper what to do before the wallet can be used.
type Guide string

// The guides.
const (
	// GuideOpenInWeChat: open this page in the WeChat app.
	GuideOpenInWeChat Guide = "open_in_wechat"
	// GuideOpenInBrowser: open this page in a browser.
	GuideOpenInBrowser Guide = "open_in_browser"
	// GuideLeaveMiniProgram: leave the WeChat mini program. Its web-view can
	// neither pay nor open a browser.
	GuideLeaveMiniProgram Guide = "leave_mini_program"
	// GuidePickDevice: choose the device that pays, this one or another one that
	// scans a code.
	GuidePickDevice Guide = "pick_device"
	// GuideSwitchWallet: pay with [Choice.Switch], which works in this app.
	GuideSwitchWallet Guide = "switch_wallet"
)

// Choice is the flow for one wallet on one device, with its reason.
type Choice struct {
	Flow Flow
	// Guide is set with [Guided] and [Pick].
	Guide Guide
	// Others are the flows that the page offers beside Flow, because a device can
	// be detected wrongly. With [Pick] they are the flows to pick from.
	Others []Flow
	// Anyway is the flow in Others that the page offers as "try anyway": nobody
	// knows whether it works in this app. "" means none.
	Anyway Flow
	// Touch is the first flow of Others if it replaces Flow on a device with a touch screen,
	// which only a script can detect: the device calls itself a Mac and is an iPad. ""
	// means none.
	Touch Flow
	// Switch is the wallet of the app that shows the page. [Choice.ForWallets]
	// turns it into a guide. "" means none.
	Switch Wallet
	// Reason explains the choice to an operator.
	Reason string
}

// Choose returns the choice for wallet w on device d. It ignores what the shop
// and the session accept: see [Choice.WithoutJSAPI] and [Choice.ForWallets].
// For a prefetched page it returns [None], as it does for an unknown wallet. A program
// gets the choice of the device that it names.
func Choose(d Device, w Wallet) Choice {
	where := placeOf(d)
	choice, ok := flowTable[where][w]
	if !ok {
		return Choice{Flow: None, Reason: "unknown wallet"}
	}
	choice.Others = slices.Clone(choice.Others)
	choice.Reason = string(where) + ": " + d.Reason
	return choice
}

// NoWeChatAccount is the reason why a shop cannot offer [JSAPI].
const NoWeChatAccount = "the shop has no WeChat account"

// WithoutJSAPI returns the choice for a shop that has no WeChat account. A QR
// code replaces WeChat's payment sheet.
func (c Choice) WithoutJSAPI() Choice {
	i := slices.Index(c.Others, JSAPI)
	if i >= 0 {
		c.Others = slices.Delete(c.Others, i, i+1)
	}
	if c.Flow == JSAPI || c.Flow == Pick && i >= 0 {
		return Choice{Flow: Native, Reason: c.Reason + "; " + NoWeChatAccount}
	}
	return c
}

// ForWallets returns the choice for a session that accepts these wallets. If
// accepted contains [Choice.Switch], Guide becomes [GuideSwitchWallet]. Otherwise
// Switch becomes "". Flow does not change.
func (c Choice) ForWallets(accepted []Wallet) Choice {
	switch {
	case c.Switch == "":
	case slices.Contains(accepted, c.Switch):
		c.Guide = GuideSwitchWallet
	default:
		c.Switch = ""
	}
	return c
}

// CanPayBy reports whether flow f can place an order for wallet w. The shopper
// may ask for each of these flows, on every device.
func (w Wallet) CanPayBy(f Flow) bool {
	if w.Channel() == ChannelWeChat {
		return f == Native || f == JSAPI
	}
	return w.Channel() == ChannelAlipay && (f == Web || f == Iframe || f == WAP)
}
