package dbcli

import (
	"encoding/json"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/cmd/wantukit/gatewaycli"
)

// The JSON of `session show --json`. It has no tokens and no openid.
type (
	historyJSON struct {
		Session  sessionJSON   `json:"session"`
		Attempts []attemptJSON `json:"attempts"`
		Refunds  []refundJSON  `json:"refunds"`
		Timeline []entryJSON   `json:"timeline"`
	}
	sessionJSON struct {
		ID                string                 `json:"id"`
		Merchant          string                 `json:"merchant"`
		Status            checkout.Status        `json:"status"`
		PaymentStatus     checkout.PaymentStatus `json:"payment_status"`
		Amount            int64                  `json:"amount"`
		AmountRefunded    int64                  `json:"amount_refunded"`
		Currency          string                 `json:"currency"`
		Subject           string                 `json:"subject"`
		ClientReferenceID string                 `json:"client_reference_id"`
		CreatedAt         string                 `json:"created_at"`
		ExpiresAt         string                 `json:"expires_at"`
		PaidAt            string                 `json:"paid_at"`
		PaidBy            string                 `json:"paid_by"`
		PaidLate          bool                   `json:"paid_late"`
		PaidTwice         bool                   `json:"paid_twice"`
		AmountMismatch    bool                   `json:"amount_mismatch"`
	}
	attemptJSON struct {
		ID          string                `json:"id"`
		State       checkout.AttemptState `json:"state"`
		Wallet      flow.Wallet           `json:"wallet"`
		Flow        flow.Flow             `json:"flow"`
		Reason      string                `json:"reason"`
		OutTradeNo  string                `json:"out_trade_no"`
		TradeID     string                `json:"trade_id"`
		Failure     string                `json:"failure"`
		Quarantined bool                  `json:"quarantined"`
		CreatedAt   string                `json:"created_at"`
		PaidAt      string                `json:"paid_at"`
		QueriedAt   string                `json:"queried_at"`
		NextQueryAt string                `json:"next_query_at"`
		Queries     int                   `json:"queries"`
		// Notifications are the numbers of notifications by verdict.
		Notifications map[checkout.Verdict]int `json:"notifications"`
	}
	refundJSON struct {
		checkout.PublicRefund
		GatewayID string `json:"gateway_id"`
		NextTryAt string `json:"next_try_at"`
		Tries     int    `json:"tries"`
	}
	entryJSON struct {
		At      string             `json:"at"`
		Kind    checkout.EntryKind `json:"kind"`
		Attempt string             `json:"attempt"`
		Ref     string             `json:"ref"`
		Cause   checkout.Cause     `json:"cause"`
		Result  string             `json:"result"`
		Detail  string             `json:"detail"`
		Body    string             `json:"body"`
	}
)

// writeJSON prints a history as JSON.
func (h history) writeJSON(s gatewaycli.Streams) error {
	c := h.session
	out := historyJSON{
		Session: sessionJSON{
			c.ID, c.Merchant, c.Status, c.PaymentStatus, c.Amount, c.AmountRefunded, c.Currency,
			gatewaycli.Printable(c.Subject), gatewaycli.Printable(c.ClientReferenceID),
			formatTime(c.CreatedAt), formatTime(c.ExpiresAt), formatTime(c.PaidAt), c.PaidBy, c.PaidLate, c.PaidTwice, c.AmountMismatch,
		},
		Attempts: make([]attemptJSON, len(h.attempts)), Refunds: make([]refundJSON, len(h.refunds)), Timeline: make([]entryJSON, len(h.timeline)),
	}
	for i, a := range h.attempts {
		out.Attempts[i] = attemptJSON{
			a.ID, a.State, a.Wallet, a.Flow, gatewaycli.Printable(a.Reason), a.OutTradeNo, gatewaycli.Printable(a.TradeID), gatewaycli.Printable(a.Failure), a.Quarantined,
			formatTime(a.CreatedAt), formatTime(a.PaidAt), formatTime(a.QueriedAt), formatTime(a.NextQueryAt), a.Queries,
			map[checkout.Verdict]int{
				checkout.VerdictAccepted: a.Notifications.Accepted,
				checkout.VerdictMismatch: a.Notifications.Mismatched,
				checkout.VerdictRejected: a.Notifications.Rejected,
			},
		}
	}
	for i, r := range h.refunds {
		r.ClientReferenceID, r.Failure, r.TradeID = gatewaycli.Printable(r.ClientReferenceID), gatewaycli.Printable(r.Failure), gatewaycli.Printable(r.TradeID)
		out.Refunds[i] = refundJSON{r.Public(), gatewaycli.Printable(r.GatewayID), formatTime(r.NextTryAt), r.Tries}
	}
	for i, e := range h.timeline {
		out.Timeline[i] = entryJSON{
			formatMillis(e.At), e.Kind, e.AttemptID, e.Ref, e.Cause, gatewaycli.Printable(e.Result), gatewaycli.Printable(e.Detail), gatewaycli.Printable(e.Body),
		}
	}
	return json.NewEncoder(s.Out).Encode(out)
}

// formatMillis returns a time in UTC to the millisecond, as it is stored.
func formatMillis(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z07:00") }
