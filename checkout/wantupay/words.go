package wantupay

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/wantu"
)

// state returns what a trade_status means (manual 2.5).
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

// detail returns the gateway's word for the state. A trade_time that cannot be parsed is
// added as it is: it decides nothing.
func detail(s wantu.TradeStatus, paid time.Time, text string) string {
	if text == "" || !paid.IsZero() {
		return string(s)
	}
	return fmt.Sprintf("%s, trade_time %.40q", s, text)
}

// errUnknownWord says that the gateway does not have the order's wallet or channel.
var errUnknownWord = errors.New("the gateway has no such wallet or channel")

func errUnknownWallet(name string) error { return fmt.Errorf("%w: %q", errUnknownWord, name) }

// channel returns the gateway's word for a channel.
func channel(c flow.Channel) (wantu.PayChannel, error) {
	switch c {
	case flow.ChannelAlipay:
		return wantu.Alipay, nil
	case flow.ChannelWeChat:
		return wantu.WeChat, nil
	default:
		return 0, errUnknownWallet(string(c))
	}
}

// paymentInst returns the gateway's word for one of Alipay's wallets.
func paymentInst(w flow.Wallet) (wantu.PaymentInst, error) {
	switch w {
	case flow.WalletAlipayCN:
		return wantu.AlipayCN, nil
	case flow.WalletAlipayHK:
		return wantu.AlipayHK, nil
	default:
		return "", errUnknownWallet(string(w))
	}
}

// subject replaces each & by a full-width one: the gateway's signature is ambiguous
// about &. The kit's own pages show the original.
func subject(text string) string { return strings.ReplaceAll(text, "&", "＆") }
