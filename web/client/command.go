package client

import "github.com/wantukit/wantukit/checkout/page"

// CommandKind is the kind of a command.
type CommandKind string

// The kinds of commands. The Worker carries out the first group, the page's own thread
// the second.
const (
	// CommandOpenStream opens the stream. It closes a stream that is open.
	CommandOpenStream CommandKind = "open_stream"
	// CommandCloseStream closes the stream, without an event.
	CommandCloseStream CommandKind = "close_stream"
	// CommandPoll requests the status once.
	CommandPoll CommandKind = "poll"
	// CommandConfirm asks the server to query the gateway now. Text is the answer of
	// WeixinJSBridge since the last CommandConfirm; "" for none.
	CommandConfirm CommandKind = "confirm"
	// CommandSetTimer sets Timer, which sends EventTimer after After. It replaces a
	// timer with the same name.
	CommandSetTimer CommandKind = "set_timer"
	// CommandClearTimer clears Timer if it is set.
	CommandClearTimer CommandKind = "clear_timer"

	// CommandShow shows State. Target is TargetReturned if the shopper is back from the
	// wallet and has not paid, else "".
	CommandShow CommandKind = "show"
	// CommandAnnounce has a screen reader speak the text of Target.
	CommandAnnounce CommandKind = "announce"
	// CommandSetText writes Text into Target.
	CommandSetText CommandKind = "set_text"
	// CommandSetLink sets the URL of the link Target, and shows the link.
	CommandSetLink CommandKind = "set_link"
	// CommandReveal and CommandConceal show and hide Target.
	CommandReveal  CommandKind = "reveal"
	CommandConceal CommandKind = "conceal"
	// CommandInvokeBridge opens WeChat's payment sheet.
	CommandInvokeBridge CommandKind = "invoke_bridge"
	// CommandNavigate opens URL in the page's own window.
	CommandNavigate CommandKind = "navigate"
	// CommandReload fetches the page again. EventReplaced follows if the new content
	// could replace the old one without a load.
	CommandReload CommandKind = "reload"
	// CommandRenew places a new order for the code. EventReplaced follows if that
	// succeeds.
	CommandRenew CommandKind = "renew"
)

// Command is an instruction. Only the fields that the description of its Kind names
// are set.
type Command struct {
	Kind   CommandKind
	State  page.State
	Target Target
	Text   string
	URL    string
	Timer  Timer
	After  Millis
}

// Target names a part of the page. The text of a page.State is a Target of
// CommandAnnounce too: the heading of that state.
type Target string

// The targets of commands.
const (
	// TargetClock is the line with the countdown, TargetCountdown its digits.
	TargetClock     Target = "clock"
	TargetCountdown Target = "countdown"
	// TargetPaidAt, TargetPaidWith and TargetPaidNumber are lines of the
	// receipt.
	TargetPaidAt     Target = "paid-at"
	TargetPaidWith   Target = "paid-with"
	TargetPaidNumber Target = "paid-no"
	// TargetNext is the receipt's link to the shop. TargetLeavingIn is the time in its
	// label until the page opens the shop by itself, and TargetLeaving the button that
	// stops this.
	TargetNext      Target = "next"
	TargetLeavingIn Target = "leaving-in"
	TargetLeaving   Target = "leaving"
	// TargetLastMinute marks the countdown when a minute or less is left.
	TargetLastMinute Target = "last-minute"
	// TargetBridgeMissing and TargetBridgeFailed are warnings about WeixinJSBridge.
	TargetBridgeMissing Target = "bridge-missing"
	TargetBridgeFailed  Target = "bridge-failed"
	// TargetOffline says that the network is away.
	TargetOffline Target = "offline"
	// TargetReturned is the heading that says that nothing was paid.
	TargetReturned Target = "returned"
)

// Timer is the name of one of the machine's timers. The caller needs no particular
// name: it passes the Timer of CommandSetTimer back in EventTimer.
type Timer string

// The timers of a page.
const (
	timerPoll    Timer = "poll"
	timerStream  Timer = "stream"
	timerTick    Timer = "tick"
	timerConfirm Timer = "confirm"
	timerBridge  Timer = "bridge"
	timerRecheck Timer = "recheck"
	timerLeave   Timer = "leave"
	timerRenew   Timer = "renew"
)
