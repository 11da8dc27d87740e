package sandbox

import (
	"time"

	"github.com/wantukit/wantukit/wantu"
)

// patience is at which query a shopper has entered the password.
const patience = 2

// posPay takes a payment by the code on the shopper's phone. Manual 2.3.
func (s *Sandbox) posPay(c call) reply {
	o, refusal := s.open(c, surfacePhone)
	if refusal != nil {
		return refusal
	}
	o, err := s.orders.change(o.OutTradeNo, func(o *order) error {
		if o.becomes = c.spell.becomes; o.becomes == "" && !s.take(o) {
			return ErrOrderEnded
		}
		return nil
	})
	switch {
	case err != nil: // forgotten or ended again already
		return refuse(wantu.CodeSystemError, "")
	case o.becomes != "":
		return refuse(c.spell.code, c.spell.Field)
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

// decide lets the shopper's password have its effect. The ledger's lock is held.
func (s *Sandbox) decide(o *order) {
	if o.Queries < patience {
		return
	}
	switch o.becomes {
	case StatusSuccess:
		s.take(o)
	case StatusPayError:
		if o.move(StatusPayError) {
			o.becomes = ""
		}
	default: // until it is canceled
	}
}

// take pays an order; false when it has ended. The ledger's lock is held.
func (s *Sandbox) take(o *order) bool {
	if !o.move(StatusSuccess) {
		return false
	}
	o.PaidAt = s.config.Now().UTC().Truncate(time.Second)
	if o.notifyURL != "" { // a merchant-qrcode may have none
		s.startNotifying(o)
	}
	return true
}
