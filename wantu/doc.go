// Package wantu is a typed client for the Wantu (玩途) payment gateway, which
// accepts payments with Alipay and WeChat Pay for a merchant.
//
// # What to call
//
//   - [New] makes a [Client] for one store from a [Config]. The client is safe for
//     concurrent use. [ProductionURL] and [TestURL] are the gateway's addresses.
//   - A shopper at a computer pays on a page of Alipay: [Client.Web]. With
//     [WebRequest].PaymentInst the page shows a QR code and belongs in an iframe.
//   - A shopper on a phone pays with Alipay: [Client.WAP].
//   - A shopper scans a QR code that you draw: [Client.CreateQRCode]. A shopper
//     scans a printed code of the store and enters the amount:
//     [Client.MerchantQRCode].
//   - A shopper inside WeChat pays with WeChat Pay: [Client.PayForm].
//   - A shopper pays in your own app: [Client.App].
//   - Your till scans the code on the shopper's phone: [Client.PosPayAndWait]
//     waits until the payment is decided, as [PosPayWait] says. [Client.PosPay]
//     makes only the one call.
//   - Query an order: [Client.Query] returns its [TradeStatus]. Only this answer
//     may decide about money. When a notification arrives or the shopper returns
//     from a payment page, query the order.
//   - End an unpaid order: [Client.Close]. End an order in any state, and give back
//     what was paid: [Client.Cancel].
//   - Give back all of the money or a part: [Client.Refund].
//   - Reconcile: [Client.Statement] reads the [Trade]s of any time span, and
//     [Client.OrderList] those of at most [MaxStatementWindow]. A gateway may list
//     a trade under both channels: [Duplicates] finds the trades that you have
//     already read.
//   - Show the exchange rate of a currency: [Client.Currency].
//   - Receive what the gateway posts to your notify_url:
//     [Client.ParseNotification] verifies it and returns a [Notification]. Answer
//     with [AckSuccess] or [AckFail].
//   - Rotate the key: Config.PreviousKey. Observe the calls, for logs, metrics and
//     traces: [Transport], with [Sent] and [Received].
//   - Convert the gateway's values: [ParseFee], [ParseTime] and [FormatTime], and
//     [Decimal], [ParseDecimal], [MinorUnits] and [MinorDigits]. [MaxTotalFee] is
//     the largest amount.
//   - Imitate the gateway, or find out why two signatures differ: [Decode] and
//     [Encode] for a [Message], [Sign], [Verify] and [SigningString] for [Fields].
//     [MaxBody], [MaxStatement] and [MaxDepth] limit a message.
//
// # When a call fails
//
// Ask two questions. Did the gateway carry out the call? If [OutcomeUnknown] is
// true, it may have: call [Client.Query] with the same out_trade_no, and do not
// send a second order. May you send the same call again? [Retryable] is true if a
// repetition is harmless and the cause is temporary. For a call that opens an order
// that is so only when nothing was sent.
//
// If the gateway refuses a call, the error is an [*APIError] with a [ReturnCode].
// Each code has a sentinel, such as [ErrOrderPaid], whose comment says what to do.
// An answer that cannot be used is an [ErrSignature], [ErrMalformed], [ErrMismatch]
// or [ErrStatus]. A wrong field of a request or of [Config] is a [*FieldError], and
// nothing was sent. [ErrCanceled] is the end of a [Client.PosPayAndWait] that
// nobody paid.
//
// # Secrets
//
// An error never contains a key, a body, a header, or a URL with a secret, so you
// may log it. You may also log a [Client], a [Config], a [PosPayRequest] and a
// [PayFormRequest]: they print without the keys, the auth_code and the open_id. This
// works for the value itself and in an exported field of a struct. It does not work
// in an unexported field, because fmt calls no methods there, and not in JSON. So do
// not print a struct that contains one by value in an unexported field, and do not
// log one as JSON.
//
// # Names and units
//
// The names are those of the gateway's manual in Go case. "Manual 2.5" in a comment
// is a section of that manual. Amounts are whole minor units (分) in an int64. Subject,
// ProductID, Attach and DeviceSN of a request must not contain "&", a control
// character or a line separator. Package
// [github.com/wantukit/wantukit/wantu/sandbox] simulates the gateway.
package wantu
