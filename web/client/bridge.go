package client

import "github.com/wantukit/wantukit/checkout/page"

const (
	// bridgeWait is how long WeixinJSBridge may take to appear.
	bridgeWait = 5 * Second
	// holdFor is how long a reported payment keeps the page at confirming,
	// while the server still says what it said before.
	holdFor = 10 * Second
)

// bridge is WeixinJSBridge as the page knows it.
type bridge struct {
	ready bool
	// wanted says that the sheet opens as soon as the bridge is ready.
	wanted bool
	// heldUntil is when the server is believed again; see held.
	heldUntil Millis
	// words are what it said last, until the server knows.
	words string
}

// awaitBridge opens the sheet now or as soon as it can be.
func (m *Machine) awaitBridge() {
	if m.bridge.ready {
		m.do(Command{Kind: CommandInvokeBridge})
		return
	}
	m.bridge.wanted = true
	m.setTimer(timerBridge, bridgeWait)
}

func (m *Machine) bridgeReady() {
	m.bridge.ready = true
	if !m.bridge.wanted {
		return
	}
	m.bridge.wanted = false
	m.clearTimer(timerBridge)
	m.do(Command{Kind: CommandConceal, Target: TargetBridgeMissing})
	if m.state == page.Redirecting {
		m.do(Command{Kind: CommandInvokeBridge})
	}
}

// bridgeMissing says so and goes on waiting: a slow bridge may still come.
func (m *Machine) bridgeMissing() {
	m.do(Command{Kind: CommandReveal, Target: TargetBridgeMissing})
}

// pay is the shopper's own try. It is never refused while the page offers it:
// a sheet can vanish without an answer.
func (m *Machine) pay() {
	if m.state != page.Redirecting || !m.page.JSAPI {
		return
	}
	m.do(Command{Kind: CommandConceal, Target: TargetBridgeMissing})
	m.do(Command{Kind: CommandConceal, Target: TargetBridgeFailed})
	m.awaitBridge()
}

// bridgeAnswered asks for the truth whatever the answer: ok is a hint, cancel
// and fail are not final. The words are for the shop's operator.
func (m *Machine) bridgeAnswered(result, words string) {
	m.bridge.words = words
	if result == ResultFail {
		m.do(Command{Kind: CommandReveal, Target: TargetBridgeFailed})
	}
	if result == ResultOK && m.state == page.Redirecting {
		m.bridge.heldUntil = m.now + holdFor
		m.setTimer(timerHold, holdFor)
		m.move(page.Confirming)
	}
	m.confirm()
}

// held reports whether s is what the server said before the shopper paid, and
// the page knows better for a moment.
func (m *Machine) held(s Status) bool {
	return m.now < m.bridge.heldUntil && m.state == page.Confirming && s.State == page.Redirecting
}
