// Package wantupay makes the Wantu gateway a [checkout.Gateway]. It is the
// only place where the manual's words meet the domain's. Make one with [New].
package wantupay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/wantu"
)

// Account is a shop's account at the gateway.
type Account struct {
	// Name stays the same while the account does. Orders are stored with it.
	Name   string
	Client *wantu.Client
	// MerchantAccount is the gateway's number of the merchant: it numbers its
	// trades for that.
	MerchantAccount string
	// Previous are the shop's accounts from before. No order is placed with them;
	// the orders that were are asked about, closed, refunded and reconciled.
	Previous []Account
	// WeChatAppID is the WeChat account whose openids the shop's JSAPI
	// orders name. Without it the shop has no JSAPI.
	WeChatAppID string
}

// Gateway places and asks about orders at Wantu for every shop.
type Gateway struct{ accounts map[string]Account }

var _ checkout.Gateway = (*Gateway)(nil)

// New returns a Gateway for the accounts of the shops, by merchant ID.
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

// all returns the account and those from before.
func (a Account) all() []Account { return append([]Account{a}, a.Previous...) }

// Account implements [checkout.Gateway].
func (g *Gateway) Account(merchant string) string { return g.accounts[merchant].Name }

// of returns the account of an order. One that is not configured any more is
// not known: another may answer that it has no such order, which says nothing.
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

// NotConfiguredError is a call for a merchant that has no account here, such as
// one that was removed while its orders go on. The gateway was not asked.
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

// Create implements [checkout.Gateway].
func (g *Gateway) Create(ctx context.Context, o checkout.Order) (checkout.Created, error) {
	account, err := g.of(o.OrderRef)
	if err != nil {
		return checkout.Created{}, err
	}
	created, err := account.create(ctx, o)
	return created, translate(err)
}

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
	r := wantu.WebRequest{
		TotalFee: o.Amount, FeeType: o.Currency, Subject: subject(o.Subject), ProductID: o.ProductID,
		OutTradeNo: o.OutTradeNo, NotifyURL: o.NotifyURL, ReturnURL: o.ReturnURL, TimeExpire: expiry(o, time.Now()),
	}
	if o.Flow == flow.Iframe {
		r.PaymentInst, r.QRCodeWidth = inst(o.Wallet), o.FrameWidth
	}
	answer, err := a.Client.Web(ctx, r)
	return checkout.Created{TradeID: answer.TradeID, Placed: checkout.Placed{URL: answer.URL}}, err
}

func (a Account) wap(ctx context.Context, o checkout.Order) (checkout.Created, error) {
	answer, err := a.Client.WAP(ctx, wantu.WAPRequest{
		TotalFee: o.Amount, FeeType: o.Currency, Subject: subject(o.Subject), ProductID: o.ProductID,
		OutTradeNo: o.OutTradeNo, NotifyURL: o.NotifyURL, ReturnURL: o.ReturnURL, TimeExpire: expiry(o, time.Now()),
		PaymentInst: inst(o.Wallet),
	})
	return checkout.Created{TradeID: answer.TradeID, Placed: checkout.Placed{URL: answer.URL}}, err
}

// expiry is when the gateway's own clock ends an order: where this machine's
// clock was moved, the later of the two that may be meant. It is the session
// that ends the order; an expiry that has passed would refuse it.
func expiry(o checkout.Order, now time.Time) time.Time {
	if later := now.Add(o.Remaining); later.After(o.ExpiresAt) {
		return later
	}
	return o.ExpiresAt
}

func (a Account) native(ctx context.Context, o checkout.Order) (checkout.Created, error) {
	answer, err := a.Client.CreateQRCode(ctx, wantu.CreateQRCodeRequest{
		PayChannel: channel(o.Channel), TotalFee: o.Amount, FeeType: o.Currency,
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

// Query implements [checkout.Gateway].
func (g *Gateway) Query(ctx context.Context, r checkout.OrderRef) (checkout.OrderStatus, error) {
	account, err := g.of(r)
	if err != nil {
		return checkout.OrderStatus{}, err
	}
	answer, err := account.Client.Query(ctx, wantu.QueryRequest{PayChannel: channel(r.Channel), OutTradeNo: r.OutTradeNo})
	if err != nil {
		return checkout.OrderStatus{}, translate(err)
	}
	return checkout.OrderStatus{
		OutTradeNo: answer.OutTradeNo, TradeID: answer.TradeID, Payee: account.MerchantAccount,
		Amount: answer.TotalFee, Currency: answer.FeeType,
		State: state(answer.TradeStatus), Detail: detail(answer.TradeStatus, answer.TradeTime, answer.TradeTimeText),
	}, nil
}

// Close implements [checkout.Gateway].
func (g *Gateway) Close(ctx context.Context, r checkout.OrderRef) error {
	account, err := g.of(r)
	if err != nil {
		return err
	}
	_, err = account.Client.Close(ctx, wantu.CloseRequest{PayChannel: channel(r.Channel), OutTradeNo: r.OutTradeNo})
	return translate(err)
}

// Refund implements [checkout.Gateway].
func (g *Gateway) Refund(ctx context.Context, o checkout.RefundOrder) (checkout.RefundResult, error) {
	account, err := g.of(o.OrderRef)
	if errors.Is(err, checkout.ErrOutcomeUnknown) {
		return checkout.RefundResult{}, err
	}
	if err != nil {
		// Another node may know it, as while a shop is being added to one after
		// the other: the gateway has refused nothing.
		return checkout.RefundResult{}, fmt.Errorf("%w: %w", checkout.ErrOutcomeUnknown, &NotConfiguredError{o.Merchant})
	}
	answer, err := account.Client.Refund(ctx, wantu.RefundRequest{
		PayChannel: channel(o.Channel), OutTradeNo: o.OutTradeNo, OutRefundNo: o.OutRefundNo,
		TotalFee: o.Paid, RefundFee: o.Amount, RefundFeeType: o.Currency,
	})
	if err != nil {
		return checkout.RefundResult{}, refundError(err)
	}
	return checkout.RefundResult{GatewayID: answer.RefundID}, nil
}

// refundError tells a refusal from an answer that is not known. Only 508 is
// about the refund that the number names; any other is about this call.
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

// ReadNotification implements [checkout.Gateway].
func (g *Gateway) ReadNotification(r checkout.OrderRef, body []byte) (checkout.OrderStatus, string, error) {
	text := redact(body)
	account, err := g.of(r)
	if err != nil {
		return checkout.OrderStatus{}, text, err
	}
	n, err := account.Client.ParseNotification(body)
	if errors.Is(err, wantu.ErrMismatch) {
		return checkout.OrderStatus{}, text, errors.Join(checkout.ErrOtherAccount, err)
	}
	if err != nil {
		return checkout.OrderStatus{}, text, err
	}
	return checkout.OrderStatus{
		OutTradeNo: n.OutTradeNo, TradeID: n.TradeID, Payee: account.MerchantAccount, Amount: n.TotalFee, Currency: n.FeeType,
		State: state(n.TradeStatus), Detail: detail(n.TradeStatus, n.TradeTime, n.TradeTimeText),
	}, text, nil
}

// translate adds to an error the one of the domain's that it matches.
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

// definite reports whether the gateway, or the client on its behalf, has said
// no. A gateway that was not reached has said nothing: the same order is
// placed once it is.
func definite(err error) bool {
	var field *wantu.FieldError
	var api *wantu.APIError
	return !wantu.OutcomeUnknown(err) && (errors.As(err, &field) || errors.As(err, &api))
}

// state gives a trade_status its meaning.
func state(s wantu.TradeStatus) checkout.OrderState {
	switch s {
	case wantu.Success:
		return checkout.OrderPaid
	case wantu.PayError:
		return checkout.OrderFailed
	case wantu.NotPay:
		return checkout.OrderUnpaid
	default:
		return checkout.OrderUnknown
	}
}

// detail is the gateway's word for the state. A trade_time that nobody can read
// decides nothing: it is recorded as it came.
func detail(s wantu.TradeStatus, paid time.Time, text string) string {
	if text == "" || !paid.IsZero() {
		return string(s)
	}
	return fmt.Sprintf("%s, trade_time %.40q", s, text)
}

func channel(c flow.Channel) wantu.PayChannel {
	if c == flow.ChannelWeChat {
		return wantu.WeChat
	}
	return wantu.Alipay
}

func inst(w flow.Wallet) wantu.PaymentInst {
	if w == flow.WalletAlipayHK {
		return wantu.AlipayHK
	}
	return wantu.AlipayCN
}

// subject spares the gateway's ambiguous signature an &; our own pages show
// the original.
func subject(text string) string { return strings.ReplaceAll(text, "&", "＆") }

// keptBody is how much of a notification is kept, in bytes.
const keptBody = 4 << 10

// signMember is a "sign" member of a JSON object, whatever its value.
var signMember = regexp.MustCompile(`(?i)"sign"\s*:\s*("(?:[^"\\]|\\.)*"?|[^,}\]]*)`)

// redact returns what may be kept of a notification's body.
func redact(body []byte) string {
	text := string(body)
	if len(text) > keptBody {
		text = text[:keptBody]
	}
	text = signMember.ReplaceAllString(text, `"sign":"(left out)"`)
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, "�")
	}
	return strings.ReplaceAll(text, "\x00", "�") // PostgreSQL's text takes no NUL
}
