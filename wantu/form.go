package wantu

import (
	"strconv"
	"time"
	"unicode/utf8"
)

// form collects the fields of one request and keeps the first problem.
type form struct {
	fields Fields
	limit  int // the largest answer, in bytes
	err    error
}

func newForm(channel PayChannel) *form {
	f := &form{fields: Fields{}, limit: MaxBody}
	if channel != WeChat && channel != Alipay {
		f.fail("pay_channel", "must be WeChat or Alipay")
	}
	f.fields["pay_channel"] = strconv.Itoa(int(channel))
	return f
}

func (f *form) fail(name, problem string) {
	if f.err == nil {
		f.err = &FieldError{Field: name, Problem: problem}
	}
}

// required sets a field that must be there, at most limit characters long.
func (f *form) required(name, value string, limit int, check func(string) string) {
	if value == "" {
		f.fail(name, "is required")
	}
	f.optional(name, value, limit, check)
}

// optional sets a field unless value is empty.
func (f *form) optional(name, value string, limit int, check func(string) string) {
	if value == "" {
		return
	}
	if utf8.RuneCountInString(value) > limit {
		f.fail(name, "is longer than "+strconv.Itoa(limit)+" characters")
	}
	if problem := check(value); problem != "" {
		f.fail(name, problem)
	}
	f.fields[name] = value
}

// order has the fields of every request for a payment.
type order struct {
	totalFee                                         int64
	subject, outTradeNo, attach, notifyURL, deviceSN string
}

func (f *form) order(o order) {
	f.amount("total_fee", o.totalFee)
	f.required("subject", o.subject, 128, freeText)
	f.outTradeNo(o.outTradeNo)
	f.optional("attach", o.attach, 128, freeText)
	f.required("notify_url", o.notifyURL, 256, webURL)
	f.optional("device_sn", o.deviceSN, 128, freeText)
}

func (f *form) amount(name string, fee int64) {
	if fee < 1 || fee > MaxTotalFee {
		f.fail(name, "must be 1 to 99999999999 minor units")
	}
	f.fields[name] = strconv.FormatInt(fee, 10)
}

// orderNumbers sets one or both of an order's numbers.
func (f *form) orderNumbers(outTradeNo, tradeID string) {
	if outTradeNo != "" || tradeID == "" {
		f.outTradeNo(outTradeNo)
	}
	f.optional("trade_id", tradeID, 32, lettersDigitsOr("_-"))
}

// span sets the first and the last second of a statement's time span.
func (f *form) span(start, end time.Time) {
	if start.IsZero() {
		f.fail("start_date", "is required")
	}
	if end.IsZero() {
		f.fail("end_date", "is required")
	}
	if end.Before(start) {
		f.fail("end_date", "is before start_date")
	}
	f.fields["start_date"], f.fields["end_date"] = FormatTime(start), FormatTime(end)
}

func (f *form) outTradeNo(text string) {
	f.required("out_trade_no", text, 32, lettersDigitsOr("_"))
}

// pageFields sets the fields that a request for a page of Alipay has in addition to
// those of the order.
func (f *form) pageFields(returnURL string, expire time.Time, inst PaymentInst) {
	f.required("return_url", returnURL, 256, webURL)
	if expire.IsZero() {
		f.fail("time_expire", "is required")
	}
	f.fields["time_expire"] = FormatTime(expire)
	f.paymentInst(inst)
}

func (f *form) paymentInst(inst PaymentInst) {
	f.optional("payment_inst", string(inst), 256, func(string) string {
		if inst != AlipayCN && inst != AlipayHK {
			return "must be ALIPAYCN or ALIPAYHK"
		}
		return ""
	})
}

// newSingleChannelForm returns the form of an endpoint that has only one channel.
// It fills in a missing channel and refuses another one.
func newSingleChannelForm(channel, only PayChannel) *form {
	if channel == 0 {
		channel = only
	}
	f := newForm(channel)
	if channel != only {
		f.fail("pay_channel", "is not supported by this endpoint")
	}
	return f
}
