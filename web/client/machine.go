// Package client is the behaviour of the checkout page as a pure machine: what
// happened goes in as an [Event], what to do comes out as [Command]s. It knows
// neither a clock nor a browser, so it is tested natively; web/wasm connects
// it to a real one.
//
// Make one with [New], tell it [EventStarted], and carry out what
// [Machine.Handle] returns, in order. The machine is deterministic: the same
// page and events give the same commands.
package client

import "github.com/wantukit/wantukit/checkout/page"

// Page is what the server's HTML says at load.
type Page struct {
	State page.State
	// Attempt names the order whose code or link the page holds.
	Attempt string
	// Remaining is the number of seconds until expiry; negative for none.
	Remaining int
	// Renew is the number of seconds until the code should be started anew; 0
	// or less for never.
	Renew int
	// Next is where a paid shopper goes; "" until paid.
	Next string
	// Receipt is what the receipt says, once a status brought it.
	Receipt Receipt
	// JSAPI says that the page holds parameters for WeixinJSBridge.
	JSAPI bool
	// StatusOnly says that the page shows a status and cannot pay.
	StatusOnly bool
	// Embedded says that the page is in another page's frame.
	Embedded bool
}

// Machine is the state of one page. Use New.
type Machine struct {
	page  Page
	state page.State
	now   Millis
	out   []Command

	watch  watch
	clock  clock
	bridge bridge
	// hidden says that nobody looks.
	hidden bool
	// leaving says that the page is about to be replaced: nothing matters.
	leaving bool
}

// New returns the machine of a page that has loaded. A state that is not in
// the table counts as choose.
func New(loaded Page) *Machine {
	return &Machine{page: loaded, state: known(loaded.State)}
}

func known(s page.State) page.State {
	if !s.Valid() {
		return page.Choose
	}
	return s
}

// State returns what the page shows.
func (m *Machine) State() page.State { return m.state }

// Handle takes one event and returns what to do, in order. The slice is the
// caller's.
func (m *Machine) Handle(e Event) []Command {
	m.out = nil
	m.now = max(m.now, e.At)
	if e.Kind == EventVisible || e.Kind == EventReplaced {
		// A page that was left comes back from the back-forward cache, or
		// stays with another content.
		m.leaving = false
	}
	if m.leaving {
		m.missed(e)
	} else {
		m.dispatch(e)
	}
	return m.out
}

// missed keeps count of what runs while the page leaves, in case it stays.
func (m *Machine) missed(e Event) {
	if e.Kind == EventPolled || e.Kind == EventPollFailed {
		m.watch.inFlight = false
	}
	if e.Kind == EventStreamLost {
		m.watch.open, m.watch.live = false, false
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
		m.pollEnded()
	case EventPosted:
		m.posted()
	case EventTimer:
		m.timer(e.Timer)
	case EventVisible:
		m.visible()
	case EventHidden:
		m.hidden = true
		m.clearTimer(timerTick)
	case EventClicked:
		m.clicked(e.Action)
	case EventBridgeReady:
		m.bridgeReady()
	case EventBridgeAnswered:
		m.bridgeAnswered(e.Result, e.Words)
	}
}

// started begins to watch, unless the receipt is already shown: nothing takes
// it back, and a page that loads with it stays.
func (m *Machine) started() {
	m.tellParent()
	if m.state == page.Paid {
		return
	}
	m.live()
	if m.state == page.Confirming {
		m.confirm() // the shopper is back from the wallet: ask at once
	}
	if m.state == page.Redirecting && m.page.JSAPI {
		m.awaitBridge()
	}
}

// live begins to count down and to watch.
func (m *Machine) live() {
	m.clock.set(m.page.Remaining, m.now)
	m.tick()
	m.renewIn(Millis(m.page.Renew) * Second)
	m.startWatching()
}

// replaced takes the page's new content: another code or other ways to pay.
func (m *Machine) replaced(p Page) {
	same := p.Attempt == m.page.Attempt
	p.Embedded = m.page.Embedded
	m.page, m.state = p, known(p.State)
	m.clock.text, m.bridge.heldUntil, m.bridge.wanted = "", 0, false
	for _, of := range []Timer{timerRenew, timerBridge, timerHold, timerLeave} { // the old content's
		m.clearTimer(of)
	}
	m.tellParent()
	if m.state.Final() {
		m.finish()
		if m.state == page.Paid {
			m.receipt()
		}
		return
	}
	m.live()
	if same && p.Renew > 0 {
		m.renewIn(max(Millis(p.Renew)*Second, renewAgain)) // it could not be renewed
	}
}

// renewAgain is how long to wait after a code could not be renewed.
const renewAgain = 30 * Second

func (m *Machine) renewIn(after Millis) {
	if m.state == page.Code && after > 0 {
		m.setTimer(timerRenew, after)
	}
}

// renew has the server replace a code that is about to die.
func (m *Machine) renew() {
	if m.state == page.Code {
		m.do(Command{Kind: CommandRenew})
		m.setTimer(timerRenew, renewAgain)
	}
}

func (m *Machine) timer(name Timer) {
	switch name {
	case timerPoll, timerHold:
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
		m.leave(Command{Kind: CommandNavigate, URL: m.page.Next})
	}
}

// visible comes back to the truth: the payment may have been made, in an app
// or on another device, while nobody looked.
func (m *Machine) visible() {
	m.hidden = false
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

// leave ends the page: what comes after is for the next one.
func (m *Machine) leave(c Command) {
	m.leaving = true
	m.do(c)
}

func (m *Machine) tellParent() {
	if m.page.Embedded {
		m.do(Command{Kind: CommandTellParent, State: m.state})
	}
}

func (m *Machine) do(c Command) { m.out = append(m.out, c) }

func (m *Machine) setText(target Target, text string) {
	m.do(Command{Kind: CommandSetText, Target: target, Text: text})
}

func (m *Machine) setTimer(name Timer, after Millis) {
	m.do(Command{Kind: CommandSetTimer, Timer: name, After: after})
}

func (m *Machine) clearTimer(name Timer) {
	m.do(Command{Kind: CommandClearTimer, Timer: name})
}
