package templates

import (
	"strings"

	"github.com/wantukit/wantukit/checkout/flow"
)

// messages are the texts of the pages in one language. {app} and {shop} in them stand
// for names.
type messages struct {
	// Texts of every page.
	Title      string // of the document
	PayTo      string // with {shop}
	Amount     string
	Item       string
	Order      string
	Items      string
	TimeLeft   string
	Reassure   string
	Cancel     string
	BackToShop string
	StartAgain string // in the shop
	About      string // before an amount in another currency
	AboutWords string // after that amount
	PaidAt     string
	PaidWith   string
	PaymentNo  string
	Copy       string
	Print      string
	CheckNow   string
	// CheckedNone is the answer to CheckNow: a query at {time} has found no payment.
	CheckedNone string
	Offline     string
	OtherWays   string

	// Names of the wallets, as labels, and of their apps, within a sentence.
	AlipayCN    string
	AlipayHK    string
	WeChat      string
	AlipayCNApp string
	AlipayHKApp string
	WeChatApp   string

	// Hints below a wallet's name: how the shopper pays.
	HintCode    string
	HintCashier string
	HintApp     string
	HintJSAPI   string

	// Other ways to pay with the same wallet.
	AltCodeHere   string
	AltCodeOther  string
	AltCashier    string
	AltApp        string
	AltTouch      string
	AltJSAPI      string
	AltAnyway     string
	GuideWeChat   string
	GuideBrowser  string
	GuideMini     string
	GuideSwitch   string
	GuidePick     string
	WeChatWords   string
	BrowserWords  string
	MiniWords     string
	SwitchWords   string
	PickWords     string
	Link          string
	CopyLink      string
	Copied        string
	FrameFallback string
	FrameLate     string
	StuckWords    string
	OwnWindow     string

	// The QR code of the page's own URL, for another device.
	GuideElsewhere      string
	GuideElsewhereWords string
	GuideCodeAlt        string

	// A block for each state.
	ChooseTitle string
	PayNow      string // the button that starts a payment of {amount}
	ShowCode    string // the button that shows a code

	CodeTitle  string
	CodeHow    string // the steps in one line
	How        string // shows the steps
	CodeStep1  string
	CodeStep2  string
	CodeStep3  string
	CodeAlt    string // the text in place of the image
	FrameTitle string
	Waiting    string

	RedirectTitle string
	RedirectWords string
	RedirectOpen  string
	JSAPIWords    string
	JSAPIPay      string
	JSAPIMissing  string
	JSAPIFailed   string
	JSAPINoScript string

	// NotPaidTitle is the heading for a shopper who is back from the wallet.
	NotPaidTitle string

	ConfirmTitle string
	ConfirmWords string
	ConfirmAgain string

	PaidTitle   string
	FullReceipt string
	Stay        string // keeps the receipt open

	FailedTitle string
	FailedWords string

	ExpiredTitle string
	ExpiredWords string

	CanceledTitle string
	CanceledWords string

	// The status page, which a return URL shows.
	StatusTitle string
	StatusWords string
	StatusAgain string
	StatusPaid  string
	StatusOpen  string

	// Notices.
	GatewayDown   string
	BadForm       string
	WeChatRefused string
	Wait          string
	TooMany       string

	// Error pages.
	NotFoundTitle    string
	NotFoundWords    string
	BadRequestTitle  string
	BadRequestWords  string
	ForbiddenTitle   string
	ForbiddenWords   string
	FramedTitle      string
	FramedWords      string
	TooManyTitle     string
	TooManyWords     string
	ServerTitle      string
	ServerWords      string
	UnavailableTitle string
	UnavailableWords string
	BackToPayment    string
	Reload           string
	RequestID        string // before the ID of the request in the log

	// Dates and amounts.
	TimeLayout string // of a date with its time, for time.Format
	Yuan       string // the symbol of CNY

	// The demo's bar.
	DemoName  string
	DemoWords string
	DemoAs    string
	DemoApply string
	DemoPay   string

	// The demo's devices, besides the wallets' apps.
	DemoHere     string
	DemoComputer string
	DemoPhone    string
	DemoMini     string
	DemoWeCom    string
	DemoOther    string
	DemoTV       string
	DemoUnknown  string
}

// wallet returns the name of a wallet, or its text for an unknown wallet.
func (m *messages) wallet(wallet flow.Wallet) string {
	switch wallet {
	case flow.WalletAlipayCN:
		return m.AlipayCN
	case flow.WalletAlipayHK:
		return m.AlipayHK
	case flow.WalletWeChat:
		return m.WeChat
	default:
		return string(wallet)
	}
}

// WalletName returns the name of a wallet in a language.
func WalletName(lang Lang, wallet flow.Wallet) string { return words(lang).wallet(wallet) }

// DeviceName returns the name of a device in the demo's bar. For a wallet's app it is the
// name of the app.
func DeviceName(lang Lang, device string) string {
	m := words(lang)
	switch device {
	case "":
		return m.DemoHere
	case "desktop":
		return m.DemoComputer
	case "phone":
		return m.DemoPhone
	case "mini_program":
		return m.DemoMini
	case "wecom":
		return m.DemoWeCom
	case "other":
		return m.DemoOther
	case "tv":
		return m.DemoTV
	case "unknown":
		return m.DemoUnknown
	default:
		return m.app(flow.Wallet(device))
	}
}

// app returns the name of a wallet's app, or the wallet's text for an unknown wallet.
func (m *messages) app(wallet flow.Wallet) string {
	switch wallet {
	case flow.WalletAlipayCN:
		return m.AlipayCNApp
	case flow.WalletAlipayHK:
		return m.AlipayHKApp
	case flow.WalletWeChat:
		return m.WeChatApp
	default:
		return string(wallet)
	}
}

// withApp returns text with the name of a wallet's app for {app}.
func (m *messages) withApp(text string, wallet flow.Wallet) string {
	return strings.ReplaceAll(text, "{app}", m.app(wallet))
}

// at returns text with a time for {time}.
func at(text, time string) string { return strings.ReplaceAll(text, "{time}", time) }

// withShop returns text with the shop's name for {shop}.
func withShop(text, shop string) string {
	return strings.ReplaceAll(text, "{shop}", shop)
}

// hint returns the text below a wallet's name: the title of its guide, or how the shopper
// pays on this device.
func (m *messages) hint(o WalletOption) string {
	if title, _ := m.guides(o); title != "" {
		return title
	}
	switch o.Flow {
	case flow.Native, flow.Iframe:
		return m.HintCode
	case flow.WAP:
		return m.HintApp
	case flow.JSAPI:
		return m.HintJSAPI
	case flow.Web:
		return m.HintCashier
	default:
		return ""
	}
}

// guide returns the text of a wallet's guide; "" for none.
func (m *messages) guide(o WalletOption) string {
	_, text := m.guides(o)
	return text
}

// guides returns the title and the text of a wallet's guide; "" for none.
func (m *messages) guides(o WalletOption) (title, text string) {
	switch o.Guide {
	case flow.GuideOpenInWeChat:
		return m.GuideWeChat, m.WeChatWords
	case flow.GuideOpenInBrowser:
		return m.GuideBrowser, m.BrowserWords
	case flow.GuideLeaveMiniProgram:
		return m.GuideMini, m.MiniWords
	case flow.GuideSwitchWallet:
		return m.withApp(m.GuideSwitch, o.Switch), m.withApp(m.SwitchWords, o.Switch)
	case flow.GuidePickDevice:
		return m.GuidePick, m.PickWords
	default:
		return "", ""
	}
}

// start returns the label of the button that starts a payment with o.
func (m *messages) start(o WalletOption, amount string) string {
	if o.Flow.ShowsCode() {
		return m.ShowCode
	}
	return strings.ReplaceAll(m.withApp(m.PayNow, o.Wallet), "{amount}", amount)
}

// alternative returns the label of another flow of o. A code is for another device,
// except on a computer, where the shopper scans it from the screen.
func (m *messages) alternative(o WalletOption, a Alternative) string {
	if a.Anyway && a.Top {
		return m.AltAnyway
	}
	switch a.Flow {
	case flow.Native, flow.Iframe:
		if o.Guide == "" && o.Flow == flow.Web {
			return m.AltCodeHere
		}
		return m.AltCodeOther
	case flow.WAP:
		if o.Touch == a.Flow {
			return m.AltTouch
		}
		return m.AltApp
	case flow.JSAPI:
		return m.AltJSAPI
	case flow.Web:
		return m.withApp(m.AltCashier, o.Wallet)
	default:
		return ""
	}
}

// notices is the table of notices.
var notices = []struct {
	key  string
	text func(*messages) string
}{
	{NoticeGatewayDown, func(m *messages) string { return m.GatewayDown }},
	{NoticeBadForm, func(m *messages) string { return m.BadForm }},
	{NoticeWeChatRefused, func(m *messages) string { return m.WeChatRefused }},
	{NoticeWait, func(m *messages) string { return m.Wait }},
	{NoticeTooMany, func(m *messages) string { return m.TooMany }},
}

// KnownNotice returns key if it is one of the Notice constants, else "".
func KnownNotice(key string) string {
	for _, n := range notices {
		if n.key == key {
			return key
		}
	}
	return ""
}

// notice returns the text of a Notice constant, or "" for any other key.
func (m *messages) notice(key string) string {
	for _, n := range notices {
		if n.key == key {
			return n.text(m)
		}
	}
	return ""
}

// problem returns the title and the text of the error page for an HTTP status.
func (m *messages) problem(p ProblemPage) (title, text string) {
	if p.OwnWindowURL != "" {
		return m.FramedTitle, m.FramedWords
	}
	switch p.Status {
	case 404:
		return m.NotFoundTitle, m.NotFoundWords
	case 400:
		return m.BadRequestTitle, m.BadRequestWords
	case 403:
		return m.ForbiddenTitle, m.ForbiddenWords
	case 429:
		return m.TooManyTitle, m.TooManyWords
	case 503:
		return m.UnavailableTitle, m.UnavailableWords
	default:
		return m.ServerTitle, m.ServerWords
	}
}
