package wantu

import "context"

// CancelRequest names the order to end. Manual 2.14.
type CancelRequest struct {
	PayChannel PayChannel // the channel that the order was opened on
	OutTradeNo string     // 1 to 32 of A-Z a-z 0-9 _
}

// CancelResponse has no fields: a nil error means that the order is canceled.
type CancelResponse struct{}

// Cancel ends an order in any state. If the order was paid, the gateway gives
// the money back. Cancel is for a till that stops waiting; a checkout that must
// not give money back calls [Client.Close]. [ErrOrderInvalid] means that the
// gateway does not know the order. Manual 2.14.
func (c *Client) Cancel(ctx context.Context, r CancelRequest) (CancelResponse, error) {
	f := newForm(r.PayChannel)
	f.outTradeNo(r.OutTradeNo)
	return CancelResponse{}, c.call(ctx, "cancel", f, func(*answer) {})
}
