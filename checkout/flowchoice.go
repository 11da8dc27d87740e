package checkout

import "github.com/wantukit/wantukit/checkout/flow"

// ChooseFlow is [flow.Choose], limited to what the shop can offer: without a
// WeChat account there is no [flow.JSAPI].
func (m Merchant) ChooseFlow(d flow.Device, w flow.Wallet) flow.Choice {
	choice := flow.Choose(d, w)
	if m.WeChatAccount {
		return choice
	}
	return choice.WithoutJSAPI()
}

// ChooseFlow is [Merchant.ChooseFlow] with [flow.Choice.ForWallets]: it guides the shopper
// to another wallet only if the session accepts that wallet. It does not check that the
// session accepts w. m must be the session's own merchant.
func (s Session) ChooseFlow(m Merchant, d flow.Device, w flow.Wallet) flow.Choice {
	return m.ChooseFlow(d, w).ForWallets(s.Wallets)
}
