package checkout_test

import (
	"context"
	"iter"
	"time"

	"github.com/wantukit/wantukit/checkout"
)

// Statement lists what a test put into the statement, and then ends with its
// error.
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

// addToStatement puts rows into the statement.
func (g *gateway) addToStatement(rows ...checkout.Trade) {
	g.script(func() { g.statements[shop] = append(g.statements[shop], rows...) })
}
