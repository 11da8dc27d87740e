package wantu

import "context"

// CurrencyRequest asks for an exchange rate. Manual 2.13.
type CurrencyRequest struct {
	PayChannel PayChannel // the channel whose rate is asked for
	FeeType    string     // three capital letters; "" lets the gateway choose
}

// CurrencyResponse holds the rate.
type CurrencyResponse struct {
	// Currency is the price of one unit of FeeType in CNY, such as 0.87080000.
	// Use it for display only: the wallet sets the rate that the shopper pays.
	Currency Decimal
}

// Currency returns the exchange rate of a currency to CNY.
// [ErrUnsupportedCurrency] means that the gateway has no rate for it. Manual 2.13.
func (c *Client) Currency(ctx context.Context, r CurrencyRequest) (CurrencyResponse, error) {
	f := newForm(r.PayChannel)
	f.optional("fee_type", r.FeeType, 3, currency)
	var response CurrencyResponse
	err := c.call(ctx, "currency", f, func(a *answer) {
		response = CurrencyResponse{Currency: a.decimal("currency")}
		if response.Currency.Sign() <= 0 {
			a.fail("currency", "is not above zero")
		}
	})
	if err != nil {
		return CurrencyResponse{}, err
	}
	return response, nil
}
