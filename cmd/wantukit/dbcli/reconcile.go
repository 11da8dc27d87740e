package dbcli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/reconcile"
	"github.com/wantukit/wantukit/checkout/store"
	"github.com/wantukit/wantukit/cmd/wantukit/gatewaycli"
	"github.com/wantukit/wantukit/wantu"
)

// reconcileVerb compares the gateway's statement with the database, as serve does
// every day.
type reconcileVerb struct {
	Merchant string `env:"-" help:"Id of one merchant. Defaults to all merchants of --config."`
	From     string `env:"-" placeholder:"DAY" help:"First day in UTC+8, such as 2026-11-01. Defaults to yesterday."`
	To       string `env:"-" placeholder:"DAY" help:"Last day in UTC+8. Defaults to the day of --from."`
	List     bool   `env:"-" xor:"what" help:"List the stored reports, newest first, instead of reconciling."`
	Report   string `env:"-" xor:"what" placeholder:"ID" help:"Show a stored report instead of reconciling."`
	JSON     bool   `name:"json" env:"-" help:"Print JSON, with amounts in minor units."`
	shopFlags
}

// maxListed is how many reports --list shows.
const maxListed = 100

// Run implements kong's command.
func (v *reconcileVerb) Run(ctx context.Context, logger *slog.Logger, s gatewaycli.Streams) error {
	if err := v.checkMerchant(v.Merchant, "--merchant"); err != nil {
		return err
	}
	switch {
	case v.List:
		return v.list(ctx, s)
	case v.Report != "":
		return v.show(ctx, s)
	default:
		return v.reconcile(ctx, logger, s)
	}
}

func (v *reconcileVerb) list(ctx context.Context, s gatewaycli.Streams) error {
	return v.with(ctx, func(_ *store.DB, st *store.Store) error {
		reports, err := st.Reconciliations(ctx, v.Merchant, maxListed)
		if err != nil {
			return err
		}
		if v.JSON {
			return writeReports(s, reports)
		}
		return listReports(s, reports)
	})
}

func (v *reconcileVerb) show(ctx context.Context, s gatewaycli.Streams) error {
	return v.with(ctx, func(_ *store.DB, st *store.Store) error {
		r, err := st.Reconciliation(ctx, v.Report)
		if errors.Is(err, checkout.ErrNotFound) {
			return gatewaycli.Usage(fmt.Errorf("--report: there is no report %s", v.Report))
		}
		if err != nil {
			return err
		}
		return v.write(s, []checkout.Reconciliation{r})
	})
}

func (v *reconcileVerb) write(s gatewaycli.Streams, reports []checkout.Reconciliation) error {
	if v.JSON {
		return writeReports(s, reports)
	}
	return printTable(s, reports)
}

// reconcile reconciles each day of each merchant. If one fails, it goes on with the
// others.
func (v *reconcileVerb) reconcile(ctx context.Context, logger *slog.Logger, s gatewaycli.Streams) error {
	days, err := v.days(time.Now())
	if err != nil {
		return err
	}
	shops, err := v.shops(v.Merchant)
	if err != nil {
		return err
	}
	return v.with(ctx, func(db *store.DB, _ *store.Store) error {
		d, err := v.domain(ctx, db, shops, logger)
		if err != nil {
			return err
		}
		var reports []checkout.Reconciliation
		var failed []error
		for _, shop := range shops {
			for _, day := range days {
				r, err := d.Reconciler.Reconcile(ctx, shop.ID, day, day.AddDate(0, 0, 1))
				if err != nil {
					failed = append(failed, fmt.Errorf("%s %s: %w", shop.ID, day.Format(time.DateOnly), err))
					continue
				}
				reports = append(reports, r)
			}
		}
		err = errors.Join(v.write(s, reports), d.Service.Drain(ctx))
		return errors.Join(errors.Join(failed...), err, differencesError(reports, len(failed)))
	})
}

// differencesError returns an error with exit code ExitNo if there are differences,
// and nil if something failed, which has its own error.
func differencesError(reports []checkout.Reconciliation, failed int) error {
	n := 0
	for _, r := range reports {
		n += r.Differences
	}
	if n == 0 || failed > 0 {
		return nil
	}
	return gatewaycli.No(formatCount(n, "difference"))
}

// days returns the days from --from to --to, each as its midnight in UTC+8.
func (v *reconcileVerb) days(now time.Time) ([]time.Time, error) {
	today, _ := reconcile.GatewayDay(now)
	first := today.AddDate(0, 0, -1)
	var err error
	if v.From != "" {
		if first, err = parseDay("--from", v.From); err != nil {
			return nil, err
		}
	}
	last := first
	if v.To != "" {
		if last, err = parseDay("--to", v.To); err != nil {
			return nil, err
		}
	}
	switch {
	case last.Before(first):
		return nil, gatewaycli.Usage(errors.New("--to is before --from"))
	case last.After(today):
		return nil, gatewaycli.Usage(errors.New("the last day has not begun in UTC+8"))
	}
	var days []time.Time
	for day := first; !day.After(last); day = day.AddDate(0, 0, 1) {
		days = append(days, day)
	}
	return days, nil
}

// parseDay returns the midnight in UTC+8 of a day. flag is the flag's name, for
// errors.
func parseDay(flag, text string) (time.Time, error) {
	day, err := wantu.ParseTime(text + " 00:00:00")
	if err != nil || len(text) != len(time.DateOnly) {
		return time.Time{}, gatewaycli.Usage(fmt.Errorf("%s must be a day, such as 2026-11-01", flag))
	}
	return day, nil
}

// report is the JSON of a report.
type report struct {
	ID          string                `json:"id"`
	Merchant    string                `json:"merchant"`
	From        time.Time             `json:"from"`
	To          time.Time             `json:"to"`
	StartedAt   time.Time             `json:"started_at"`
	FinishedAt  *time.Time            `json:"finished_at"`
	Complete    bool                  `json:"complete"`
	Payments    int                   `json:"payments"`
	Refunds     int                   `json:"refunds"`
	Elsewhere   int                   `json:"elsewhere"`
	Differences int                   `json:"differences"`
	New         int                   `json:"new"`
	Healed      int                   `json:"healed"`
	Found       []checkout.Difference `json:"found,omitempty"`
	Error       string                `json:"error,omitempty"`
}

func writeReports(s gatewaycli.Streams, reports []checkout.Reconciliation) error {
	list := make([]report, len(reports))
	for i, r := range reports {
		list[i] = report{
			ID: r.ID, Merchant: r.Merchant, From: r.From, To: r.To, StartedAt: r.StartedAt, Complete: r.Complete(),
			Payments: r.Payments, Refunds: r.Refunds, Elsewhere: r.Elsewhere,
			Differences: r.Differences, New: r.Told, Healed: r.Healed, Found: r.Found, Error: r.Error,
		}
		if !r.FinishedAt.IsZero() {
			list[i].FinishedAt = &r.FinishedAt
		}
	}
	return json.NewEncoder(s.Out).Encode(list)
}
