package checkout

import "slices"

// Flow is how a shopper pays.
type Flow string

// The flows that place an order, and the two that do not.
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
)

// Choice is how a wallet is paid with on a device, and why.
type Choice struct {
	Flow Flow
	// Guide is set with FlowGuide.
	Guide Guide
	// Others are the flows one tap away: every guess may be wrong.
	Others []Flow
	// Reason explains the choice to an operator.
	Reason string
}

// situation is a row of the flow table.
type situation struct {
	kind      DeviceKind
	container Container
}

// flowTable is the choice for each situation, in the order of [Wallets].
// A device or an app that it does not list is served by fallbackRow.
var flowTable = map[situation]flowRow{
	{DeviceDesktop, ContainerNone}: desktopRow,
	{DeviceHandheld, ContainerNone}: {
		WalletAlipayCN: {Flow: FlowWAP, Others: []Flow{FlowIframe}},
		WalletAlipayHK: {Flow: FlowWAP, Others: []Flow{FlowIframe}},
		WalletWeChat:   {Flow: FlowGuide, Guide: GuideOpenInWeChat, Others: []Flow{FlowNative}},
	},
	{DeviceHandheld, ContainerWeChat}: {
		WalletAlipayCN: {Flow: FlowGuide, Guide: GuideOpenInBrowser, Others: []Flow{FlowIframe}},
		WalletAlipayHK: {Flow: FlowGuide, Guide: GuideOpenInBrowser, Others: []Flow{FlowIframe}},
		WalletWeChat:   {Flow: FlowJSAPI, Others: []Flow{FlowNative}},
	},
	{DeviceDesktop, ContainerWeChat}: {
		WalletAlipayCN: {Flow: FlowGuide, Guide: GuideOpenInBrowser, Others: []Flow{FlowIframe}},
		WalletAlipayHK: {Flow: FlowGuide, Guide: GuideOpenInBrowser, Others: []Flow{FlowIframe}},
		WalletWeChat:   {Flow: FlowNative},
	},
	{DeviceHandheld, ContainerAlipay}: {
		WalletAlipayCN: {Flow: FlowWAP, Others: []Flow{FlowIframe}},
		WalletAlipayHK: {Flow: FlowGuide, Guide: GuideOpenInBrowser, Others: []Flow{FlowIframe}},
		WalletWeChat:   {Flow: FlowGuide, Guide: GuideOpenInWeChat, Others: []Flow{FlowNative}},
	},
}

type flowRow map[Wallet]Choice

var (
	desktopRow = flowRow{
		WalletAlipayCN: {Flow: FlowWeb, Others: []Flow{FlowIframe}},
		WalletAlipayHK: {Flow: FlowIframe, Others: []Flow{FlowWeb}},
		WalletWeChat:   {Flow: FlowNative},
	}
	// fallbackRow is a computer's, with the phone's ways one tap away.
	fallbackRow = flowRow{
		WalletAlipayCN: {Flow: FlowWeb, Others: []Flow{FlowIframe, FlowWAP}},
		WalletAlipayHK: {Flow: FlowIframe, Others: []Flow{FlowWAP}},
		WalletWeChat:   {Flow: FlowNative},
	}
)

// ChooseFlow says how wallet w is paid with on device d. It places nothing for
// a bot.
func ChooseFlow(d Device, w Wallet) Choice {
	if d.Kind == DeviceBot {
		return Choice{Flow: FlowNone, Reason: d.Reason}
	}
	row, ok := flowTable[situation{d.Kind, d.Container}]
	if !ok {
		row = fallbackRow
	}
	choice, ok := row[w]
	if !ok {
		return Choice{Flow: FlowNone, Reason: "unknown wallet"}
	}
	choice.Others = slices.Clone(choice.Others)
	choice.Reason = string(d.Kind) + ", in app " + string(d.Container) + ": " + d.Reason
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
