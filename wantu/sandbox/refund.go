package sandbox

import (
	"errors"
	"slices"

	"github.com/wantukit/wantukit/wantu"
)

// maxRefunds is the largest number of refunds of one order. A client that makes more has
// a loop that does not end.
const maxRefunds = 1000

// errRefund: the refund cannot be made.
var errRefund = errors.New("sandbox: the refund cannot be made")

// refund gives money back. The answer's refund_fee is this refund's amount,
// not the sum of all. Manual 2.4.
func (s *Sandbox) refund(c call) reply {
	number, ok := s.orderNumber(c)
	if !ok {
		return refuse(wantu.CodeParamMissing, "out_trade_no")
	}
	var differs string
	var made Refund
	o, err := s.orders.change(number, func(o *order) (err error) {
		if !c.matches(o) {
			return ErrUnknownOrder
		}
		if differs = c.differingField(o); differs == "" {
			fee, _ := wantu.ParseFee(c.Text("refund_fee")) // checked by fields
			made, err = s.orders.refundOnce(o, c.Text("out_refund_no"), fee)
		}
		return err
	})
	switch {
	case errors.Is(err, errRefund):
		return refuse(wantu.CodeRefundError, "")
	case err != nil:
		return refuse(wantu.CodeOrderInvalid, "")
	case differs != "":
		return refuse(wantu.CodeParamError, differs)
	}
	return succeed(reply{
		"out_trade_no":    o.OutTradeNo,
		"trade_id":        o.TradeID,
		"out_refund_no":   made.OutRefundNo,
		"refund_id":       made.RefundID,
		"total_fee":       o.TotalFee,
		"fee_type":        o.FeeType,
		"refund_fee":      made.Fee,
		"refund_fee_type": o.FeeType,
	})
}

// differingField returns the name of a field that differs from the order, or "".
func (c call) differingField(o *order) string {
	if fee, _ := wantu.ParseFee(c.Text("total_fee")); fee != o.TotalFee {
		return "total_fee"
	}
	if feeType := c.Text("refund_fee_type"); feeType != "" && feeType != o.FeeType {
		return "refund_fee_type"
	}
	return ""
}

// refundOnce makes a refund. If the same refund exists already, it returns that one
// instead. The caller must hold the lock.
func (s *orderStore) refundOnce(o *order, number string, fee int64) (Refund, error) {
	if before := s.byRefund[number]; before != nil {
		i := slices.IndexFunc(before.Refunds, func(r Refund) bool { return r.OutRefundNo == number })
		if before != o || o.Refunds[i].Fee != fee {
			return Refund{}, errRefund
		}
		return o.Refunds[i], nil
	}
	if o.Status != StatusSuccess || len(o.Refunds) >= maxRefunds || fee > o.TotalFee-o.Refunded() {
		return Refund{}, errRefund
	}
	s.byRefund[number] = o
	return o.addRefund(number, fee, s.now()), nil
}
