package checkout

import (
	"context"
	"errors"
	"strings"
	"unicode"

	"github.com/wantukit/wantukit/checkout/flow"
)

// maxBridgeWords bounds the text of WeChat's payment sheet, in characters.
const maxBridgeWords = 120

// The results of an [EntryBridge]: the answers of WeChat's payment sheet. None of
// them decides about a payment.
const (
	BridgeOK     = "ok"
	BridgeCancel = "cancel"
	BridgeFail   = "fail"
)

// browserNotes writes into the timeline what browsers report: an outsider can send
// it, so it decides nothing.
type browserNotes struct {
	store interface {
		AttemptByReturnToken(ctx context.Context, token string) (Attempt, error)
	}
	clock    Clock
	timeline timeline
	routes   Routes
	alert    func(Alert)
}

// returned is [Service.Returned].
func (n browserNotes) returned(ctx context.Context, token string) {
	a, err := n.store.AttemptByReturnToken(ctx, token)
	if err != nil {
		return // the page that is shown then has the error
	}
	now := n.clock.Now()
	if a.Returns < MaxReturns && !now.Before(a.ReturnedAt.Add(ReturnInterval)) {
		n.timeline.recordFew(ctx, Entry{SessionID: a.SessionID, AttemptID: a.ID, At: now, Kind: EntryReturn})
	}
}

// bridgeAnswered is [Service.BridgeAnswered].
func (n browserNotes) bridgeAnswered(ctx context.Context, a Attempt, answer string) {
	if a.Flow != flow.JSAPI || answer == "" {
		return
	}
	e := Entry{SessionID: a.SessionID, AttemptID: a.ID, At: n.clock.Now(), Kind: EntryBridge, Result: bridgeResult(answer)}
	failed := e.Result == BridgeFail
	if a.BridgeAnswers >= MaxBridgeAnswers && (a.BridgeFailed || !failed) {
		return // the answer is nothing new
	}
	if failed {
		e.Detail = quoteLine(answer) + ": " + n.bridgeAdvice(answer)
	}
	if n.timeline.recordFew(ctx, e) && failed {
		n.alert(Alert{Problem: "WeChat's payment sheet failed", SessionID: a.SessionID, AttemptID: a.ID, Err: errors.New(e.Detail)})
	}
}

// bridgeResult returns the result of an answer such as
// "get_brand_wcpay_request:ok". Every answer but ok and cancel is a failure, for
// example "system:access_denied".
func bridgeResult(answer string) string {
	_, word, _ := strings.Cut(answer, ":")
	switch word, _, _ = strings.Cut(word, " "); word {
	case BridgeOK, BridgeCancel:
		return word
	default:
		return BridgeFail
	}
}

// bridgeCauses have words of WeChat's answers, in lower case, with the advice for the
// operator. The first match counts.
var bridgeCauses = []struct {
	words  []string
	advice string
}{
	{[]string{"url", "未注册", "access_denied", "access denied", "permission"}, "is {directory} registered with WeChat as a payment directory of the merchant account?"},
	{[]string{"appid", "app_id", "mch_id", "openid", "商户号", "不匹配"}, "is wechat.app_id the official account that is bound to the merchant account, and that the openid belongs to?"},
	{[]string{"sign", "签名"}, "is wechat.app_id the official account that the gateway signs for?"},
	{[]string{"expire", "过期", "total_fee", "prepay"}, "the order was too old, or is not the sheet's: the shopper has to try again"},
}

// bridgeAdvice returns what the operator should check after a failure.
func (n browserNotes) bridgeAdvice(answer string) string {
	answer = strings.ToLower(answer)
	advice := "is {directory} registered with WeChat as a payment directory, and wechat.app_id bound to the merchant account?"
	for _, cause := range bridgeCauses {
		if containsAny(answer, cause.words) {
			advice = cause.advice
			break
		}
	}
	return strings.ReplaceAll(advice, "{directory}", n.routes.PaymentDirectory())
}

// containsAny reports whether text contains one of the words.
func containsAny(text string, words []string) bool {
	for _, word := range words {
		if strings.Contains(text, word) {
			return true
		}
	}
	return false
}

// quoteLine returns a text from an outsider in quotes: its printable characters, at
// most maxBridgeWords.
func quoteLine(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) && r != unicode.ReplacementChar {
			return r
		}
		return ' '
	}, text)
	if r := []rune(text); len(r) > maxBridgeWords {
		text = string(r[:maxBridgeWords-1]) + "…"
	}
	return `"` + strings.TrimSpace(text) + `"`
}
