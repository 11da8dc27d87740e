package templates

import (
	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/checkout/page"
)

// CheckoutPage is the hosted page of one session, in every state at once:
// State says which one the style sheet shows.
type CheckoutPage struct {
	// Lang is one of Languages; see Match.
	Lang  Lang
	State page.State
	// ShopName is the payee, and Brand how it looks.
	ShopName string
	Brand    Brand
	// Subject is what is paid for.
	Subject string
	// Amount is formatted with its currency: "HK$ 480.00".
	Amount string
	// Approximately is about the same in CNY, formatted; "" where it is not
	// known or not worth saying.
	Approximately string
	// Reference is the order number that the shopper knows; "" for none.
	Reference string
	// Remaining is the number of seconds until the session expires; negative
	// when it never does, or when that is over.
	Remaining int
	// Renew is the number of seconds until the code should be started anew; 0
	// for never.
	Renew int
	// Wallets are what the shopper can pick, in order.
	Wallets []WalletOption
	// PageCode is the page's own address to scan with another device, for
	// guides; nil for none.
	PageCode *QRCode
	// Attempt is the order that is open at the gateway; zero for none.
	Attempt AttemptView
	// Receipt says how the session was paid; zero before.
	Receipt Receipt
	// Notice is the key of a short message above the state, one of the
	// Notice constants; "" for none.
	Notice string
	// Token is sent back by every form of the page.
	Token string
	// URLs are where the page's forms and links lead.
	URLs URLs
	// AutoStart is the wallet to start as soon as a script runs; "" for none.
	// It is ignored beside a Notice, so that a refusal cannot loop.
	AutoStart flow.Wallet
	// RefreshSeconds is the period of the reload without script; 0 for none.
	RefreshSeconds int
	// Assets are the URLs of the scripts.
	Assets Assets
	// StatusOnly draws the page for whoever holds a return URL, perhaps in
	// another browser: the state, and neither amount nor subject nor a way to
	// pay.
	StatusOnly bool
	// Demo is the bar of the demo; nil everywhere else.
	Demo *DemoBar
}

// AttemptView is one open order at the gateway, as the page presents it.
// At most one of Code, FrameURL, RedirectURL and JSAPI is set.
type AttemptView struct {
	// Ref names the attempt to the page's script, which reloads when the
	// server speaks of another one. It is opaque and not an order number.
	Ref    string
	Wallet flow.Wallet
	Flow   flow.Flow
	// Code is drawn as SVG.
	Code *QRCode
	// FrameURL is the wallet's own page with a code, shown in a frame.
	FrameURL string
	// FrameWidth is the frame's width in CSS pixels; 0 for 240.
	FrameWidth int
	// RedirectURL is the wallet's cashier.
	RedirectURL string
	// JSAPI is the JSON object for WeixinJSBridge's getBrandWCPayRequest.
	JSAPI string
}

// Receipt is what a paid page says of the payment.
type Receipt struct {
	// PaidAt is formatted, with its zone.
	PaidAt string
	// Wallet is the wallet that paid.
	Wallet flow.Wallet
	// Number is the order's at the gateway, by which anybody finds it.
	Number string
}

// WalletOption is one wallet to pick.
type WalletOption struct {
	Wallet flow.Wallet
	// Flow is the flow that a POST of this wallet starts on this device. It labels
	// the button and is not sent back.
	Flow flow.Flow
	// Top makes the form load in the top window, for a flow that leaves an
	// embedding page.
	Top bool
	// Guide, when set, replaces the button with words.
	Guide flow.Guide
	// Switch is the wallet that pays in place of this one; set with
	// flow.GuideSwitchWallet.
	Switch flow.Wallet
	// GuideLink is the link that the guide asks the shopper to copy.
	GuideLink string
	// Alternatives are the other ways to pay with this wallet.
	Alternatives []Alternative
}

// Alternative is another flow of a wallet, one tap away. Its form posts the
// flow by name.
type Alternative struct {
	Flow flow.Flow
	Top  bool
	// Anyway labels a flow that is tried against the guide's advice.
	Anyway bool
}

// Notices: what went wrong with the shopper's last step.
const (
	// NoticeGatewayDown says that the gateway cannot be reached.
	NoticeGatewayDown = "gateway_down"
	// NoticeBadForm says that the form was too old or not for this session.
	NoticeBadForm = "bad_form"
	// NoticeWeChatRefused says that WeChat did not say who the shopper is.
	NoticeWeChatRefused = "wechat_refused"
	// NoticeWait says that the session has just had several orders.
	NoticeWait = "wait"
	// NoticeTooMany says that the session gets no further order.
	NoticeTooMany = "too_many"
)

// URLs are the page's ways out. Those of forms take POST.
type URLs struct {
	// Self is the page.
	Self string
	// Status answers the state as JSON, Events as a stream.
	Status, Events string
	// Confirm asks the gateway now. Start opens an attempt. Cancel calls the
	// session off.
	Confirm, Start, Cancel string
	// Success is where a paid shopper goes next; set it only when paid.
	Success string
	// CancelReturn is where a shopper who gave up goes; "" for nowhere.
	CancelReturn string
}

// Assets are the URLs of the static files. An empty Loader leaves the page
// without script, an empty Wasm leaves it to the loader.
type Assets struct {
	Loader, Worker, WasmExec, Wasm string
	Icon                           string
}

// DemoBar lets a person see the page as another device. Its form posts "as"
// and "back" to Action.
type DemoBar struct {
	// Current is the value of the choice in effect.
	Current string
	Choices []DemoChoice
	// Action takes the form, Back is where it leads afterwards.
	Action, Back string
	// BridgeScript is the URL of the stand-in for WeixinJSBridge, and Sandbox
	// the origin whose cashier it opens; "" for none.
	BridgeScript, Sandbox string
}

// DemoChoice is one device of the DemoBar.
type DemoChoice struct {
	Value, Label string
}

// ProblemPage is the page for what cannot be served. Pages with the same
// Status are the same: nothing tells an unknown session from a malformed id.
type ProblemPage struct {
	// Lang is one of Languages; see Match.
	Lang Lang
	// Status is the HTTP status: 400, 403, 404, 429, 500 or 503. Any other
	// reads as 500.
	Status int
	// Icon is the URL of the icon; "" for none.
	Icon string
}
