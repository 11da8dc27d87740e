package sandbox

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"github.com/wantukit/wantukit/wantu"
)

// faultKind describes a kind of fault.
type faultKind struct {
	Kind             FaultKind
	On               FaultTarget
	when             FaultWhen // the default of Fault.When
	fields           []string  // the fields that not every kind has
	Chinese, English string
}

// faultKinds returns all kinds in the order of the list on the root page.
func faultKinds() []faultKind {
	return []faultKind{
		{FaultLate, OnAnswer, After, []string{"delay"}, "迟到", "late"},
		{FaultCut, OnAnswer, After, nil, "中途断开", "cut in the middle"},
		{FaultHangUp, OnAnswer, Before, nil, "不答就断开", "closed without an answer"},
		{FaultUnsigned, OnAnswer, After, nil, "没有签名", "unsigned"},
		{FaultForged, OnAnswer, After, nil, "签名错误", "wrong signature"},
		{FaultOtherOrder, OnAnswer, After, nil, "答了别的订单", "for another order"},
		{FaultHTML, OnAnswer, Before, []string{"status"}, "网页而非 JSON", "HTML"},
		{FaultStatus, OnAnswer, Before, []string{"status"}, "HTTP 错误", "HTTP status"},
		{FaultRefuse, OnAnswer, Before, []string{"return_code"}, "拒绝", "refused"},
		{FaultDelay, OnNotification, "", []string{"delay"}, "推迟", "delayed"},
		{FaultDrop, OnNotification, "", nil, "丢失", "dropped"},
		{FaultDuplicate, OnNotification, "", []string{"copies"}, "重复", "duplicated"},
		{FaultReorder, OnNotification, "", nil, "乱序", "reordered"},
		{FaultForge, OnNotification, "", []string{"forgery"}, "先来伪造的", "forged one first"},
	}
}

const (
	maxTimes  = 1_000_000
	maxCopies = 1000
	maxDelay  = 24 * time.Hour
)

// complete fills in the defaults of a fault. It returns a [*wantu.FieldError] if a field
// is wrong.
func (f Fault) complete() (Fault, error) {
	kinds := faultKinds()
	at := slices.IndexFunc(kinds, func(k faultKind) bool { return k.Kind == f.Kind })
	if at < 0 {
		return f, &wantu.FieldError{Field: "kind", Problem: "is not one of the kinds of fault"}
	}
	kind := kinds[at]
	f.On = cmp.Or(f.On, kind.On)
	f.When = cmp.Or(f.When, kind.when)
	if slices.Contains(kind.fields, "status") {
		f.Status = cmp.Or(f.Status, map[FaultKind]int{FaultStatus: 500, FaultHTML: 200}[f.Kind])
	}
	switch f.Kind {
	case FaultRefuse:
		f.ReturnCode = cmp.Or(f.ReturnCode, wantu.CodeSystemError)
	case FaultDuplicate:
		f.Copies = cmp.Or(f.Copies, 1)
	case FaultForge:
		f.Forgery = cmp.Or(f.Forgery, ForgeSignature)
	default:
	}
	return f, f.check(kind)
}

// check checks a fault whose defaults are filled in.
func (f Fault) check(kind faultKind) error {
	_, known := endpoints()[f.Endpoint]
	answer := kind.On == OnAnswer
	for _, rule := range []struct {
		broken         bool
		field, problem string
	}{
		{f.On != kind.On, "on", "does not fit this kind"},
		{!answer && f.Endpoint != "", "endpoint", "is for faults of answers only"},
		{f.Endpoint != "" && !known, "endpoint", "is not an endpoint of the sandbox"},
		{!answer && f.When != "", "when", "is for faults of answers only"},
		{answer && f.When != Before && f.When != After, "when", "is neither before nor after"},
		{f.Times < 0 || f.Times > maxTimes, "times", "is not from 0 to 1000000"},
		{kind.lacks("delay") && f.Delay != 0, "delay", "is not a field of this kind"},
		{!kind.lacks("delay") && (f.Delay <= 0 || f.Delay > maxDelay), "delay", "must be above 0s and at most 24h"},
		{kind.lacks("status") && f.Status != 0, "status", "is not a field of this kind"},
		{!kind.lacks("status") && !hasBody(f.Status), "status", "must be from 200 to 599, but not 204 or 304"},
		{kind.lacks("return_code") && f.ReturnCode != 0, "return_code", "is not a field of this kind"},
		{!kind.lacks("return_code") && !isRefusal(f.ReturnCode), "return_code", "must be from 1 to 999, but not 200"},
		{kind.lacks("copies") && f.Copies != 0, "copies", "is not a field of this kind"},
		{!kind.lacks("copies") && (f.Copies < 1 || f.Copies > maxCopies), "copies", "is not from 1 to 1000"},
		{kind.lacks("forgery") && f.Forgery != "", "forgery", "is not a field of this kind"},
		{!kind.lacks("forgery") && !f.Forgery.known(), "forgery", "is not signature, higher or lower"},
	} {
		if rule.broken {
			return &wantu.FieldError{Field: rule.field, Problem: rule.problem}
		}
	}
	return nil
}

func (k faultKind) lacks(field string) bool { return !slices.Contains(k.fields, field) }

func (f Forgery) known() bool { return f == ForgeSignature || f == ForgeHigher || f == ForgeLower }

// hasBody reports whether status is a valid HTTP status of an answer with a body.
func hasBody(status int) bool {
	return status >= 200 && status <= 599 && status != http.StatusNoContent && status != http.StatusNotModified
}

func isRefusal(code wantu.ReturnCode) bool {
	return code >= 1 && code <= 999 && code != wantu.CodeSuccess
}
