package wantu

import "context"

// CloseRequest names the order to end. Manual 2.15.
type CloseRequest struct {
	PayChannel PayChannel // the channel that the order was opened on
	OutTradeNo string     // 1 to 32 of A-Z a-z 0-9 _
}

// CloseResponse has no fields: a nil error means that the order is closed.
type CloseResponse struct{}

// Close ends an unpaid order, so that it can no longer be paid. [ErrOrderPaid]
// means that it is already paid. [ErrOrderInvalid] means that the gateway does
// not know it. Manual 2.15.
func (c *Client) Close(ctx context.Context, r CloseRequest) (CloseResponse, error) {
	f := newForm(r.PayChannel)
	f.outTradeNo(r.OutTradeNo)
	return CloseResponse{}, c.call(ctx, "close", f, func(*answer) {})
}
