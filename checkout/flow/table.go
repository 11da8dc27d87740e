package flow

// place is where a page is shown. Each place has a row in flowTable.
type place string

const (
	atDesktop       place = "on a computer"
	atMac           place = "on a Mac or an iPad"
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
	atPrefetch      place = "shown to nobody"
	atUnknown       place = "on an unknown device"
)

// placeOf returns the place of a device. Devices that cannot pay come first, then
// apps, then browsers.
func placeOf(d Device) place {
	switch {
	case d.Prefetched:
		return atPrefetch
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
		return placeInBrowser(d)
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

func placeInBrowser(d Device) place {
	switch {
	case d.Kind == DeviceDesktop && d.MaybeIPad:
		return atMac
	case d.Kind == DeviceDesktop:
		return atDesktop
	case d.Kind == DeviceHandheld:
		return atHandheld
	default:
		return atUnknown
	}
}

// flowRow has the choice for each of [Wallets] in one place.
type flowRow map[Wallet]Choice

var (
	// alipayBlocked is for Alipay in an app that blocks it. The shopper opens a
	// browser, or scans a QR code with another device.
	alipayBlocked = Choice{Flow: Guided, Guide: GuideOpenInBrowser, Others: []Flow{Iframe}}
	// weChatElsewhere is for WeChat Pay on a phone outside WeChat. The shopper
	// opens WeChat, or scans a QR code with another device.
	weChatElsewhere = Choice{Flow: Guided, Guide: GuideOpenInWeChat, Others: []Flow{Native}}
	// alipayCashier is for an Alipay wallet in its own app or in a phone's
	// browser. Alipay's cashier for phones opens.
	alipayCashier = Choice{Flow: WAP, Others: []Flow{Iframe}}
	// weChatCode is for WeChat Pay on a device without WeChat's payment sheet.
	// The shopper scans a QR code with a phone.
	weChatCode = Choice{Flow: Native}
)

// flowTable has the choice for each place and wallet.
var flowTable = map[place]flowRow{
	atDesktop: {
		WalletAlipayCN: {Flow: Web, Others: []Flow{Iframe}},
		WalletAlipayHK: {Flow: Iframe, Others: []Flow{Web}},
		WalletWeChat:   weChatCode,
	},
	atMac: {
		WalletAlipayCN: {Flow: Web, Touch: WAP, Others: []Flow{WAP, Iframe}},
		WalletAlipayHK: {Flow: Iframe, Touch: WAP, Others: []Flow{WAP, Web}},
		WalletWeChat:   weChatCode,
	},
	atHandheld: {WalletAlipayCN: alipayCashier, WalletAlipayHK: alipayCashier, WalletWeChat: weChatElsewhere},
	atWeChat: {
		WalletAlipayCN: alipayBlocked,
		WalletAlipayHK: alipayBlocked,
		WalletWeChat:   {Flow: JSAPI, Others: []Flow{Native}},
	},
	atWeChatDesktop: {WalletAlipayCN: alipayBlocked, WalletAlipayHK: alipayBlocked, WalletWeChat: weChatCode},
	atWeChatUnknown: {
		WalletAlipayCN: alipayBlocked,
		WalletAlipayHK: alipayBlocked,
		WalletWeChat:   {Flow: Pick, Guide: GuidePickDevice, Others: []Flow{JSAPI, Native}},
	},
	atMiniProgram: {
		WalletAlipayCN: {Flow: Guided, Guide: GuideLeaveMiniProgram, Others: []Flow{Iframe}},
		WalletAlipayHK: {Flow: Guided, Guide: GuideLeaveMiniProgram, Others: []Flow{Iframe}},
		WalletWeChat:   {Flow: Guided, Guide: GuideLeaveMiniProgram, Others: []Flow{Native}},
	},
	atWeCom: {WalletAlipayCN: alipayBlocked, WalletAlipayHK: alipayBlocked, WalletWeChat: weChatElsewhere},
	atAlipay: {
		WalletAlipayCN: alipayCashier,
		WalletAlipayHK: {Flow: Guided, Guide: GuideOpenInBrowser, Switch: WalletAlipayCN, Others: []Flow{Iframe}},
		WalletWeChat:   weChatElsewhere,
	},
	atAlipayHK: {
		WalletAlipayCN: {Flow: Guided, Guide: GuideOpenInBrowser, Switch: WalletAlipayHK, Others: []Flow{Iframe}},
		WalletAlipayHK: alipayCashier,
		WalletWeChat:   weChatElsewhere,
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
		WalletWeChat:   weChatCode,
	},
	atPrefetch: {WalletAlipayCN: {Flow: None}, WalletAlipayHK: {Flow: None}, WalletWeChat: {Flow: None}},
	atUnknown: {
		WalletAlipayCN: {Flow: Pick, Guide: GuidePickDevice, Others: []Flow{WAP, Iframe, Web}},
		WalletAlipayHK: {Flow: Pick, Guide: GuidePickDevice, Others: []Flow{WAP, Iframe, Web}},
		WalletWeChat:   {Flow: Pick, Guide: GuideOpenInWeChat, Others: []Flow{Native}},
	},
}
