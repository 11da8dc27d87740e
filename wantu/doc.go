// Package wantu is a typed client for the Wantu (玩途) payment gateway, which
// takes Alipay and WeChat Pay for a merchant.
//
// What to call:
//
//   - [New] makes a [Client] for one store. It is safe for concurrent use.
//   - A shopper at a computer pays with Alipay on a page of Alipay's:
//     [Client.Web]. With [WebRequest].PaymentInst it is a page that shows a QR
//     code, to be put in an iframe.
//   - A shopper on a phone pays with Alipay: [Client.WAP].
//   - A shopper scans a QR code that you draw: [Client.CreateQRCode]; or the
//     store's own, which hangs on its wall: [Client.MerchantQRCode].
//   - A shopper inside WeChat pays with WeChat Pay: [Client.PayForm].
//   - A shopper pays in your own app: [Client.App].
//   - Your till scans the code on the shopper's phone: [Client.PosPayAndWait],
//     which stays until it is decided, or [Client.PosPay] for the bare call.
//   - Ask what became of an order: [Client.Query]. It is the only word that
//     may decide about money; notifications and returns are hints to ask it.
//   - End an order that nobody paid: [Client.Close]. End one whatever its state,
//     and give the money back: [Client.Cancel].
//   - Give money back, all or a part: [Client.Refund].
//   - Reconcile: [Client.Statement] reads the trades of any span,
//     [Client.OrderList] those of one window. They are [Trade]s in exact
//     [Decimal]s.
//   - Show what a currency is worth: [Client.Currency].
//   - Read what the gateway posts to your notify_url:
//     [Client.ParseNotification], and answer with [AckSuccess] or [AckFail].
//   - Change the key: Config.PreviousKey. Watch the calls, for logs, metrics and
//     traces: [Transport].
//   - Play the gateway yourself: [Decode], [Encode], [Sign] and [Verify].
//
// A call that fails leaves two questions. Did the gateway act? [OutcomeUnknown]
// answers: when it says true, call [Client.Query] with the same out_trade_no,
// and never send a second order. May the very same call be sent again?
// [Retryable] answers: yes where a repetition changes nothing and the cause
// passes, and for an order only when nothing was sent. A refusal of the
// gateway's is an [*APIError]; a sentinel for each code, such as [ErrOrderPaid],
// says what to do. What you asked for wrongly is a [*FieldError].
//
// An error never carries a key, a body, a header or a URL that holds a
// secret, so it may be logged as it is. So may a [Client], a [Config], a
// [PosPayRequest] and a [PayFormRequest], by themselves or in an exported field:
// they print without the keys, the auth_code and the open_id. But fmt calls no
// method on an unexported field, and encoding/json none of these anywhere: neither
// print a struct of yours that holds one by value in such a field, nor log one as
// JSON.
//
// The names are the manual's in Go case, and "Manual 2.5" in a comment is a
// section of it. Amounts are whole minor units (分) in an int64.
// Package [github.com/wantukit/wantukit/wantu/sandbox] simulates the gateway.
package wantu
