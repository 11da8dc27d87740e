package checkout

// place is a row of the flow table: where a page is shown.
type place string

const (
	atDesktop       place = "on a computer"
	atHandheld      place = "on a phone or tablet"
	atWeChat        place = "in WeChat on a phone"
	atWeChatDesktop place = "in WeChat on a computer"
	atWeChatUnknown place = "in WeChat on an unknown device"
	atMiniProgram   place = "in a mini program of WeChat's"
	atWeCom         place = "in WeCom on a phone"
	atAlipay        place = "in Alipay"
	atAlipayHK      place = "in AlipayHK"
	atOtherApp      place = "in another app on a phone"
	atOtherDesktop  place = "in another app on a computer"
	atScreen        place = "on a screen"
	atNobody        place = "shown to nobody"
	atUnknown       place = "on an unknown device"
)

// placeOf finds a device's row. What cannot pay comes first, then the app.
func placeOf(d Device) place {
	switch {
	case d.Kind == DeviceBot, d.Prefetched:
		return atNobody
	case d.Kind == DeviceScreen:
		return atScreen
	case d.MiniProgram:
		return atMiniProgram
	}
	switch d.Container {
	case ContainerWeChat, ContainerWeCom:
		return placeInWeChat(d)
	case ContainerAlipay:
		return atAlipay
	case ContainerAlipayHK:
		return atAlipayHK
	case ContainerNone:
		return placeInBrowser(d.Kind)
	default:
		if d.Kind == DeviceDesktop {
			return atOtherDesktop
		}
		return atOtherApp
	}
}

func placeInWeChat(d Device) place {
	switch {
	case d.Kind == DeviceDesktop:
		return atWeChatDesktop
	case d.Container == ContainerWeCom:
		return atWeCom
	case d.Kind == DeviceHandheld:
		return atWeChat
	default:
		return atWeChatUnknown
	}
}

func placeInBrowser(kind DeviceKind) place {
	switch kind {
	case DeviceDesktop:
		return atDesktop
	case DeviceHandheld:
		return atHandheld
	default:
		return atUnknown
	}
}

// flowRow is a place's choice for each of [Wallets].
type flowRow map[Wallet]Choice

var (
	// elsewhere is Alipay in an app that blocks it: a browser can, and a code
	// for another device.
	elsewhere = Choice{Flow: FlowGuide, Guide: GuideOpenInBrowser, Others: []Flow{FlowIframe}}
	// inWeChatOnly is WeChat Pay on a phone outside WeChat.
	inWeChatOnly = Choice{Flow: FlowGuide, Guide: GuideOpenInWeChat, Others: []Flow{FlowNative}}
	// inPlace is an Alipay wallet in its own app, or on a phone that has it.
	inPlace = Choice{Flow: FlowWAP, Others: []Flow{FlowIframe}}
	scanned = Choice{Flow: FlowNative}
)

// flowTable is the choice for each place and wallet.
var flowTable = map[place]flowRow{
	atDesktop: {
		WalletAlipayCN: {Flow: FlowWeb, Others: []Flow{FlowIframe}},
		WalletAlipayHK: {Flow: FlowIframe, Others: []Flow{FlowWeb}},
		WalletWeChat:   scanned,
	},
	atHandheld: {WalletAlipayCN: inPlace, WalletAlipayHK: inPlace, WalletWeChat: inWeChatOnly},
	atWeChat: {
		WalletAlipayCN: elsewhere,
		WalletAlipayHK: elsewhere,
		WalletWeChat:   {Flow: FlowJSAPI, Others: []Flow{FlowNative}},
	},
	atWeChatDesktop: {WalletAlipayCN: elsewhere, WalletAlipayHK: elsewhere, WalletWeChat: scanned},
	atWeChatUnknown: {
		WalletAlipayCN: elsewhere,
		WalletAlipayHK: elsewhere,
		WalletWeChat:   {Flow: FlowPick, Guide: GuidePickDevice, Others: []Flow{FlowJSAPI, FlowNative}},
	},
	atMiniProgram: {
		WalletAlipayCN: {Flow: FlowGuide, Guide: GuideLeaveMiniProgram, Others: []Flow{FlowIframe}},
		WalletAlipayHK: {Flow: FlowGuide, Guide: GuideLeaveMiniProgram, Others: []Flow{FlowIframe}},
		WalletWeChat:   {Flow: FlowGuide, Guide: GuideLeaveMiniProgram, Others: []Flow{FlowNative}},
	},
	atWeCom: {WalletAlipayCN: elsewhere, WalletAlipayHK: elsewhere, WalletWeChat: inWeChatOnly},
	atAlipay: {
		WalletAlipayCN: inPlace,
		WalletAlipayHK: {Flow: FlowGuide, Guide: GuideOpenInBrowser, Switch: WalletAlipayCN, Others: []Flow{FlowIframe}},
		WalletWeChat:   inWeChatOnly,
	},
	atAlipayHK: {
		WalletAlipayCN: {Flow: FlowGuide, Guide: GuideOpenInBrowser, Switch: WalletAlipayHK, Others: []Flow{FlowIframe}},
		WalletAlipayHK: inPlace,
		WalletWeChat:   inWeChatOnly,
	},
	atOtherApp: {
		WalletAlipayCN: {Flow: FlowGuide, Guide: GuideOpenInBrowser, Anyway: FlowWAP, Others: []Flow{FlowWAP, FlowIframe}},
		WalletAlipayHK: {Flow: FlowGuide, Guide: GuideOpenInBrowser, Anyway: FlowWAP, Others: []Flow{FlowWAP, FlowIframe}},
		WalletWeChat:   {Flow: FlowGuide, Guide: GuideOpenInWeChat, Anyway: FlowNative, Others: []Flow{FlowNative}},
	},
	atOtherDesktop: {
		WalletAlipayCN: {Flow: FlowGuide, Guide: GuideOpenInBrowser, Anyway: FlowWeb, Others: []Flow{FlowWeb, FlowIframe}},
		WalletAlipayHK: {Flow: FlowGuide, Guide: GuideOpenInBrowser, Anyway: FlowWeb, Others: []Flow{FlowWeb, FlowIframe}},
		WalletWeChat:   {Flow: FlowGuide, Guide: GuideOpenInBrowser, Anyway: FlowNative, Others: []Flow{FlowNative}},
	},
	atScreen: {
		WalletAlipayCN: {Flow: FlowIframe, Others: []Flow{FlowWeb, FlowWAP}},
		WalletAlipayHK: {Flow: FlowIframe, Others: []Flow{FlowWeb, FlowWAP}},
		WalletWeChat:   scanned,
	},
	atNobody: {WalletAlipayCN: {Flow: FlowNone}, WalletAlipayHK: {Flow: FlowNone}, WalletWeChat: {Flow: FlowNone}},
	atUnknown: {
		WalletAlipayCN: {Flow: FlowPick, Guide: GuidePickDevice, Others: []Flow{FlowWAP, FlowIframe, FlowWeb}},
		WalletAlipayHK: {Flow: FlowPick, Guide: GuidePickDevice, Others: []Flow{FlowWAP, FlowIframe, FlowWeb}},
		WalletWeChat:   {Flow: FlowPick, Guide: GuideOpenInWeChat, Others: []Flow{FlowNative}},
	},
}
