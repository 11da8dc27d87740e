package client

import "github.com/wantukit/wantukit/checkout/page"

// clock counts down to the session's end by the server's count, so that it
// needs no clock of the device to be right.
type clock struct {
	running bool
	end     Millis
	// text is what the page shows.
	text string
	// said is the number of seconds left at the last announcement.
	said int
	// asked says that the end has led to a question.
	asked bool
}

// announceAt are the seconds left at which a screen reader is told.
var announceAt = []int{600, 300, 60}

func (c *clock) set(remaining int, now Millis) {
	c.running = remaining >= 0
	c.end = now + Millis(remaining)*Second
}

// left returns the time to the end, at least 0.
func (c *clock) left(now Millis) Millis { return max(c.end-now, 0) }

// tick shows the time that is left and comes again when the next second
// begins. At the end it asks the server, which alone decides what that means.
func (m *Machine) tick() {
	if !m.clock.running || m.hidden || m.state.Final() {
		return
	}
	left := m.clock.left(m.now)
	seconds := int((left + Second - 1) / Second)
	if text := page.Countdown(seconds); text != m.clock.text {
		m.clock.text = text
		m.setText(TargetCountdown, text)
	}
	m.announceClock(seconds)
	if seconds > 0 {
		m.clock.asked = false
		m.setTimer(timerTick, left-Millis(seconds-1)*Second)
		return
	}
	if !m.clock.asked {
		m.clock.asked = true
		m.poll()
	}
}

// announceClock speaks when a mark is passed, and not at the start, where the
// words are on the page.
func (m *Machine) announceClock(seconds int) {
	before := m.clock.said
	m.clock.said = seconds
	for _, mark := range announceAt {
		if before > mark && seconds <= mark && seconds > 0 {
			m.do(Command{Kind: CommandAnnounce, Target: TargetClock})
			return
		}
	}
}
