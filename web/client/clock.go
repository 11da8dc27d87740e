package client

import "github.com/wantukit/wantukit/checkout/page"

// clock counts down to the session's expiry. It uses the remaining time from the
// server, so the device's clock may be wrong.
type clock struct {
	isRunning bool
	end       Millis
	// text is the countdown that the page shows.
	text string
	// isLastMinute reports whether the countdown is marked.
	isLastMinute bool
	// lastSeconds is the number of seconds left at the last tick.
	lastSeconds int
	// hasPolled reports whether the page has polled at the end.
	hasPolled bool
}

// announceAt are the numbers of seconds left at which a screen reader speaks the time.
var announceAt = []int{600, 300, 60}

func (c *clock) set(remaining int, now Millis) {
	c.isRunning = remaining >= 0
	c.end = now + Millis(remaining)*Second
}

// left returns the time until the end, or 0 after it.
func (c *clock) left(now Millis) Millis { return max(c.end-now, 0) }

// tick shows the remaining time, and sets a timer for the next second. At the end it
// polls, because only the server decides whether the session has expired.
func (m *Machine) tick() {
	if !m.clock.isRunning || m.isHidden || m.state.Final() {
		return
	}
	left := m.clock.left(m.now)
	seconds := int((left + Second - 1) / Second)
	if text := page.Countdown(seconds); text != m.clock.text {
		m.clock.text = text
		m.setText(TargetCountdown, text)
	}
	m.markLastMinute(seconds)
	m.announceClock(seconds)
	if seconds > 0 {
		m.clock.hasPolled = false
		m.setTimer(timerTick, left-Millis(seconds-1)*Second)
		return
	}
	if !m.clock.hasPolled {
		m.clock.hasPolled = true
		m.poll()
	}
}

// markLastMinute marks the countdown when its last minute begins.
func (m *Machine) markLastMinute(seconds int) {
	isLast := seconds <= page.LastMinute
	if isLast == m.clock.isLastMinute {
		return
	}
	m.clock.isLastMinute = isLast
	kind := CommandConceal
	if isLast {
		kind = CommandReveal
	}
	m.do(Command{Kind: kind, Target: TargetLastMinute})
}

// announceClock has a screen reader speak the time when a mark of announceAt is passed.
// The first tick passes no mark.
func (m *Machine) announceClock(seconds int) {
	before := m.clock.lastSeconds
	m.clock.lastSeconds = seconds
	for _, mark := range announceAt {
		if before > mark && seconds <= mark && seconds > 0 {
			m.do(Command{Kind: CommandAnnounce, Target: TargetClock})
			return
		}
	}
}
