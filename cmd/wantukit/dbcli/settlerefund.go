package dbcli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/store"
	"github.com/wantukit/wantukit/cmd/wantukit/gatewaycli"
)

// settleRefundVerb settles a refund that the gateway does not answer.
type settleRefundVerb struct {
	Refund   string `arg:"" help:"Id of the refund, re_…"`
	As       string `enum:"succeeded,failed," default:"" env:"-" help:"succeeded or failed, as the gateway's support says. By default the gateway's statement decides."`
	RefundID string `env:"-" help:"The gateway's number of the refund, with --as succeeded."`
	Why      string `env:"-" help:"Who decided it, with --as. The timeline keeps this text, and the shop sees it if the refund failed."`
	JSON     bool   `name:"json" env:"-" help:"Print a JSON object, with amounts in minor units."`
	shopFlags
}

// Run implements kong's command.
func (v *settleRefundVerb) Run(ctx context.Context, logger *slog.Logger, s gatewaycli.Streams) error {
	switch {
	case (v.As == "") != (v.Why == ""):
		return gatewaycli.Usage(errors.New("--as and --why go together"))
	case v.RefundID != "" && v.As != string(checkout.RefundSucceeded):
		return gatewaycli.Usage(errors.New("--refund-id goes with --as succeeded"))
	}
	shops, err := v.shops("")
	if err != nil {
		return err
	}
	return v.with(ctx, func(db *store.DB, _ *store.Store) error {
		d, err := v.domain(ctx, db, shops, logger)
		if err != nil {
			return err
		}
		r, err := d.Service.SettleRefund(ctx, v.Refund, checkout.Settlement{
			Outcome: checkout.RefundState(v.As), GatewayID: v.RefundID, Why: v.Why,
		})
		if err := errors.Join(err, d.Service.Drain(ctx)); err != nil {
			return settleError(r, err)
		}
		return v.write(s, r)
	})
}

// settleError returns the error with the exit code that fits: ExitUsage for a wrong
// argument, ExitNo for a refund that cannot be settled now.
func settleError(r checkout.Refund, err error) error {
	var field *checkout.FieldError
	switch {
	case errors.As(err, &field):
		return gatewaycli.Usage(err)
	case errors.Is(err, checkout.ErrNotFound):
		return gatewaycli.Usage(errors.New("there is no such refund"))
	case errors.Is(err, checkout.ErrRefundSettled):
		return gatewaycli.No(fmt.Sprintf("the refund is %s", r.State))
	case errors.Is(err, checkout.ErrRefundBusy):
		return gatewaycli.No("the refund is being sent to the gateway: try again in a minute")
	case errors.Is(err, checkout.ErrNotListed), errors.Is(err, checkout.ErrListedOtherwise):
		return gatewaycli.No(err.Error())
	default:
		return err
	}
}

func (v *settleRefundVerb) write(s gatewaycli.Streams, r checkout.Refund) error {
	if v.JSON {
		r.ClientReferenceID, r.Failure, r.TradeID = gatewaycli.Printable(r.ClientReferenceID), gatewaycli.Printable(r.Failure), gatewaycli.Printable(r.TradeID)
		return json.NewEncoder(s.Out).Encode(r.Public())
	}
	_, err := fmt.Fprintf(s.Out, "%s %s, %s\n", r.ID, r.State, gatewaycli.AmountOf(r.Amount, r.Currency))
	return err
}
