package wantu

import (
	"strconv"
	"time"
	"unicode/utf8"
)

// form collects the fields of one request and keeps the first problem.
type form struct {
	fields Fields
	limit  int // bytes of the answer
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

// order is what every request for a payment holds.
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

// orderBy names an order by one of its numbers, or by both.
func (f *form) orderBy(outTradeNo, tradeID string) {
	if outTradeNo != "" || tradeID == "" {
		f.outTradeNo(outTradeNo)
	}
	f.optional("trade_id", tradeID, 32, only("_-"))
}

// span sets the first and the last second of a statement.
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
	f.required("out_trade_no", text, 32, only("_"))
}

// page is what a request for a page of Alipay's holds beside the order.
func (f *form) page(returnURL string, expire time.Time, inst PaymentInst) {
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

// channelOr gives the only channel of an endpoint to a request that leaves it
// out, and refuses another.
func channelOr(channel, alone PayChannel) *form {
	if channel == 0 {
		channel = alone
	}
	f := newForm(channel)
	if channel != alone {
		f.fail("pay_channel", "is not served by this endpoint")
	}
	return f
}
