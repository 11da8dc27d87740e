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

// ChooseFlow is [Merchant.ChooseFlow], limited to the wallets that the session
// accepts. m must be the session's own merchant.
func (s Session) ChooseFlow(m Merchant, d flow.Device, w flow.Wallet) flow.Choice {
	return m.ChooseFlow(d, w).ForWallets(s.Wallets)
}
