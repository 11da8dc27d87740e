package templates

import (
	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/checkout/page"
)

// CheckoutPage is the hosted page of one session. Its HTML has all states, and the style
// sheet shows the one in State.
type CheckoutPage struct {
	// Lang is one of Languages; see Match.
	Lang  Lang
	State page.State
	// ShopName is the name of the payee, and Brand its look.
	ShopName string
	Brand    Brand
	// Subject describes what the shopper pays for.
	Subject string
	// Amount is the amount, formatted with its currency: "HK$480.00".
	Amount string
	// Lines are the lines of the bill, and LinesOpen unfolds them. A page that is Embedded
	// does not have them.
	Lines     []BillLine
	LinesOpen bool
	// Approximately is the approximate amount in CNY, formatted; "" if it is unknown
	// or not needed.
	Approximately string
	// Reference is the order number that the shopper knows; "" for none.
	Reference string
	// Remaining is the number of seconds until the session expires. It is negative
	// if the session has ended and on a status page: these show no countdown.
	Remaining int
	// Renew is the number of seconds until the code should be renewed; 0 for never.
	Renew int
	// Wallets are the wallets that the shopper can pick, in order.
	Wallets []WalletOption
	// Picked is the one of Wallets whose way to pay is shown first.
	Picked flow.Wallet
	// PageCode is the QR code of the page's own URL, to continue on another device;
	// nil for none.
	PageCode *QRCode
	// Attempt is the attempt that the page is about; zero for none.
	Attempt AttemptView
	// Receipt is zero until paid.
	Receipt Receipt
	// Notice is the key of a short message above the state: one of the Notice
	// constants, or "" for none.
	Notice string
	// CheckedAt is the time of a query that the shopper asked for and that has found no
	// payment: "18:14:02". "" for none.
	CheckedAt string
	// Returned reports whether this browser is back from the wallet of the attempt. The
	// headings of Code and Redirecting then say that nothing was paid.
	Returned bool
	// Token is the token that every form of the page posts.
	Token string
	// URLs are the targets of the page's forms and links.
	URLs URLs
	// AutoStart is the wallet that the script starts by itself; "" for none. It is
	// ignored with a Notice, so that a refusal cannot loop.
	AutoStart flow.Wallet
	// RefreshSeconds is the time after which a page without script reloads itself; 0
	// for never.
	RefreshSeconds int
	// Assets are the URLs of the scripts.
	Assets Assets
	// PreviewImage is the absolute URL of the picture in the preview of a link to the page,
	// which other sites show; "" for none. A status page has no preview.
	PreviewImage string
	// StatusOnly renders the status page for the holder of a return URL, who may
	// use another browser. It shows the state, but no amount, no subject and no way
	// to pay.
	StatusOnly bool
	// Origins are the origins whose pages may show this page in a frame or a popup, and
	// exchange messages with it.
	Origins []string
	// PageURL is the page's own absolute URL.
	PageURL string
	// Embedded hides the bill, because the page is in a frame of the shop's page, which
	// shows it.
	Embedded bool
	// Demo is the bar of the demo; nil outside of the demo.
	Demo *DemoBar
}

// BillLine is a line of the bill.
type BillLine struct {
	// Name is what is bought.
	Name string
	// Quantity is how many; the page does not show 1.
	Quantity int64
	// Amount is the price of the whole line, formatted with its currency.
	Amount string
}

// AttemptView is the attempt that the page is about, open or not. At most one of Code,
// FrameURL, RedirectURL and JSAPI is set, and only in the states Code, Redirecting and
// Confirming: the script may show the first two after the last without a load.
type AttemptView struct {
	// Ref is the ID of the attempt for the page's script, which reloads the page when
	// the server reports another attempt. It is not the order number.
	Ref    string
	Wallet flow.Wallet
	Flow   flow.Flow
	// Code is the code to scan.
	Code *QRCode
	// FrameURL is the wallet's own page with a code, shown in a frame.
	FrameURL string
	// FrameWidth is the frame's width in CSS pixels; 0 for 240.
	FrameWidth int
	// RedirectURL is the URL of the wallet's cashier.
	RedirectURL string
	// JSAPI is the JSON object for WeixinJSBridge's getBrandWCPayRequest.
	JSAPI string
}

// Receipt is the data of the payment on a paid page.
type Receipt struct {
	// PaidAt is the time of the payment, formatted with its zone.
	PaidAt string
	// Wallet is the wallet that paid.
	Wallet flow.Wallet
	// Number is the order number at the gateway.
	Number string
}

// WalletOption is a wallet that the shopper can pick.
type WalletOption struct {
	Wallet flow.Wallet
	// Flow is the flow that a POST of this wallet starts on this device. It labels
	// the button and is not sent back.
	Flow flow.Flow
	// Top makes the form load in the top window, for a flow that leaves an
	// embedding page.
	Top bool
	// Touch is the first flow of Alternatives if the script makes the button start it on a
	// device with a touch screen; "" for none.
	Touch flow.Flow
	// Guide, when set, replaces the button with a text: what to do to use the wallet.
	Guide flow.Guide
	// Switch is the wallet that pays in place of this one; set with
	// flow.GuideSwitchWallet.
	Switch flow.Wallet
	// GuideLink is the link that the guide asks the shopper to copy.
	GuideLink string
	// Alternatives are the other ways to pay with this wallet.
	Alternatives []Alternative
}

// Alternative is another flow of a wallet. Its form posts the flow.
type Alternative struct {
	Flow flow.Flow
	// Top is as in WalletOption.
	Top bool
	// Anyway reports whether the label is "try anyway", because the guide advises
	// against the flow.
	Anyway bool
}

// The notices: what went wrong in the shopper's last step.
const (
	// NoticeGatewayDown means that the gateway cannot be reached.
	NoticeGatewayDown = "gateway_down"
	// NoticeBadForm means that the form's token was wrong: the form was of another page,
	// or the server's secret has changed since.
	NoticeBadForm = "bad_form"
	// NoticeWeChatRefused means that WeChat returned no openid.
	NoticeWeChatRefused = "wechat_refused"
	// NoticeWait means that the session has had several orders, the last one just now.
	// The shopper must wait before the next order.
	NoticeWait = "wait"
	// NoticeTooMany means that the session has had so many orders that it gets no more.
	NoticeTooMany = "too_many"
)

// URLs are the targets of the page's forms, links and requests.
type URLs struct {
	// Status returns the status as JSON, Events as a stream.
	Status, Events string
	// Confirm queries the gateway, Start starts an attempt, Cancel cancels the
	// session. All three take POST.
	Confirm, Start, Cancel string
	// Success is the URL of the shop for a paid shopper; "" until paid.
	Success string
	// CancelReturn is the URL of the shop for a shopper who did not pay; "" for none.
	CancelReturn string
}

// Assets are the URLs of the static files. Without a Loader, the page has no script.
// Without Wasm, the loader works alone.
type Assets struct {
	Loader, Worker, WasmExec, Wasm string
	// Embed is the script for a page in a frame or a popup of the shop's page.
	Embed string
	Icon  string
	// TouchIcon is the icon on the home screen of a phone, a PNG; "" for none.
	TouchIcon string
}

// DemoBar is the bar that shows the page as another device sees it, and leads to the
// sandbox. Its form posts "as" and "back" to Action.
type DemoBar struct {
	// Current is the Value of the current choice.
	Current string
	Choices []DemoChoice
	// Action is the URL that the form posts to, and Back the page to return to.
	Action, Back string
	// Script is the URL of the script that posts the form when the choice changes.
	Script string
	// Pay is the URL that leads to the sandbox's page where the session can be paid.
	Pay string
	// BridgeScript is the URL of the replacement of WeixinJSBridge, and Sandbox the
	// origin whose cashier it opens; "" for none.
	BridgeScript, Sandbox string
}

// DemoChoice is a device in the DemoBar.
type DemoChoice struct {
	Value, Label string
}

// ProblemPage is an error page. Where no session is known, it depends only on the language
// and the status, so an unknown session looks like a malformed ID.
type ProblemPage struct {
	// Lang is one of Languages; see Match.
	Lang Lang
	// Status is the HTTP status: 400, 403, 404, 429, 500 or 503. Any other status has
	// the text of 500.
	Status int
	// Icon and TouchIcon are the URLs of the icons; "" for none.
	Icon, TouchIcon string
	// ShopName and Brand are the shop's, and BackURL is the page of its session, where
	// the request was about a known session.
	ShopName string
	Brand    Brand
	BackURL  string
	// OwnWindowURL is the URL of a page that was refused because a page of another origin frames
	// it; "" otherwise.
	OwnWindowURL string
	// CanReload reports whether the same request may succeed later.
	CanReload bool
	// RequestID is the ID of the request in the log; "" for a request that is not logged.
	RequestID string
}

// ProblemKind is a line of [ProblemList].
type ProblemKind struct {
	Code    string
	Status  int
	Meaning string
}
