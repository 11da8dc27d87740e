// Package sandbox simulates the Wantu gateway over HTTP, with real signatures,
// and what a shopper would see at Alipay and WeChat. It is for development and
// tests: nothing in it moves money.
//
// What to call: [New] makes a [*Sandbox], an http.Handler. Point a
// wantu.Client at its /paygate. [Sandbox.Pay] and [Sandbox.Fail] do what the
// shopper's buttons do, [Sandbox.Orders] shows what it remembers, and
// [Sandbox.Close] ends its goroutines.
//
//	POST /paygate/{endpoint}                  create-qrcode, web, wap, pay-form, query, close
//	GET  /cashier/{token}                     Alipay's cashier on a computer (web)
//	GET  /m/{token}                           Alipay's cashier on a phone (wap)
//	GET  /frame/{token}                       the QR code for an iframe (web with payment_inst)
//	GET  /q/{token}                           the wallet that a scanned code opens
//	GET  /sandbox/jsapi/{prepay_id}           WeChat's pay sheet (pay-form)
//	POST {page}/pay, {page}/fail, {page}/leave    the page's buttons
//	GET  {page}/status                        {"status":"NOT_PAY"}
//	GET  /connect/oauth2/authorize            WeChat's OAuth, scope snsapi_base
//	GET  /sns/oauth2/access_token
//	GET  /sandbox/orders                      what is remembered, newest first
//	POST /sandbox/orders/{out_trade_no}/pay, /fail, /notify
//	GET  /                                    the same as a page
//
// Where the manual is silent, the sandbox does this:
//
//   - Only a payment is notified, a failure is not: a kit that works here does
//     not rest on a notification that may never come.
//   - An order that failed may still be paid, as at a wallet that lets the
//     shopper try again. Closed, expired and paid are final.
//   - query shows a closed or expired order as NOT_PAY: the manual has no
//     other word. Closing an order twice succeeds twice.
//   - create-qrcode and pay-form have no time_expire; their orders live two
//     hours, as WeChat's codes do.
//   - query and close with another pay_channel than the order's answer 402.
//   - A notification is repeated as WeChat does, over 24 hours.
//   - fee_type left out of web and wap is HKD.
//
// It takes no care of what a gateway in the open must: whoever reaches it may
// pay every order. Keep it on a loopback address or a network that you trust.
package sandbox
