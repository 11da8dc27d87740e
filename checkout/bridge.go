package checkout

import (
	"context"
	"errors"
	"slices"
	"strings"
	"unicode"

	"github.com/wantukit/wantukit/checkout/flow"
)

// maxBridgeWords bounds the sheet's own words, in characters.
const maxBridgeWords = 120

// The results of an [EntryBridge]: the answers of WeChat's payment sheet. None
// decides about a payment.
const (
	BridgeOK     = "ok"
	BridgeCancel = "cancel"
	BridgeFail   = "fail"
)

// BridgeAnswered writes down what WeixinJSBridge said to the browser that was
// to pay an attempt by flow.JSAPI, such as "get_brand_wcpay_request:fail". A
// failure is reported, with what the operator should check. Whoever sees the
// page can send it, so that the first [MaxBridgeAnswers] are written down. It
// does nothing for any other attempt.
func (s *Service) BridgeAnswered(ctx context.Context, a Attempt, said string) {
	if a.Flow != flow.JSAPI || said == "" {
		return
	}
	e := Entry{SessionID: a.SessionID, AttemptID: a.ID, At: s.clock.Now(), Kind: EntryBridge, Result: bridgeResult(said)}
	failed := e.Result == BridgeFail
	if a.BridgeAnswers >= MaxBridgeAnswers && (a.BridgeFailed || !failed) {
		return // there is nothing to learn from it
	}
	if failed {
		e.Detail = quoteLine(said) + ": " + s.bridgeAdvice(said)
	}
	if s.recordFew(ctx, e) && failed {
		s.alert(Alert{Problem: "WeChat's payment sheet failed", SessionID: a.SessionID, AttemptID: a.ID, Err: errors.New(e.Detail)})
	}
}

// BridgeFailed reports whether WeChat's payment sheet failed for one of the
// session's attempts that this payer was to pay.
func (s *Service) BridgeFailed(ctx context.Context, sessionID, payer string) (bool, error) {
	attempts, err := s.store.Attempts(ctx, sessionID)
	return slices.ContainsFunc(attempts, func(a Attempt) bool { return a.Payer == payer && a.BridgeFailed }), err
}

// bridgeResult is the sheet's answer. What is neither is a failure, as is
// "system:access_denied".
func bridgeResult(said string) string {
	_, word, _ := strings.Cut(said, ":")
	switch word, _, _ = strings.Cut(word, " "); word {
	case BridgeOK, BridgeCancel:
		return word
	default:
		return BridgeFail
	}
}

// bridgeCauses are words of WeChat's, in lower case, and what they ask for. The
// first that is found counts.
var bridgeCauses = []struct {
	words  []string
	advice string
}{
	{[]string{"url", "未注册", "access_denied", "access denied", "permission"}, "is {directory} registered with WeChat as a payment directory of the merchant account?"},
	{[]string{"appid", "app_id", "mch_id", "openid", "商户号", "不匹配"}, "is wechat.app_id the official account that is bound to the merchant account, and that the openid belongs to?"},
	{[]string{"sign", "签名"}, "is wechat.app_id the official account that the gateway signs for?"},
	{[]string{"expire", "过期", "total_fee", "prepay"}, "the order was too old, or is not the sheet's: the shopper has to try again"},
}

// bridgeAdvice is what the operator should check.
func (s *Service) bridgeAdvice(said string) string {
	said = strings.ToLower(said)
	advice := "is {directory} registered with WeChat as a payment directory, and wechat.app_id bound to the merchant account?"
	for _, cause := range bridgeCauses {
		if containsAny(said, cause.words) {
			advice = cause.advice
			break
		}
	}
	return strings.ReplaceAll(advice, "{directory}", s.base+"/c/")
}

func containsAny(text string, words []string) bool {
	for _, word := range words {
		if strings.Contains(text, word) {
			return true
		}
	}
	return false
}

// quoteLine keeps what can be read of a text that anybody may have sent.
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
