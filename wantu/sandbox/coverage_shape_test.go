package sandbox_test

import (
	"strconv"
	"strings"

	"github.com/wantukit/wantukit/wantu"
)

// shape describes the values of a field: how to make one of any length, or a list of good
// and bad values.
type shape struct {
	makeValue func(n int) string // returns a good value of n characters, or the greatest number of n digits
	digits    bool
	max       int // the greatest length, if it differs from the manual's

	good, bad []string
	words     string // describes the good values
}

func shapes() map[string]shape {
	free := shape{makeValue: repeat("票")}
	number := shape{makeValue: repeat("n")}
	address := shape{makeValue: func(n int) string { return notifyURL + "/" + strings.Repeat("a", n-len(notifyURL)-1) }}
	amount := shape{makeValue: repeat("9"), digits: true}
	moment := shape{
		bad:   []string{"2026-03-01", "2026-13-01 20:00:00", "20260301200000", "2026-03-01T20:00:00", "2026-03-01 20:00:000"},
		words: "yyyy-MM-dd HH:mm:ss",
	}
	return map[string]shape{
		"subject": free, "product_id": free, "attach": free, "device_sn": free,
		"out_trade_no": number, "out_refund_no": number, "trade_id": number,
		"auth_code": {makeValue: repeat("1")}, "app_id": {makeValue: repeat("a")}, "open_id": {makeValue: func(n int) string { return "o" + strings.Repeat("a", n-1) }},
		"notify_url": address, "return_url": address,
		"total_fee": amount, "refund_fee": amount,
		"qrcode_width": {makeValue: repeat("9"), digits: true, max: 4}, // pixels; the manual allows 256 digits
		"time_expire":  moment, "start_date": moment, "end_date": moment, "send_time": moment,
		"version":         {bad: []string{"1", "1.1", "2.0", "1.00"}, words: "1.0"},
		"fee_type":        {good: []string{"USD", "HKD"}, bad: []string{"HK", "HKDX", "hkd", "H1D"}, words: "three capital letters"},
		"refund_fee_type": {good: []string{"USD", "HKD"}, bad: []string{"HK", "HKDX", "hkd", "H1D"}, words: "three capital letters"},
		"payment_inst": {
			good:  []string{string(wantu.AlipayCN), string(wantu.AlipayHK)},
			bad:   []string{"ALIPAY", "alipayhk", "ALIPAYHKX", "ALIPAYUS"},
			words: "ALIPAYCN or ALIPAYHK",
		},
	}
}

func repeat(text string) func(int) string {
	return func(n int) string { return strings.Repeat(text, n) }
}

// value returns the text as the type of the client's field: an amount is a number.
func (s shape) value(text string) any {
	if !s.digits {
		return text
	}
	number, _ := strconv.ParseInt(text, 10, 64)
	return number
}

// tooLong returns a value that is one character or digit too long.
func (s shape) tooLong(limit int) string {
	if s.digits {
		return "1" + strings.Repeat("0", limit)
	}
	return s.makeValue(limit + 1)
}
