package checkout

import (
	"time"

	"github.com/wantukit/wantukit/checkout/flow"
)

// PublicAttempt is an attempt as its shop sees it. A field without a value is null.
type PublicAttempt struct {
	ID     string `json:"id"`
	Object string `json:"object"`
	// Livemode is false for an attempt in test mode.
	Livemode bool         `json:"livemode"`
	Version  int64        `json:"version"`
	Status   AttemptState `json:"status"`
	Wallet   flow.Wallet  `json:"wallet"`
	Flow     flow.Flow    `json:"flow"`
	// OutTradeNo is the order's number at the gateway, and TradeID the gateway's own number.
	OutTradeNo string  `json:"out_trade_no"`
	TradeID    *string `json:"trade_id"`
	// Failure is why it failed or does not match.
	Failure *string `json:"failure"`
	// AmountMismatch says that the gateway reports another payment than that of the order.
	AmountMismatch bool       `json:"amount_mismatch"`
	CreatedAt      time.Time  `json:"created_at"`
	PaidAt         *time.Time `json:"paid_at"`
}

// Public returns what the shop may see of a, an attempt of session s.
func (a Attempt) Public(s Session) PublicAttempt {
	return PublicAttempt{
		ID: a.ID, Object: "attempt", Livemode: !s.TestMode, Version: a.Version, Status: a.State, Wallet: a.Wallet, Flow: a.Flow,
		OutTradeNo: a.OutTradeNo, TradeID: optionalText(a.TradeID), Failure: optionalText(a.Failure), AmountMismatch: a.Quarantined,
		CreatedAt: a.CreatedAt.UTC(), PaidAt: optionalTime(a.PaidAt),
	}
}

// PublicEntry is an entry of a timeline as the shop sees it: without the bodies of
// notifications. A field without a value is null.
type PublicEntry struct {
	Object string    `json:"object"`
	At     time.Time `json:"at"`
	Kind   EntryKind `json:"kind"`
	// Attempt is the attempt that the entry is about, and Ref the event, refund or
	// notification.
	Attempt *string `json:"attempt"`
	Ref     *string `json:"ref"`
	Cause   *string `json:"cause"`
	Result  string  `json:"result"`
	Detail  *string `json:"detail"`
}

// Public returns what the shop may see of e.
func (e Entry) Public() PublicEntry {
	return PublicEntry{
		Object: "timeline_entry", At: e.At.UTC(), Kind: e.Kind, Attempt: optionalText(e.AttemptID), Ref: optionalText(e.Ref),
		Cause: optionalText(string(e.Cause)), Result: e.Result, Detail: optionalText(e.Detail),
	}
}
