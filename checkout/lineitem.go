package checkout

import (
	"errors"
	"strconv"
)

// LineItem is one line of a session's bill.
type LineItem struct {
	// Name is what is bought, 1 to 128 characters.
	Name string `json:"name"`
	// Quantity is how many, 1 to 999999.
	Quantity int64 `json:"quantity"`
	// Amount is the price of the whole line in minor units of the session's currency, 0 to
	// MaxAmount.
	Amount int64 `json:"amount"`
}

const (
	// MaxLineItems is how many line items a session may have.
	MaxLineItems = 20
	maxQuantity  = 999_999
)

// checkLineItems returns a *FieldError for each field of a line that is wrong, joined. The
// amounts of the lines, if there are any, must add up to amount.
func checkLineItems(items []LineItem, amount int64) error {
	if len(items) > MaxLineItems {
		return &FieldError{Field: "line_items", Problem: "has over " + strconv.Itoa(MaxLineItems) + " lines"}
	}
	sum := int64(0)
	var faults []error
	for i, item := range items {
		faults = append(faults, item.check("line_items["+strconv.Itoa(i)+"]."))
		sum += item.Amount
	}
	if err := errors.Join(faults...); err != nil {
		return err
	}
	if len(items) > 0 && sum != amount {
		return &FieldError{Field: "line_items", Problem: "add up to " + strconv.FormatInt(sum, 10) + ", which is not the amount"}
	}
	return nil
}

// check returns a *FieldError for each field of the line that is wrong, joined. Their
// names begin with the prefix.
func (l LineItem) check(prefix string) error {
	var faults []error
	if l.Name == "" {
		faults = append(faults, &FieldError{Field: prefix + "name", Code: FieldMissing, Problem: "is missing"})
	}
	if l.Quantity < 1 || l.Quantity > maxQuantity {
		faults = append(faults, &FieldError{Field: prefix + "quantity", Problem: "must be a whole number from 1 to " + strconv.Itoa(maxQuantity)})
	}
	if l.Amount < 0 || l.Amount > MaxAmount {
		faults = append(faults, &FieldError{Field: prefix + "amount", Problem: "must be a whole number of minor units from 0 to 99999999999"})
	}
	return errors.Join(append(faults, CheckText(prefix+"name", l.Name))...)
}
