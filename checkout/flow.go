package checkout

import "slices"

// Flow is how a shopper pays.
type Flow string

// The flows that place an order, and the three that do not.
const (
	// FlowWeb goes to Alipay's cashier for computers, in the same tab.
	FlowWeb Flow = "web"
	// FlowIframe frames a page with Alipay's QR code.
	FlowIframe Flow = "iframe"
	// FlowNative shows a QR code that WeChat scans.
	FlowNative Flow = "native"
	// FlowWAP goes to Alipay's cashier for phones, in the same tab.
	FlowWAP Flow = "wap"
	// FlowJSAPI opens WeChat's payment sheet from a page inside WeChat.
	FlowJSAPI Flow = "jsapi"

	// FlowPick places no order: the shopper says first whether to pay on this
	// device or to scan a code with another.
	FlowPick Flow = "pick"
	// FlowGuide places no order: it tells the shopper where this wallet can
	// be paid with.
	FlowGuide Flow = "guide"
	// FlowNone places no order: nobody is there who could pay.
	FlowNone Flow = "none"
)

// Redirects reports whether f leaves the page for the wallet's own, which must
// happen at top level.
func (f Flow) Redirects() bool { return f == FlowWeb || f == FlowWAP }

// ShowsCode reports whether f shows something to scan on the page itself.
func (f Flow) ShowsCode() bool { return f == FlowIframe || f == FlowNative }

// Guide is what a shopper must do before a wallet can be paid with.
type Guide string

// The guides.
const (
	GuideOpenInWeChat  Guide = "open_in_wechat"
	GuideOpenInBrowser Guide = "open_in_browser"
	// GuideLeaveMiniProgram is for WeChat's mini programs: their web-view can
	// neither pay nor be opened in a browser.
	GuideLeaveMiniProgram Guide = "leave_mini_program"
	// GuidePickDevice asks which device pays: this one, or another that scans.
	GuidePickDevice Guide = "pick_device"
	// GuideSwitchWallet asks to pay with [Choice.Switch], which pays in place.
	GuideSwitchWallet Guide = "switch_wallet"
)

// Choice is how a wallet is paid with on a device, and why.
type Choice struct {
	Flow Flow
	// Guide is set with FlowGuide and FlowPick.
	Guide Guide
	// Others are the flows one tap away: every guess may be wrong. With
	// FlowPick they are what there is to pick from.
	Others []Flow
	// Anyway is the one of Others that is to be tried against the guide's
	// advice: what this app does with it is not known. "" for none.
	Anyway Flow
	// Switch is the wallet whose own app this is. Where a session takes it,
	// [Session.ChooseFlow] guides to it. "" for none.
	Switch Wallet
	// Reason explains the choice to an operator.
	Reason string
}

// ChooseFlow says how wallet w is paid with on device d, whatever a shop is
// equipped for and a session takes. It places nothing for a bot, nor for a page
// that is loaded ahead.
func ChooseFlow(d Device, w Wallet) Choice {
	where := placeOf(d)
	choice, ok := flowTable[where][w]
	if !ok {
		return Choice{Flow: FlowNone, Reason: "unknown wallet"}
	}
	choice.Others = slices.Clone(choice.Others)
	choice.Reason = string(where) + ": " + d.Reason
	return choice
}

// ChooseFlow is the function of that name within what the shop is equipped for.
func (m Merchant) ChooseFlow(d Device, w Wallet) Choice {
	choice := ChooseFlow(d, w)
	if m.WeChatAccount {
		return choice
	}
	return choice.withoutJSAPI()
}

// withoutJSAPI is the choice of a shop whose shoppers have no openid: a code
// takes the place of WeChat's payment sheet, and is no longer one of two.
func (c Choice) withoutJSAPI() Choice {
	i := slices.Index(c.Others, FlowJSAPI)
	if i >= 0 {
		c.Others = slices.Delete(c.Others, i, i+1)
	}
	if c.Flow == FlowJSAPI || c.Flow == FlowPick && i >= 0 {
		return Choice{Flow: FlowNative, Reason: c.Reason + "; " + noWeChatAccount}
	}
	return c
}

// noWeChatAccount is why a shop's shoppers get no payment sheet.
const noWeChatAccount = "the shop has no WeChat account"

// ChooseFlow is the shop's function of that name within what the session takes.
// m is the session's own shop.
func (s Session) ChooseFlow(m Merchant, d Device, w Wallet) Choice {
	choice := m.ChooseFlow(d, w)
	switch {
	case choice.Switch == "":
	case s.Accepts(choice.Switch):
		choice.Guide = GuideSwitchWallet
	default:
		choice.Switch = ""
	}
	return choice
}

// CanPayBy reports whether flow f places an order for wallet w. A shopper may
// ask for any such flow, whatever the device was taken for.
func (w Wallet) CanPayBy(f Flow) bool {
	if w.Channel() == ChannelWeChat {
		return f == FlowNative || f == FlowJSAPI
	}
	return w.Channel() == ChannelAlipay && (f == FlowWeb || f == FlowIframe || f == FlowWAP)
}
