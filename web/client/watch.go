package client

import "github.com/wantukit/wantukit/checkout/page"

// How often the status is asked for.
const (
	pollFast = 2 * Second
	pollSlow = 10 * Second
	// fastFor is how long pollFast lasts.
	fastFor = Minute
	// pollSpare is beside a live stream: a connection that a phone's network
	// has dropped goes on looking alive for minutes.
	pollSpare = 30 * Second
	// pollLate is for an expired or canceled page, where money may still
	// arrive, and lateFor is how long that is worth waiting for.
	pollLate = 30 * Second
	lateFor  = 10 * Minute

	// streamRetry doubles from the first to the last.
	streamRetryFirst = Second
	streamRetryLast  = 30 * Second

	// confirmEvery is the least time between two requests to ask the gateway.
	confirmEvery = 2 * Second
)

// watch is how the page learns the state.
type watch struct {
	// open says that a stream is asked for, live that it has spoken. A proxy
	// that buffers leaves it open and not live.
	open, live bool
	retry      Millis
	// inFlight says that a poll is unanswered.
	inFlight bool
	// since is when the page began to wait in its present way.
	since Millis
	// confirmedAt is when the gateway was last asked for; confirmed whether
	// it ever was.
	confirmedAt Millis
	confirmed   bool
}

func (m *Machine) startWatching() {
	m.watch.since = m.now
	if !m.state.Final() {
		m.openStream()
	}
	m.reschedule()
}

// watchAgain is startWatching for somebody who came back.
func (m *Machine) watchAgain() {
	m.watch.since = m.now
	m.watch.retry = 0
	if !m.watch.open {
		m.openStream()
	}
}

func (m *Machine) openStream() {
	if m.state.Final() {
		return
	}
	m.watch.open, m.watch.live = true, false
	m.clearTimer(timerStream)
	m.do(Command{Kind: CommandOpenStream})
}

func (m *Machine) stopStream() {
	m.watch.open, m.watch.live = false, false
	m.watch.since = m.now
	m.clearTimer(timerStream)
	m.do(Command{Kind: CommandCloseStream})
}

func (m *Machine) streamed(s Status) {
	if !m.watch.open {
		return
	}
	m.watch.live, m.watch.retry = true, 0
	m.status(s)
	if !m.leaving {
		m.reschedule()
	}
}

// streamLost polls at once, for what the stream may have missed, and tries the
// stream again later.
func (m *Machine) streamLost() {
	if !m.watch.open {
		return
	}
	if m.watch.live {
		m.watch.since = m.now
	}
	m.watch.open, m.watch.live = false, false
	m.watch.retry = min(max(2*m.watch.retry, streamRetryFirst), streamRetryLast)
	m.setTimer(timerStream, m.watch.retry)
	m.poll()
}

// poll asks for the status, unless an answer is on its way.
func (m *Machine) poll() {
	if m.watch.inFlight || m.state == page.Paid {
		return
	}
	m.watch.inFlight = true
	m.clearTimer(timerPoll)
	m.do(Command{Kind: CommandPoll})
}

// polled takes the answer. News that a live stream did not bring shows that it
// is dead, so it is opened anew.
func (m *Machine) polled(s Status) {
	dead := m.watch.live
	if news := m.status(s); news && dead && !m.leaving && !m.state.Final() {
		m.openStream()
	}
	m.pollEnded()
}

func (m *Machine) pollEnded() {
	m.watch.inFlight = false
	if !m.leaving {
		m.reschedule()
	}
}

// reschedule sets the time of the next poll: while none is in flight, one is
// always due, until nothing can change.
func (m *Machine) reschedule() {
	after := m.pollAfter()
	switch {
	case after == 0:
		m.clearTimer(timerPoll)
	case !m.watch.inFlight:
		m.setTimer(timerPoll, after)
	}
}

// pollAfter returns the time to the next poll, 0 for never.
func (m *Machine) pollAfter() Millis {
	waited := m.now - m.watch.since
	switch {
	case m.state == page.Paid:
		return 0
	case m.state.Final() && waited >= lateFor:
		return 0
	case m.state.Final():
		return pollLate
	case m.watch.live:
		return pollSpare
	case waited >= fastFor:
		return pollSlow
	default:
		return pollFast
	}
}

// confirm has the gateway asked for the page's order, now or as soon as the
// last time is far enough.
func (m *Machine) confirm() {
	if m.state.Final() || m.page.Attempt == "" {
		return
	}
	if wait := m.watch.confirmedAt + confirmEvery - m.now; m.watch.confirmed && wait > 0 {
		m.setTimer(timerConfirm, wait)
		return
	}
	m.watch.confirmed, m.watch.confirmedAt = true, m.now
	m.do(Command{Kind: CommandConfirm, Text: m.bridge.words})
	m.bridge.words = ""
}

// posted fetches what the gateway said, where no stream will.
func (m *Machine) posted() {
	if !m.watch.live {
		m.poll()
	}
}
