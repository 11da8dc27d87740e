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
//   - A shopper scans a QR code that you draw: [Client.CreateQRCode].
//   - A shopper inside WeChat pays with WeChat Pay: [Client.PayForm].
//   - Ask what became of an order: [Client.Query]. It is the only word that
//     may decide about money; notifications and returns are hints to ask it.
//   - End an order that nobody paid: [Client.Close].
//   - Read what the gateway posts to your notify_url:
//     [Client.ParseNotification], and answer with [AckSuccess] or [AckFail].
//
// A call that fails leaves one question: did the gateway act? [OutcomeUnknown]
// answers it. When it says true, call [Client.Query] with the same
// out_trade_no, and never send a second order.
//
// An error never carries the key, a body, a header or a URL that holds a
// secret, so it may be logged as it is.
//
// The names are the manual's in Go case, and "Manual 2.5" in a comment is a
// section of it. Amounts are whole minor units (分) in an int64.
// Package [github.com/wantukit/wantukit/wantu/sandbox] simulates the gateway.
package wantu
