package client

import "github.com/wantukit/wantukit/checkout/page"

// Millis is a time in milliseconds. It stands in for time.Duration, because
// package time brings a shopper's browser 34 kB for nothing.
type Millis int64

// Larger units.
const (
	Second Millis = 1000
	Minute        = 60 * Second
)

// EventKind says what happened.
type EventKind string

// What can happen to a page.
const (
	// EventStarted comes first and once.
	EventStarted EventKind = "started"
	// EventReplaced brings the Page whose content has taken the place of
	// that which was loaded. Whoever replaced it has said so to a screen reader.
	EventReplaced EventKind = "replaced"
	// EventStreamed brings a Status by the stream, which the server sends
	// once at its opening and then at each change.
	EventStreamed EventKind = "streamed"
	// EventStreamLost says that the stream failed or never opened. It is
	// closed by then.
	EventStreamLost EventKind = "stream_lost"
	// EventPolled and EventPollFailed answer CommandPoll. Exactly one of them
	// follows each.
	EventPolled     EventKind = "polled"
	EventPollFailed EventKind = "poll_failed"
	// EventPosted answers CommandConfirm, whatever came of it.
	EventPosted EventKind = "posted"
	// EventTimer brings the name of a Timer that ran out.
	EventTimer EventKind = "timer"
	// EventVisible says that somebody looks at the page again, or that the
	// network is back.
	EventVisible EventKind = "visible"
	// EventHidden says that nobody looks at the page.
	EventHidden EventKind = "hidden"
	// EventClicked brings the Action of a button.
	EventClicked EventKind = "clicked"
	// EventBridgeReady says that WeixinJSBridge is there.
	EventBridgeReady EventKind = "bridge_ready"
	// EventBridgeAnswered brings the Result of CommandInvokeBridge, and its
	// Words.
	EventBridgeAnswered EventKind = "bridge_answered"
)

// Event is something that happened. Only the field that Kind speaks of is set.
type Event struct {
	Kind EventKind
	// At is the time of a clock that never goes back and that counts while
	// the device sleeps; its zero is any moment before EventStarted.
	At Millis

	Page   Page
	Status Status
	Timer  Timer
	Action string
	Result string
	// Words are what WeixinJSBridge said, as it said it.
	Words string
}

// Status is what the server says about the session.
type Status struct {
	State page.State
	// Attempt names the open order; "" for none.
	Attempt string
	// Remaining is the number of seconds until expiry; negative for none.
	Remaining int
	// Next is where a paid shopper goes; "" until paid.
	Next string
	// Receipt is zero until paid.
	Receipt Receipt
}

// Receipt is what a receipt says beside what the page has held from the
// start, in the page's language.
type Receipt struct{ PaidAt, PaidWith, Number string }

// The Actions of buttons.
const (
	// ActionPay opens WeChat's payment sheet.
	ActionPay = "pay"
	// ActionStay is anything that a shopper does with the receipt: the page
	// then leaves for the shop no more by itself.
	ActionStay = "stay"
)

// The Results of WeixinJSBridge. None is final: each leads to a query.
const (
	ResultOK     = "ok"
	ResultCancel = "cancel"
	ResultFail   = "fail"
)
