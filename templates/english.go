package templates

// english is written for a shopper abroad or in Hong Kong.
var english = messages{
	Title:      "Pay {shop}",
	PayTo:      "Pay to",
	Amount:     "Amount",
	Item:       "For",
	Order:      "Order number",
	TimeLeft:   "Time left to pay",
	Reassure:   "You approve the payment in your own wallet. This page never sees your password.",
	Cancel:     "Cancel and go back to the shop",
	BackToShop: "Back to {shop}",
	CheckNow:   "I have paid, check now",
	OtherWays:  "Pay another way",

	AlipayCN: "Alipay",
	AlipayHK: "AlipayHK",
	WeChat:   "WeChat Pay",

	HintCode:    "Scan a QR code with your phone",
	HintCashier: "Continue on the wallet’s own page",
	HintApp:     "Opens the app on this phone",
	HintJSAPI:   "Pay here in WeChat",

	AltCodeHere:   "Show a QR code here",
	AltCodeOther:  "Show a QR code for another device",
	AltCashier:    "Open the {wallet} page",
	AltApp:        "Pay on this phone",
	AltJSAPI:      "Pay here in WeChat",
	GuideWeChat:   "Open this page in WeChat",
	GuideBrowser:  "Open this page in your browser",
	WeChatWords:   "Copy the link, send it to yourself in WeChat (to File Transfer, for example), and tap it there to pay. This page will show the result.",
	BrowserWords:  "Copy the link and open it in your phone’s browser, such as Safari or Chrome. Or choose “Open in browser” from the menu in the corner of this screen.",
	Link:          "Link to this payment",
	CopyLink:      "Copy link",
	Copied:        "Copied",
	FrameFallback: "No code to be seen?",

	ChooseTitle: "How would you like to pay?",
	ChooseNone:  "There is no way to pay on this device. Please open this page on your phone or computer.",

	CodeTitle:  "Scan with {wallet}",
	CodeStep1:  "Open {wallet} on your phone.",
	CodeStep2:  "Tap Scan and point it at this code.",
	CodeStep3:  "Check the amount and the payee, then approve.",
	CodeAlt:    "QR code for {wallet}",
	FrameTitle: "QR code from {wallet}",
	Waiting:    "Waiting for your payment",

	RedirectTitle: "Continue in {wallet}",
	RedirectWords: "Finish paying on the {wallet} page, then come back here. The result appears on this page.",
	RedirectOpen:  "Open {wallet}",
	JSAPIWords:    "WeChat asks for your password in its own window.",
	JSAPIPay:      "Pay with WeChat",
	JSAPIMissing:  "WeChat has not answered. Please make sure that this page is open inside WeChat, then try again.",
	JSAPIFailed:   "WeChat could not start the payment. Please try again, or pay another way.",
	JSAPINoScript: "This needs JavaScript, which is off. Please pay another way.",

	ConfirmTitle: "Checking your payment",
	ConfirmWords: "We are asking the wallet. This takes a few seconds. Please do not pay again.",
	ConfirmAgain: "Check now",

	PaidTitle:   "Payment received",
	PaidWords:   "Thank you. {shop} has been told.",
	PaidLeaving: "Taking you back to the shop …",

	FailedTitle: "The payment did not go through",
	FailedWords: "The wallet did not complete it. You can try again or pay another way.",

	ExpiredTitle: "The time to pay is over",
	ExpiredWords: "Please start again in the shop. If you have just paid, your payment is not lost: it will be recorded and the shop told.",

	CanceledTitle: "Payment canceled",
	CanceledWords: "This payment was called off. You can start again in the shop at any time.",

	StatusTitle: "Payment status",
	StatusWords: "No payment has reached us yet. If you have just paid, the result appears here in a moment.",
	StatusAgain: "You can go back to the page where you started and pay again.",
	StatusPaid:  "You can close this page and go back to where you started.",
	StatusOpen:  "Not paid yet",

	GatewayDown:   "The payment service cannot be reached right now. Please try again in a moment.",
	BadForm:       "This page was open for too long. Please try again.",
	TooMany:       "That was too fast. Please wait a moment, then try again.",
	WeChatRefused: "WeChat did not confirm your account. Please try again, or pay another way.",

	NotFoundTitle:    "This payment cannot be found",
	NotFoundWords:    "The link may be incomplete or no longer valid. Please go back to the shop and start again.",
	BadRequestTitle:  "This request cannot be understood",
	BadRequestWords:  "Please go back to the shop and start again.",
	ForbiddenTitle:   "This page cannot be used from here",
	ForbiddenWords:   "Please go back to the payment page and try again.",
	TooManyTitle:     "Too many requests",
	TooManyWords:     "Please wait a moment, then reload this page.",
	ServerTitle:      "Something went wrong on our side",
	ServerWords:      "Please reload this page in a moment. If you have paid, your payment is not lost.",
	UnavailableTitle: "Back in a moment",
	UnavailableWords: "The service is busy or being updated. Please reload this page shortly. If you have paid, your payment is not lost.",

	DemoWords: "Demo: no real money moves.",
	DemoAs:    "View as",
	DemoApply: "Apply",
}
