package client

import "github.com/wantukit/wantukit/checkout/page"

// CommandKind says what to do.
type CommandKind string

// What a page can be told to do. The first group stays in the Worker, the
// second is carried out by the page.
const (
	// CommandOpenStream opens the stream, in place of one that is open.
	CommandOpenStream CommandKind = "open_stream"
	// CommandCloseStream closes it without an event.
	CommandCloseStream CommandKind = "close_stream"
	// CommandPoll asks for the status once.
	CommandPoll CommandKind = "poll"
	// CommandConfirm posts that the gateway should be asked now, and as Text
	// what WeixinJSBridge said, if it said something since the last time.
	CommandConfirm CommandKind = "confirm"
	// CommandSetTimer sends EventTimer After from now. A timer of the same
	// name is replaced.
	CommandSetTimer CommandKind = "set_timer"
	// CommandClearTimer forgets a timer, which may not be set.
	CommandClearTimer CommandKind = "clear_timer"

	// CommandShow shows State.
	CommandShow CommandKind = "show"
	// CommandAnnounce has a screen reader say the words of Target.
	CommandAnnounce CommandKind = "announce"
	// CommandSetText writes Text into Target.
	CommandSetText CommandKind = "set_text"
	// CommandSetLink makes Target lead to URL and shows it.
	CommandSetLink CommandKind = "set_link"
	// CommandReveal and CommandConceal show and hide Target.
	CommandReveal  CommandKind = "reveal"
	CommandConceal CommandKind = "conceal"
	// CommandInvokeBridge opens WeChat's payment sheet.
	CommandInvokeBridge CommandKind = "invoke_bridge"
	// CommandTellParent tells an embedding page the State.
	CommandTellParent CommandKind = "tell_parent"
	// CommandNavigate goes to URL.
	CommandNavigate CommandKind = "navigate"
	// CommandReload fetches the page anew. EventReplaced follows where that
	// could be done in place.
	CommandReload CommandKind = "reload"
	// CommandRenew starts the code's order anew. EventReplaced follows where
	// that succeeded.
	CommandRenew CommandKind = "renew"
)

// Command is one thing to do. Only the fields that Kind speaks of are set.
type Command struct {
	Kind   CommandKind
	State  page.State
	Target Target
	Text   string
	URL    string
	Timer  Timer
	After  Millis
}

// Target names a part of the page. A PageState's text is a Target too, for
// CommandAnnounce: the heading of that state.
type Target string

// The parts of the page that commands speak of.
const (
	// TargetClock is the line with the countdown, TargetCountdown its digits.
	TargetClock     Target = "clock"
	TargetCountdown Target = "countdown"
	// TargetPaidAt, TargetPaidWith and TargetPaidNumber are lines of the
	// receipt.
	TargetPaidAt     Target = "paid-at"
	TargetPaidWith   Target = "paid-with"
	TargetPaidNumber Target = "paid-no"
	// TargetNext is the link to the shop on the receipt, TargetLeaving the
	// words that it is about to be followed.
	TargetNext    Target = "next"
	TargetLeaving Target = "leaving"
	// TargetBridgeMissing and TargetBridgeFailed are words about WeChat.
	TargetBridgeMissing Target = "bridge-missing"
	TargetBridgeFailed  Target = "bridge-failed"
)

// Timer names a timer.
type Timer string

// The timers of a page.
const (
	timerPoll    Timer = "poll"
	timerStream  Timer = "stream"
	timerTick    Timer = "tick"
	timerConfirm Timer = "confirm"
	timerBridge  Timer = "bridge"
	timerHold    Timer = "hold"
	timerLeave   Timer = "leave"
	timerRenew   Timer = "renew"
)
