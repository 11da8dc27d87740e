// Package client is the behaviour of the checkout page as a pure state machine. Its
// input is an [Event], its output is a list of [Command]. It uses no clock and no
// browser, so its tests need neither; web/wasm connects it to the browser.
//
// Make a machine with [New], pass it [EventStarted], and carry out the commands that
// [Machine.Handle] returns, in order. The machine is deterministic: the same page and
// the same events give the same commands.
package client

import "github.com/wantukit/wantukit/checkout/page"

// Page is the data of the page in the server's HTML.
type Page struct {
	State page.State
	// Attempt is the ID of the attempt that the page is about, with or without a code
	// or a link; "" for none.
	Attempt string
	// Remaining is the number of seconds until expiry. It is negative for a page
	// without a countdown.
	Remaining int
	// Renew is the number of seconds until the code should be renewed; 0 or less for
	// never.
	Renew int
	// Next is the URL of the shop for a paid shopper; "" until paid.
	Next string
	// Receipt is zero in a new Page. The Machine sets it from the Status that reports
	// the payment.
	Receipt Receipt
	// JSAPI reports whether the page has parameters for WeixinJSBridge.
	JSAPI bool
	// StatusOnly reports whether the page shows only a status and cannot pay.
	StatusOnly bool
	// Embedded reports whether the page is in another page's frame.
	Embedded bool
}

// Machine is the state of one page. Make one with New.
type Machine struct {
	page     Page
	state    page.State
	now      Millis
	commands []Command

	watch    watch
	clock    clock
	bridge   bridge
	isHidden bool
	// isLeaving reports whether the page is about to be replaced. The machine then
	// ignores most events.
	isLeaving bool
	// leavingIn is the number of seconds until a receipt opens the shop.
	leavingIn int
}

// New returns the machine of a page that has loaded. An unknown state becomes
// page.Choose.
func New(loaded Page) *Machine {
	return &Machine{page: loaded, state: knownState(loaded.State)}
}

// knownState returns s, or page.Choose for a state that is not in the table.
func knownState(s page.State) page.State {
	if !s.Valid() {
		return page.Choose
	}
	return s
}

// State returns the state that the page shows.
func (m *Machine) State() page.State { return m.state }

// Handle handles one event, and returns the commands to carry out, in order. The caller
// may keep the slice.
func (m *Machine) Handle(e Event) []Command {
	m.commands = nil
	m.now = max(m.now, e.At)
	if e.Kind == EventVisible || e.Kind == EventReplaced {
		// The page came back from the back-forward cache, or got new content.
		m.isLeaving = false
	}
	if m.isLeaving {
		m.handleLeaving(e)
	} else {
		m.dispatch(e)
	}
	return m.commands
}

// handleLeaving handles an event while the page is leaving. It only records the ends of
// polls and streams, and that the page is hidden, because the page may stay after all.
func (m *Machine) handleLeaving(e Event) {
	switch e.Kind {
	case EventPolled, EventPollFailed:
		m.watch.isPolling = false
	case EventStreamLost:
		m.watch.isOpen, m.watch.isLive = false, false
	case EventHidden:
		m.hidden()
	default:
	}
}

func (m *Machine) dispatch(e Event) {
	switch e.Kind {
	case EventStarted:
		m.started()
	case EventReplaced:
		m.replaced(e.Page)
	case EventStreamed:
		m.streamed(e.Status)
	case EventStreamLost:
		m.streamLost()
	case EventPolled:
		m.polled(e.Status)
	case EventPollFailed:
		m.pollFailed(e.IsUnreached)
	case EventOffline:
		m.unreached(unreachedIsOffline)
	case EventPosted:
		m.posted()
	case EventTimer:
		m.timer(e.Timer)
	case EventVisible:
		m.visible()
	case EventHidden:
		m.hidden()
	case EventClicked:
		m.clicked(e.Action)
	case EventBridgeReady:
		m.bridgeReady()
	case EventBridgeAnswered:
		m.bridgeAnswered(e.Result, e.Words)
	}
}

// started begins to watch the session, unless the page has loaded with the receipt. Such
// a page stays as it is.
func (m *Machine) started() {
	if m.state == page.Paid {
		return
	}
	m.begin()
	if m.state == page.Confirming {
		m.confirmFor(backFor) // the shopper is back from the wallet
	}
	if m.state == page.Redirecting && m.page.JSAPI {
		m.openSheet()
	}
}

// begin starts the countdown, the renewal of the code, and the watching.
func (m *Machine) begin() {
	m.clock.set(m.page.Remaining, m.now)
	m.tick()
	m.renewIn(Millis(m.page.Renew) * Second)
	m.startWatching()
}

// replaced continues with the page's new content: another code or other wallets.
func (m *Machine) replaced(p Page) {
	m.unreached(0)
	same := p.Attempt == m.page.Attempt
	p.Embedded = m.page.Embedded
	m.page, m.state = p, knownState(p.State)
	m.clock.text, m.clock.isLastMinute, m.bridge.confirmingUntil, m.bridge.opensWhenReady = "", false, 0, false
	for _, timer := range []Timer{timerRenew, timerBridge, timerRecheck, timerLeave} { // of the old content
		m.clearTimer(timer)
	}
	if m.state.Final() {
		m.finish()
		if m.state == page.Paid {
			m.receipt()
		}
		return
	}
	m.begin()
	if same && p.Renew > 0 {
		m.renewIn(max(Millis(p.Renew)*Second, renewRetry)) // the server did not renew the code
	}
}

// renewRetry is the wait after a code could not be renewed.
const renewRetry = 30 * Second

// renewIn sets the timer of the code's renewal.
func (m *Machine) renewIn(after Millis) {
	if m.state == page.Code && after > 0 {
		m.setTimer(timerRenew, after)
	}
}

// renew has the server replace a code that is about to expire.
func (m *Machine) renew() {
	if m.state == page.Code {
		m.do(Command{Kind: CommandRenew})
		m.setTimer(timerRenew, renewRetry)
	}
}

func (m *Machine) timer(name Timer) {
	switch name {
	case timerPoll, timerRecheck:
		m.poll()
	case timerStream:
		m.openStream()
	case timerTick:
		m.tick()
	case timerConfirm:
		m.confirm()
	case timerBridge:
		m.bridgeMissing()
	case timerRenew:
		m.renew()
	case timerLeave:
		m.leaveIn(m.leavingIn - 1)
	}
}

// hidden closes the stream and polls no more: a browser has few connections to a server
// over HTTP/1.1, and the other tabs need them.
func (m *Machine) hidden() {
	m.isHidden = true
	m.clearTimer(timerTick)
	if !m.state.Final() {
		m.stopStream()
		m.reschedule()
	}
}

// visible fetches the status and has the gateway queried: the shopper may have paid in
// an app or on another device while the page was hidden.
func (m *Machine) visible() {
	m.isHidden = false
	if m.state == page.Paid {
		return
	}
	m.tick()
	m.watchAgain()
	m.confirm()
	m.poll()
}

func (m *Machine) clicked(action string) {
	switch action {
	case ActionPay:
		m.pay()
	case ActionStay:
		m.stay()
	}
}

// leave emits a command that replaces the page. After it, the machine ignores most
// events.
func (m *Machine) leave(c Command) {
	m.isLeaving = true
	m.do(c)
}

func (m *Machine) do(c Command) { m.commands = append(m.commands, c) }

func (m *Machine) setText(target Target, text string) {
	m.do(Command{Kind: CommandSetText, Target: target, Text: text})
}

func (m *Machine) setTimer(name Timer, after Millis) {
	m.do(Command{Kind: CommandSetTimer, Timer: name, After: after})
}

func (m *Machine) clearTimer(name Timer) {
	m.do(Command{Kind: CommandClearTimer, Timer: name})
}
