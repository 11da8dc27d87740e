package client

import "github.com/wantukit/wantukit/checkout/page"

// The intervals of polls and retries.
const (
	// pollFast is the first interval, for pollFastFor. Then it is pollSlow.
	pollFast    = 2 * Second
	pollFastFor = Minute
	pollSlow    = 10 * Second
	// pollBackup is the interval while the stream is live: a connection that a
	// phone's network has dropped looks alive for minutes.
	pollBackup = 30 * Second
	// pollFinal is the interval of an expired or canceled page, for pollFinalFor.
	// Money may still arrive in that time.
	pollFinal    = 30 * Second
	pollFinalFor = 10 * Minute

	// The wait before the stream is opened again doubles from streamRetryFirst to
	// streamRetryLast, plus jitter up to the same time again.
	streamRetryFirst = Second
	streamRetryLast  = 30 * Second

	// unreachedIsOffline is the number of polls in a row without a response after which the
	// page says that it is offline. One alone is lost when a phone changes its network.
	unreachedIsOffline = 2

	// confirmInterval is the least time between two CommandConfirm.
	confirmInterval = 2 * Second
)

// watch is the state of the stream and of the polls.
type watch struct {
	// isOpen reports whether a stream was opened, isLive whether it has sent a
	// status. A proxy that buffers responses keeps a stream open without a status.
	isOpen, isLive bool
	// retry is the last wait before the stream was opened again.
	retry Millis
	// isPolling reports whether a poll is in flight.
	isPolling bool
	// pollsAgain reports whether another poll follows the one in flight at once.
	pollsAgain bool
	// unreached is the number of polls in a row that got no response.
	unreached int
	// since is when the present polling began; it decides the interval.
	since Millis
	// confirmedAt is the time of the last CommandConfirm, if hasConfirmed.
	confirmedAt  Millis
	hasConfirmed bool
	// confirmsUntil is until when the page has the gateway queried again by itself.
	confirmsUntil Millis
}

// startWatching opens the stream and starts to poll.
func (m *Machine) startWatching() {
	m.watch.since = m.now
	if !m.state.Final() {
		m.openStream()
	}
	m.reschedule()
}

// watchAgain polls fast again, and opens the stream if it is closed, because the page is
// visible again.
func (m *Machine) watchAgain() {
	m.watch.since = m.now
	m.watch.retry = 0
	if !m.watch.isOpen {
		m.openStream()
	}
}

func (m *Machine) openStream() {
	if m.state.Final() || m.isHidden {
		return
	}
	m.watch.isOpen, m.watch.isLive = true, false
	m.clearTimer(timerStream)
	m.do(Command{Kind: CommandOpenStream})
}

func (m *Machine) stopStream() {
	m.watch.isOpen, m.watch.isLive = false, false
	m.watch.since = m.now
	m.clearTimer(timerStream)
	m.do(Command{Kind: CommandCloseStream})
}

func (m *Machine) streamed(s Status) {
	if !m.watch.isOpen {
		return
	}
	m.watch.isLive, m.watch.retry = true, 0
	m.unreached(0)
	m.status(s)
	if !m.isLeaving {
		m.reschedule()
	}
}

// streamLost sets a timer to open the stream again. The next stream begins with the
// status that the page may have missed. If the stream was not live, the next one may not
// be either, so streamLost polls at once.
//
// When a server restarts, all of its pages lose their streams at once. They come back at
// different times, and do not poll before.
func (m *Machine) streamLost() {
	if !m.watch.isOpen {
		return
	}
	wasLive := m.watch.isLive
	m.watch.isOpen, m.watch.isLive = false, false
	m.watch.retry = min(max(2*m.watch.retry, streamRetryFirst), streamRetryLast)
	m.setTimer(timerStream, m.watch.retry+m.jitter(m.watch.retry))
	if wasLive {
		m.watch.since = m.now
		m.reschedule()
		return
	}
	m.poll()
}

// jitter returns a time in [0, below). It differs from page to page, because each page
// counts its time from its own start.
func (m *Machine) jitter(below Millis) Millis { return m.now % below }

// poll requests the status, unless a poll is in flight.
func (m *Machine) poll() {
	if m.watch.isPolling || m.state == page.Paid {
		return
	}
	m.watch.isPolling = true
	m.clearTimer(timerPoll)
	m.do(Command{Kind: CommandPoll})
}

// polled handles the status of a poll. If a live stream has not sent the change, the
// stream is dead, so polled opens a new one.
func (m *Machine) polled(s Status) {
	m.unreached(0)
	wasLive := m.watch.isLive
	if changed := m.status(s); changed && wasLive && !m.isLeaving && !m.state.Final() {
		m.openStream()
	}
	m.pollEnded()
	m.confirmAgain()
}

func (m *Machine) pollFailed(isUnreached bool) {
	if isUnreached {
		m.unreached(m.watch.unreached + 1)
	} else {
		m.unreached(0)
	}
	m.pollEnded()
}

// unreached notes how many polls in a row got no response. It says when the page is offline,
// and when it no longer is.
func (m *Machine) unreached(polls int) {
	was, is := m.watch.unreached >= unreachedIsOffline, polls >= unreachedIsOffline
	m.watch.unreached = polls
	switch {
	case is && !was:
		m.do(Command{Kind: CommandReveal, Target: TargetOffline})
		m.do(Command{Kind: CommandAnnounce, Target: TargetOffline})
	case was && !is:
		m.do(Command{Kind: CommandConceal, Target: TargetOffline})
	}
}

func (m *Machine) pollEnded() {
	m.watch.isPolling = false
	switch {
	case m.isLeaving:
	case m.watch.pollsAgain && !m.state.Final():
		m.watch.pollsAgain = false
		m.poll()
	default:
		m.reschedule()
	}
}

// reschedule sets the timer of the next poll, unless a poll is in flight or the page
// needs no more polls.
func (m *Machine) reschedule() {
	interval := m.pollInterval()
	switch {
	case interval == 0:
		m.clearTimer(timerPoll)
	case !m.watch.isPolling:
		m.setTimer(timerPoll, interval)
	}
}

// pollInterval returns the time until the next poll; 0 for never.
func (m *Machine) pollInterval() Millis {
	waited := m.now - m.watch.since
	switch {
	case m.state == page.Paid, m.isHidden:
		return 0
	case m.state.Final() && waited >= pollFinalFor:
		return 0
	case m.state.Final():
		return pollFinal
	case m.watch.isLive:
		return pollBackup
	case waited >= pollFastFor:
		return pollSlow
	default:
		return pollFast
	}
}

// confirm has the server query the gateway for the page's attempt, now or when
// confirmInterval is over.
func (m *Machine) confirm() {
	if m.state.Final() || m.page.Attempt == "" {
		return
	}
	if wait := m.watch.confirmedAt + confirmInterval - m.now; m.watch.hasConfirmed && wait > 0 {
		m.setTimer(timerConfirm, wait)
		return
	}
	m.watch.hasConfirmed, m.watch.confirmedAt = true, m.now
	m.do(Command{Kind: CommandConfirm, Text: m.bridge.words})
	m.bridge.words = ""
}

// posted polls for the result of the query, also while a stream is live: another node may
// have queried. A poll that is in flight may be too early for it.
func (m *Machine) posted() {
	m.watch.pollsAgain = m.watch.isPolling
	m.poll()
}

// backFor is how long a page that came back from a wallet asks for the payment by itself.
// The server then says that nothing was paid.
const backFor = 5 * Second

// confirmFor has the gateway queried now, and again until it has answered or the time is
// over. Then it looks at the status once more.
func (m *Machine) confirmFor(time Millis) {
	m.watch.confirmsUntil = m.now + time
	m.setTimer(timerRecheck, time)
	m.confirm()
}

// confirmAgain queries again where the last query was too early for the server.
func (m *Machine) confirmAgain() {
	if m.state == page.Confirming && m.now < m.watch.confirmsUntil {
		m.confirm()
	}
}
