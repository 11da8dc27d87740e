package page

import "strconv"

// LastMinute is the number of seconds left from which on a page stresses the countdown.
const LastMinute = 60

// Countdown returns a number of seconds as mm:ss, or as h:mm:ss from an hour on.
func Countdown(seconds int) string {
	h, m, s := seconds/3600, seconds/60%60, seconds%60
	text := twoDigits(m) + ":" + twoDigits(s)
	if h > 0 {
		text = strconv.Itoa(h) + ":" + text
	}
	return text
}

func twoDigits(n int) string {
	if n < 10 {
		return "0" + strconv.Itoa(n)
	}
	return strconv.Itoa(n)
}
