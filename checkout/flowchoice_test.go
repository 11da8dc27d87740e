package checkout_test

import (
	"testing"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
)

// The shop's WeChat account and the session's wallets limit the choice of a flow.
func TestChooseFlowAppliesTheShopAndTheSession(t *testing.T) {
	t.Parallel()
	inWeChat := flow.Device{Kind: flow.DeviceHandheld, Container: flow.ContainerWeChat}
	inAlipay := flow.Device{Kind: flow.DeviceHandheld, Container: flow.ContainerAlipay}
	with, without := checkout.Merchant{WeChatAccount: true}, checkout.Merchant{}
	all, hkOnly := checkout.Session{Wallets: flow.Wallets()}, checkout.Session{Wallets: []flow.Wallet{flow.WalletAlipayHK}}

	same(t, "with a WeChat account", all.ChooseFlow(with, inWeChat, flow.WalletWeChat).Flow, flow.JSAPI)
	same(t, "without a WeChat account", all.ChooseFlow(without, inWeChat, flow.WalletWeChat).Flow, flow.Native)
	same(t, "a session that takes Alipay too", all.ChooseFlow(with, inAlipay, flow.WalletAlipayHK).Guide, flow.GuideSwitchWallet)
	same(t, "a session that takes AlipayHK only", hkOnly.ChooseFlow(with, inAlipay, flow.WalletAlipayHK).Guide, flow.GuideOpenInBrowser)
}
