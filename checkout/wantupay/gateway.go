// Package wantupay makes the Wantu gateway a [checkout.Gateway] and a [checkout.Rates].
// It is the only package that translates between the manual's words and those of package
// checkout. Make a [Gateway] with [New], from the [Account] of each shop.
package wantupay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/wantu"
)

// Account is a shop's account at the gateway.
type Account struct {
	// Name identifies the account among those of the shop. It is stored with each
	// order, so it must never change.
	Name   string
	Client *wantu.Client
	// MerchantAccount is the gateway's number of the merchant. Each trade_id is unique
	// within it.
	MerchantAccount string
	// Previous are the shop's earlier accounts. No order is placed with them. Their
	// orders are still queried, closed, refunded and reconciled. The Previous of an
	// earlier account are ignored.
	Previous []Account
	// WeChatAppID is the WeChat account that the openids of JSAPI orders belong to.
	// Without it the shop has no JSAPI.
	WeChatAppID string
}

// Gateway is the Wantu gateway with the accounts of all shops.
type Gateway struct{ accounts map[string]Account }

var _ checkout.Gateway = (*Gateway)(nil)

// New returns a Gateway for the accounts of the shops, by merchant ID. It returns an
// error for an account without a client, and for two accounts of a shop with one name.
func New(accounts map[string]Account) (*Gateway, error) {
	for id, a := range accounts {
		names := map[string]bool{}
		for _, a := range a.all() {
			if a.Client == nil {
				return nil, fmt.Errorf("wantupay: an account of %q has no client", id)
			}
			if names[a.Name] {
				return nil, fmt.Errorf("wantupay: two accounts of %q have one name", id)
			}
			names[a.Name] = true
		}
	}
	return &Gateway{accounts: accounts}, nil
}

// all returns the account and the earlier ones.
func (a Account) all() []Account { return append([]Account{a}, a.Previous...) }

// Account implements [checkout.Gateway]: it returns the name of the account that a
// merchant's new orders are placed with, or "" if the merchant has none.
func (g *Gateway) Account(merchant string) string { return g.accounts[merchant].Name }

// of returns the account that an order was placed with. It returns ErrOutcomeUnknown
// where that account is no longer configured: another account would answer that it has
// no such order, which proves nothing.
func (g *Gateway) of(r checkout.OrderRef) (Account, error) {
	a, err := g.account(r.Merchant)
	if err != nil || r.Account == "" {
		return a, err
	}
	for _, known := range a.all() {
		if known.Name == r.Account {
			return known, nil
		}
	}
	return a, fmt.Errorf("%w: the order was placed with account %q, which is not configured for merchant %q any more: name it as gateway.previous_account",
		checkout.ErrOutcomeUnknown, r.Account, r.Merchant)
}

// NotConfiguredError says that the merchant has no account here, for example because it
// was removed while its orders go on. The gateway was not called. The error also matches
// [checkout.ErrRefused], or [checkout.ErrOutcomeUnknown] if [Gateway.Refund] returns it.
// If only an earlier account of the merchant is missing, the methods return an
// ErrOutcomeUnknown without a NotConfiguredError.
type NotConfiguredError struct{ Merchant string }

func (e *NotConfiguredError) Error() string {
	return fmt.Sprintf("no account for merchant %q is configured", e.Merchant)
}

func (g *Gateway) account(merchant string) (Account, error) {
	a, ok := g.accounts[merchant]
	if !ok {
		return a, fmt.Errorf("%w: %w", checkout.ErrRefused, &NotConfiguredError{merchant})
	}
	return a, nil
}

// Create implements [checkout.Gateway]: it places an order with the endpoint of its flow.
// It returns ErrRefused if the wallet cannot pay by the flow. Any other error matches the
// error of package checkout with the same meaning, such as ErrNumberUsed.
func (g *Gateway) Create(ctx context.Context, o checkout.Order) (checkout.Created, error) {
	account, err := g.of(o.OrderRef)
	if err != nil {
		return checkout.Created{}, err
	}
	if !o.Wallet.CanPayBy(o.Flow) {
		return checkout.Created{}, fmt.Errorf("%w: wallet %q cannot pay by flow %q", checkout.ErrRefused, o.Wallet, o.Flow)
	}
	created, err := account.create(ctx, o)
	if errors.Is(err, errUnknownWord) { // nothing was sent
		return checkout.Created{}, errors.Join(checkout.ErrRefused, err)
	}
	return created, translate(err)
}

// CanRefund implements [checkout.Gateway]: each of the gateway's wallets refunds.
func (g *Gateway) CanRefund(w flow.Wallet) bool { return w.Channel() != "" }

func (a Account) create(ctx context.Context, o checkout.Order) (checkout.Created, error) {
	switch o.Flow {
	case flow.Web, flow.Iframe:
		return a.web(ctx, o)
	case flow.WAP:
		return a.wap(ctx, o)
	case flow.Native:
		return a.native(ctx, o)
	case flow.JSAPI:
		return a.jsapi(ctx, o)
	default:
		return checkout.Created{}, fmt.Errorf("%w: no order is placed by flow %q", checkout.ErrRefused, o.Flow)
	}
}

func (a Account) web(ctx context.Context, o checkout.Order) (checkout.Created, error) {
	inst, err := paymentInst(o.Wallet)
	if err != nil {
		return checkout.Created{}, err
	}
	r := wantu.WebRequest{
		TotalFee: o.Amount, FeeType: o.Currency, Subject: subject(o.Subject), ProductID: o.ProductID,
		OutTradeNo: o.OutTradeNo, NotifyURL: o.NotifyURL, ReturnURL: o.ReturnURL, TimeExpire: expiry(o, time.Now()),
	}
	if o.Flow == flow.Iframe {
		r.PaymentInst, r.QRCodeWidth = inst, o.FrameWidth
	}
	answer, err := a.Client.Web(ctx, r)
	return checkout.Created{TradeID: answer.TradeID, Placed: checkout.Placed{URL: answer.URL}}, err
}

func (a Account) wap(ctx context.Context, o checkout.Order) (checkout.Created, error) {
	inst, err := paymentInst(o.Wallet)
	if err != nil {
		return checkout.Created{}, err
	}
	answer, err := a.Client.WAP(ctx, wantu.WAPRequest{
		TotalFee: o.Amount, FeeType: o.Currency, Subject: subject(o.Subject), ProductID: o.ProductID,
		OutTradeNo: o.OutTradeNo, NotifyURL: o.NotifyURL, ReturnURL: o.ReturnURL, TimeExpire: expiry(o, time.Now()),
		PaymentInst: inst,
	})
	return checkout.Created{TradeID: answer.TradeID, Placed: checkout.Placed{URL: answer.URL}}, err
}

// expiry returns the time_expire of an order. Where this machine's clock was changed, it
// is the later of the two times that may be meant: the session ends the order, and the
// gateway refuses a time_expire in the past.
func expiry(o checkout.Order, now time.Time) time.Time {
	if later := now.Add(o.Remaining); later.After(o.ExpiresAt) {
		return later
	}
	return o.ExpiresAt
}

func (a Account) native(ctx context.Context, o checkout.Order) (checkout.Created, error) {
	pays, err := channel(o.Channel)
	if err != nil {
		return checkout.Created{}, err
	}
	answer, err := a.Client.CreateQRCode(ctx, wantu.CreateQRCodeRequest{
		PayChannel: pays, TotalFee: o.Amount, FeeType: o.Currency,
		Subject: subject(o.Subject), ProductID: o.ProductID, OutTradeNo: o.OutTradeNo, NotifyURL: o.NotifyURL,
	})
	return checkout.Created{TradeID: answer.TradeID, Placed: checkout.Placed{Code: answer.QRCodeURL}}, err
}

func (a Account) jsapi(ctx context.Context, o checkout.Order) (checkout.Created, error) {
	answer, err := a.Client.PayForm(ctx, wantu.PayFormRequest{
		TotalFee: o.Amount, FeeType: o.Currency, Subject: subject(o.Subject), ProductID: o.ProductID,
		OutTradeNo: o.OutTradeNo, NotifyURL: o.NotifyURL, OpenID: o.OpenID, AppID: a.WeChatAppID,
	})
	if err != nil {
		return checkout.Created{}, err
	}
	p := answer.Parameters
	text, err := json.Marshal(map[string]string{
		"appId": p.AppID, "timeStamp": p.TimeStamp, "nonceStr": p.NonceStr,
		"package": p.Package, "signType": p.SignType, "paySign": p.PaySign,
	})
	return checkout.Created{TradeID: answer.TradeID, Placed: checkout.Placed{JSAPI: string(text)}}, err
}

// resolve returns the account that an order was placed with, and the gateway's word for
// its channel. The errors are those of [Gateway.of], and ErrOutcomeUnknown for a channel
// that the gateway does not have.
func (g *Gateway) resolve(r checkout.OrderRef) (Account, wantu.PayChannel, error) {
	account, err := g.of(r)
	if err != nil {
		return account, 0, err
	}
	pays, err := channel(r.Channel)
	if err != nil {
		err = errors.Join(checkout.ErrOutcomeUnknown, err)
	}
	return account, pays, err
}

// Query implements [checkout.Gateway]: it returns the gateway's state of an order. It
// returns ErrNoOrder if the gateway does not know the order, and otherwise ErrRefused or
// ErrOutcomeUnknown.
func (g *Gateway) Query(ctx context.Context, r checkout.OrderRef) (checkout.OrderStatus, error) {
	account, pays, err := g.resolve(r)
	if err != nil {
		return checkout.OrderStatus{}, err
	}
	answer, err := account.Client.Query(ctx, wantu.QueryRequest{PayChannel: pays, OutTradeNo: r.OutTradeNo})
	if err != nil {
		return checkout.OrderStatus{}, translate(err)
	}
	return checkout.OrderStatus{
		OutTradeNo: answer.OutTradeNo, TradeID: answer.TradeID, Payee: account.MerchantAccount,
		Amount: answer.TotalFee, Currency: answer.FeeType,
		State: state(answer.TradeStatus), Detail: detail(answer.TradeStatus, answer.TradeTime, answer.TradeTimeText),
	}, nil
}

// Close implements [checkout.Gateway]: it ends an unpaid order. It returns ErrAlreadyPaid
// or ErrNoOrder, and otherwise ErrRefused or ErrOutcomeUnknown.
func (g *Gateway) Close(ctx context.Context, r checkout.OrderRef) error {
	account, pays, err := g.resolve(r)
	if err != nil {
		return err
	}
	_, err = account.Client.Close(ctx, wantu.CloseRequest{PayChannel: pays, OutTradeNo: r.OutTradeNo})
	return translate(err)
}

// Refund implements [checkout.Gateway]: it gives back money of an order. It returns a
// *RefusedError if the gateway refused, and ErrOutcomeUnknown for every other error.
func (g *Gateway) Refund(ctx context.Context, o checkout.RefundOrder) (checkout.RefundResult, error) {
	account, pays, err := g.resolve(o.OrderRef)
	if errors.Is(err, checkout.ErrOutcomeUnknown) {
		return checkout.RefundResult{}, err
	}
	if err != nil {
		// Another node may have the account, for example while a shop is being added
		// to one node after the other. So this is no refusal by the gateway.
		return checkout.RefundResult{}, fmt.Errorf("%w: %w", checkout.ErrOutcomeUnknown, &NotConfiguredError{o.Merchant})
	}
	answer, err := account.Client.Refund(ctx, wantu.RefundRequest{
		PayChannel: pays, OutTradeNo: o.OutTradeNo, OutRefundNo: o.OutRefundNo,
		TotalFee: o.Paid, RefundFee: o.Amount, RefundFeeType: o.Currency,
	})
	if err != nil {
		return checkout.RefundResult{}, refundError(err)
	}
	return checkout.RefundResult{GatewayID: answer.RefundID}, nil
}

// refundError returns a *RefusedError for a refusal, and ErrOutcomeUnknown for everything
// else. Only return_code 508 is about the refund with that number; any other refusal is
// about this one call.
func refundError(err error) error {
	if !definite(err) {
		return errors.Join(checkout.ErrOutcomeUnknown, err)
	}
	refusal := &checkout.RefusedError{Word: err.Error(), Settled: errors.Is(err, wantu.ErrRefund)}
	var api *wantu.APIError
	if errors.As(err, &api) {
		refusal.Word = strings.TrimSpace(api.Code.String() + " " + api.Desc)
	}
	return refusal
}

// translate adds to an error of package wantu the error of package checkout that it
// means.
func translate(err error) error {
	switch {
	case err == nil, errors.Is(err, checkout.ErrRefused), errors.Is(err, checkout.ErrOutcomeUnknown):
		return err
	case errors.Is(err, wantu.ErrOrderInvalid):
		return errors.Join(checkout.ErrNoOrder, err)
	case errors.Is(err, wantu.ErrOrderPaid):
		return errors.Join(checkout.ErrAlreadyPaid, err)
	case errors.Is(err, wantu.ErrOutTradeNoUsed):
		return errors.Join(checkout.ErrNumberUsed, err)
	case definite(err):
		return errors.Join(checkout.ErrRefused, err)
	default:
		return errors.Join(checkout.ErrOutcomeUnknown, err)
	}
}

// definite reports whether the gateway, or the client before the call, has refused. A
// gateway that could not be reached has refused nothing: the same order is placed later.
func definite(err error) bool {
	var field *wantu.FieldError
	var api *wantu.APIError
	return !wantu.OutcomeUnknown(err) && (errors.As(err, &field) || errors.As(err, &api))
}
