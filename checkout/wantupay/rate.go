package wantupay

import (
	"context"
	"errors"
	"fmt"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/wantu"
)

// rateDigits is the number of decimals of the gateway's rates (manual 2.13) and of a
// [checkout.Rates].
const rateDigits = 8

var _ checkout.Rates = (*Gateway)(nil)

// Rate implements [checkout.Rates]: it returns the price of one unit of a currency in
// 1e-8 CNY. It returns ErrRefused or ErrOutcomeUnknown.
func (g *Gateway) Rate(ctx context.Context, merchant string, c flow.Channel, currency string) (int64, error) {
	account, err := g.account(merchant)
	if err != nil {
		return 0, err
	}
	pays, err := channel(c)
	if err != nil {
		return 0, errors.Join(checkout.ErrRefused, err)
	}
	answer, err := account.Client.Currency(ctx, wantu.CurrencyRequest{PayChannel: pays, FeeType: currency})
	if err != nil {
		return 0, translate(err)
	}
	price, err := answer.Currency.Minor(rateDigits)
	if err != nil {
		return 0, fmt.Errorf("%w: the rate %s has too many digits", checkout.ErrOutcomeUnknown, answer.Currency)
	}
	return price, nil
}
