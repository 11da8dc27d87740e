package sandbox

import (
	"time"

	"github.com/wantukit/wantukit/wantu"
)

// decidingQuery is the number of the query that finds the shopper's password entered.
const decidingQuery = 2

// posPay charges the shopper by the code on the shopper's phone. Manual 2.3.
func (s *Sandbox) posPay(c call) reply {
	o, refusal := s.openOrder(c, surfacePhone)
	if refusal != nil {
		return refusal
	}
	o, err := s.orders.change(o.OutTradeNo, func(o *order) error {
		if o.pendingStatus = c.rule.pendingStatus; o.pendingStatus == "" && !s.markPaid(o) {
			return ErrOrderEnded
		}
		return nil
	})
	switch {
	case err != nil: // the order was forgotten, or it has ended already
		return refuse(wantu.CodeSystemError, "")
	case o.pendingStatus != "":
		return refuse(c.rule.code, c.rule.Field)
	}
	return succeed(reply{
		"out_trade_no":  o.OutTradeNo,
		"trade_id":      o.TradeID,
		"trade_time":    o.tradeTime(),
		"total_fee":     o.TotalFee, // a number, as in the manual's example
		"fee_type":      o.FeeType,
		"store_account": s.config.StoreAccount,
		"device_sn":     o.deviceSN,
	})
}

// applyPendingStatus sets the pending status of an order at the deciding query and
// later. The caller must hold the order store's lock.
func (s *Sandbox) applyPendingStatus(o *order) {
	if o.Queries < decidingQuery {
		return
	}
	switch o.pendingStatus {
	case StatusSuccess:
		s.markPaid(o)
	case StatusPayError:
		if o.changeStatus(StatusPayError) {
			o.pendingStatus = ""
		}
	default: // it stays open until it is canceled
	}
}

// markPaid marks an order as paid and starts its notifications. It returns false if the
// order has ended. The caller must hold the order store's lock.
func (s *Sandbox) markPaid(o *order) bool {
	if !o.changeStatus(StatusSuccess) {
		return false
	}
	o.PaidAt = s.config.Now().UTC().Truncate(time.Second)
	if o.notifyURL != "" { // it may be empty for merchant-qrcode
		s.startNotifying(o)
	}
	return true
}
