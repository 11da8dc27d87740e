package wantu

import "context"

// CurrencyRequest asks for a rate. Manual 2.13.
type CurrencyRequest struct {
	PayChannel PayChannel // whose rate
	FeeType    string     // three capital letters; "" leaves it to the gateway
}

// CurrencyResponse holds the rate.
type CurrencyResponse struct {
	// Currency is the price of one unit of FeeType in CNY, such as 0.87080000.
	// It is for show: what a shopper pays is settled by the wallet.
	Currency Decimal
}

// Currency asks for the rate of a currency. [ErrUnsupportedCurrency] means that
// the gateway has none. Manual 2.13.
func (c *Client) Currency(ctx context.Context, r CurrencyRequest) (CurrencyResponse, error) {
	f := newForm(r.PayChannel)
	f.optional("fee_type", r.FeeType, 3, currency)
	var response CurrencyResponse
	err := c.call(ctx, "currency", f, func(a *answer) {
		response = CurrencyResponse{Currency: a.decimal("currency")}
		if response.Currency.Sign() <= 0 {
			a.fail("currency", "is not a rate")
		}
	})
	if err != nil {
		return CurrencyResponse{}, err
	}
	return response, nil
}
