package checkout_test

import (
	"context"
	"iter"
	"time"

	"github.com/wantukit/wantukit/checkout"
)

// Statement lists the rows that a test added, and then fails with statementError if
// it is set.
func (g *gateway) Statement(ctx context.Context, merchant string, from, to time.Time) iter.Seq2[checkout.Trade, error] {
	return func(yield func(checkout.Trade, error) bool) {
		if err := g.wait(ctx); err != nil {
			yield(checkout.Trade{}, err)
			return
		}
		g.mu.Lock()
		rows, err := g.statements[merchant], g.statementError
		g.mu.Unlock()
		for _, t := range rows {
			if t.At.IsZero() || !t.At.Before(from) && !t.At.After(to) {
				if !yield(t, nil) {
					return
				}
			}
		}
		if err != nil {
			yield(checkout.Trade{}, err)
		}
	}
}

// addToStatement adds rows to the shop's statement.
func (g *gateway) addToStatement(rows ...checkout.Trade) {
	g.script(func() { g.statements[shop] = append(g.statements[shop], rows...) })
}
