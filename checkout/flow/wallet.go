package flow

// Channel is the payment network that carries an order: the gateway's
// pay_channel.
type Channel string

// The channels that the kit serves.
const (
	ChannelAlipay Channel = "alipay"
	ChannelWeChat Channel = "wechat"
)

// Wallet is the app that pays. The shopper picks it on the page. Alipay has two
// wallets, which do not accept each other's QR codes. WeChat Pay has one.
type Wallet string

// The wallets that the kit serves.
const (
	WalletAlipayCN Wallet = "alipay_cn"
	WalletAlipayHK Wallet = "alipay_hk"
	WalletWeChat   Wallet = "wechat"
)

// Wallets returns every wallet, in the order in which a page lists them.
func Wallets() []Wallet {
	return []Wallet{WalletAlipayCN, WalletAlipayHK, WalletWeChat}
}

// Channel returns the network that w pays through, or "" for an unknown
// wallet.
func (w Wallet) Channel() Channel {
	switch w {
	case WalletAlipayCN, WalletAlipayHK:
		return ChannelAlipay
	case WalletWeChat:
		return ChannelWeChat
	default:
		return ""
	}
}

// ExpandWallets returns the wallets that name stands for: a wallet's own
// name, or a channel's, which means all of its wallets. It returns nil for a
// name that is neither.
func ExpandWallets(name string) []Wallet {
	var found []Wallet
	for _, w := range Wallets() {
		if string(w) == name || string(w.Channel()) == name {
			found = append(found, w)
		}
	}
	return found
}
