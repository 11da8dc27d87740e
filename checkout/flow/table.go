package flow

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
	elsewhere = Choice{Flow: Guided, Guide: GuideOpenInBrowser, Others: []Flow{Iframe}}
	// inWeChatOnly is WeChat Pay on a phone outside WeChat.
	inWeChatOnly = Choice{Flow: Guided, Guide: GuideOpenInWeChat, Others: []Flow{Native}}
	// inPlace is an Alipay wallet in its own app, or on a phone that has it.
	inPlace = Choice{Flow: WAP, Others: []Flow{Iframe}}
	scanned = Choice{Flow: Native}
)

// flowTable is the choice for each place and wallet.
var flowTable = map[place]flowRow{
	atDesktop: {
		WalletAlipayCN: {Flow: Web, Others: []Flow{Iframe}},
		WalletAlipayHK: {Flow: Iframe, Others: []Flow{Web}},
		WalletWeChat:   scanned,
	},
	atHandheld: {WalletAlipayCN: inPlace, WalletAlipayHK: inPlace, WalletWeChat: inWeChatOnly},
	atWeChat: {
		WalletAlipayCN: elsewhere,
		WalletAlipayHK: elsewhere,
		WalletWeChat:   {Flow: JSAPI, Others: []Flow{Native}},
	},
	atWeChatDesktop: {WalletAlipayCN: elsewhere, WalletAlipayHK: elsewhere, WalletWeChat: scanned},
	atWeChatUnknown: {
		WalletAlipayCN: elsewhere,
		WalletAlipayHK: elsewhere,
		WalletWeChat:   {Flow: Pick, Guide: GuidePickDevice, Others: []Flow{JSAPI, Native}},
	},
	atMiniProgram: {
		WalletAlipayCN: {Flow: Guided, Guide: GuideLeaveMiniProgram, Others: []Flow{Iframe}},
		WalletAlipayHK: {Flow: Guided, Guide: GuideLeaveMiniProgram, Others: []Flow{Iframe}},
		WalletWeChat:   {Flow: Guided, Guide: GuideLeaveMiniProgram, Others: []Flow{Native}},
	},
	atWeCom: {WalletAlipayCN: elsewhere, WalletAlipayHK: elsewhere, WalletWeChat: inWeChatOnly},
	atAlipay: {
		WalletAlipayCN: inPlace,
		WalletAlipayHK: {Flow: Guided, Guide: GuideOpenInBrowser, Switch: WalletAlipayCN, Others: []Flow{Iframe}},
		WalletWeChat:   inWeChatOnly,
	},
	atAlipayHK: {
		WalletAlipayCN: {Flow: Guided, Guide: GuideOpenInBrowser, Switch: WalletAlipayHK, Others: []Flow{Iframe}},
		WalletAlipayHK: inPlace,
		WalletWeChat:   inWeChatOnly,
	},
	atOtherApp: {
		WalletAlipayCN: {Flow: Guided, Guide: GuideOpenInBrowser, Anyway: WAP, Others: []Flow{WAP, Iframe}},
		WalletAlipayHK: {Flow: Guided, Guide: GuideOpenInBrowser, Anyway: WAP, Others: []Flow{WAP, Iframe}},
		WalletWeChat:   {Flow: Guided, Guide: GuideOpenInWeChat, Anyway: Native, Others: []Flow{Native}},
	},
	atOtherDesktop: {
		WalletAlipayCN: {Flow: Guided, Guide: GuideOpenInBrowser, Anyway: Web, Others: []Flow{Web, Iframe}},
		WalletAlipayHK: {Flow: Guided, Guide: GuideOpenInBrowser, Anyway: Web, Others: []Flow{Web, Iframe}},
		WalletWeChat:   {Flow: Guided, Guide: GuideOpenInBrowser, Anyway: Native, Others: []Flow{Native}},
	},
	atScreen: {
		WalletAlipayCN: {Flow: Iframe, Others: []Flow{Web, WAP}},
		WalletAlipayHK: {Flow: Iframe, Others: []Flow{Web, WAP}},
		WalletWeChat:   scanned,
	},
	atNobody: {WalletAlipayCN: {Flow: None}, WalletAlipayHK: {Flow: None}, WalletWeChat: {Flow: None}},
	atUnknown: {
		WalletAlipayCN: {Flow: Pick, Guide: GuidePickDevice, Others: []Flow{WAP, Iframe, Web}},
		WalletAlipayHK: {Flow: Pick, Guide: GuidePickDevice, Others: []Flow{WAP, Iframe, Web}},
		WalletWeChat:   {Flow: Pick, Guide: GuideOpenInWeChat, Others: []Flow{Native}},
	},
}
