package wantu

import "context"

// CloseRequest names the order to end. Manual 2.15.
type CloseRequest struct {
	PayChannel PayChannel // the channel that the order was opened on
	OutTradeNo string     // 1 to 32 of A-Z a-z 0-9 _
}

// CloseResponse has nothing to say: a nil error means that the order is ended.
type CloseResponse struct{}

// Close ends an order that nobody paid, so that nobody can. [ErrOrderPaid]
// means that it is paid, [ErrOrderInvalid] that the gateway does not know it.
// Manual 2.15.
func (c *Client) Close(ctx context.Context, r CloseRequest) (CloseResponse, error) {
	f := newForm(r.PayChannel)
	f.outTradeNo(r.OutTradeNo)
	return CloseResponse{}, c.call(ctx, "close", f, func(*answer) {})
}
