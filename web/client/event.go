package client

import "github.com/wantukit/wantukit/checkout/page"

// Millis is a time or a duration in milliseconds. It replaces time.Duration, because
// package time would add 34 kB to the program.
type Millis int64

// The units of Millis.
const (
	Second Millis = 1000
	Minute        = 60 * Second
)

// EventKind is the kind of an event.
type EventKind string

// The kinds of events.
const (
	// EventStarted is the first event, and comes once.
	EventStarted EventKind = "started"
	// EventReplaced has the Page of the new content, which has replaced the old one
	// without a load. A screen reader has been told already.
	EventReplaced EventKind = "replaced"
	// EventStreamed has a Status from the stream. The server sends one when the stream
	// opens, and one after each change.
	EventStreamed EventKind = "streamed"
	// EventStreamLost means that the stream failed or could not be opened. The stream
	// is closed.
	EventStreamLost EventKind = "stream_lost"
	// EventPolled, with a Status, or EventPollFailed follows each CommandPoll.
	// EventPollFailed has IsUnreached.
	EventPolled     EventKind = "polled"
	EventPollFailed EventKind = "poll_failed"
	// EventPosted follows each CommandConfirm, even if the request failed. It also means
	// that the page's own thread had the gateway queried.
	EventPosted EventKind = "posted"
	// EventTimer has the Timer that ran out.
	EventTimer EventKind = "timer"
	// EventVisible means that the page is visible again, or that the network is back.
	EventVisible EventKind = "visible"
	// EventOffline means that the network is away: the browser says so, or a request of the
	// page's own thread got no response.
	EventOffline EventKind = "offline"
	// EventHidden means that the page is hidden.
	EventHidden EventKind = "hidden"
	// EventClicked has the Action of a button.
	EventClicked EventKind = "clicked"
	// EventBridgeReady means that WeixinJSBridge is ready.
	EventBridgeReady EventKind = "bridge_ready"
	// EventBridgeAnswered has the Result of CommandInvokeBridge, and its Words.
	EventBridgeAnswered EventKind = "bridge_answered"
)

// Event is something that happened. Only At and the fields that the description of
// its Kind names are set.
type Event struct {
	Kind EventKind
	// At is the time since some moment before EventStarted, by a clock that never goes
	// back and that goes on while the device sleeps.
	At Millis

	Page   Page
	Status Status
	// IsUnreached reports whether a poll got no response. Another failed poll got an error.
	IsUnreached bool
	Timer       Timer
	Action      string
	Result      string
	// Words is the unchanged text of WeixinJSBridge's answer.
	Words string
}

// Status is the server's status of the session.
type Status struct {
	State page.State
	// Attempt is the ID of the attempt that the state is about, open or not; "" for
	// none.
	Attempt string
	// Remaining is the number of seconds until expiry; 0 after it. A negative number
	// stops the countdown, but the server sends none.
	Remaining int
	// Next is the URL of the shop for a paid shopper; "" until paid.
	Next string
	// Receipt is zero until paid.
	Receipt Receipt
}

// Receipt is the part of the receipt that the page does not know until it is paid, in
// the page's language.
type Receipt struct{ PaidAt, PaidWith, Number string }

// The values of Action.
const (
	// ActionPay opens WeChat's payment sheet.
	ActionPay = "pay"
	// ActionStay is any use of the receipt. After it, the page does not open the shop
	// by itself.
	ActionStay = "stay"
)

// The values of Result. None is final: after each of them the gateway is queried.
const (
	ResultOK     = "ok"
	ResultCancel = "cancel"
	ResultFail   = "fail"
)
