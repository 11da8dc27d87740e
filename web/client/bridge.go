package client

import "github.com/wantukit/wantukit/checkout/page"

const (
	// bridgeWait is the time that WeixinJSBridge has to appear.
	bridgeWait = 5 * Second
	// confirmingFor is how long the page stays at confirming after the sheet reported
	// a payment, while the server still sends the status from before.
	confirmingFor = 10 * Second
)

// bridge is the state of WeixinJSBridge.
type bridge struct {
	isReady bool
	// opensWhenReady reports whether the sheet opens as soon as the bridge is ready.
	opensWhenReady bool
	// confirmingUntil is the end of the time in which isOutdated ignores a status.
	confirmingUntil Millis
	// words is the last answer of the bridge that was not yet sent to the server.
	words string
}

// openSheet opens WeChat's payment sheet now, or when the bridge is ready.
func (m *Machine) openSheet() {
	if m.bridge.isReady {
		m.do(Command{Kind: CommandInvokeBridge})
		return
	}
	m.bridge.opensWhenReady = true
	m.setTimer(timerBridge, bridgeWait)
}

func (m *Machine) bridgeReady() {
	m.bridge.isReady = true
	if !m.bridge.opensWhenReady {
		return
	}
	m.bridge.opensWhenReady = false
	m.clearTimer(timerBridge)
	m.do(Command{Kind: CommandConceal, Target: TargetBridgeMissing})
	if m.state == page.Redirecting {
		m.do(Command{Kind: CommandInvokeBridge})
	}
}

// bridgeMissing shows that the bridge is missing, and keeps waiting: a slow bridge may
// still appear.
func (m *Machine) bridgeMissing() {
	m.do(Command{Kind: CommandReveal, Target: TargetBridgeMissing})
}

// pay opens the sheet because the shopper pressed the button. The shopper may do so
// again at any time, because a sheet can disappear without an answer.
func (m *Machine) pay() {
	if m.state != page.Redirecting || !m.page.JSAPI {
		return
	}
	m.do(Command{Kind: CommandConceal, Target: TargetBridgeMissing})
	m.do(Command{Kind: CommandConceal, Target: TargetBridgeFailed})
	m.openSheet()
}

// bridgeAnswered has the gateway queried after every answer: ok is only a hint, and
// cancel and fail are not final. words is the answer's text, for the shop's operator.
func (m *Machine) bridgeAnswered(result, words string) {
	m.bridge.words = words
	if result == ResultFail {
		m.do(Command{Kind: CommandReveal, Target: TargetBridgeFailed})
	}
	if result == ResultOK && m.state == page.Redirecting {
		m.bridge.confirmingUntil = m.now + confirmingFor
		m.setTimer(timerRecheck, confirmingFor)
		m.move(page.Confirming)
	}
	m.confirm()
}

// isOutdated reports whether s is the server's status from before the sheet reported a
// payment.
func (m *Machine) isOutdated(s Status) bool {
	return m.now < m.bridge.confirmingUntil && m.state == page.Confirming && s.State == page.Redirecting
}
