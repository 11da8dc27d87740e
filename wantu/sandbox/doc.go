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
//	GET  /sandbox/faults                      what is set, and how often each has struck
//	POST /sandbox/faults                      {"kind":"late","delay":"30s","times":1}
//	DELETE /sandbox/faults, /sandbox/faults/{id}
//	GET  /sandbox/notifications               {"on":true}
//	POST /sandbox/notifications               {"on":false}
//	GET  /sandbox/clock                       {"now":"2026-03-01T12:00:00Z","stands":true}
//	POST /sandbox/clock                       {"advance":"30m"}
//	GET  /                                    all of it as a page
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
// # Faults
//
// A [Fault] makes the sandbox misbehave, so that a kit in any language can be
// tested against it; [Sandbox.AddFault] and POST /sandbox/faults set one. Kinds
// of answers, of all endpoints or of one:
//
//	late, cut, unsigned, forged, other_order    once the call was carried out
//	html, status, refuse, hang_up               instead of carrying it out
//
// "when":"before" and "when":"after" turn that round: {"kind":"hang_up",
// "endpoint":"create-qrcode","when":"after","times":1} takes one order and
// loses the answer. Kinds of notifications: delay, drop, duplicate, reorder and
// forge. [FaultKind] tells what each does, [Fault] the fields it takes. The
// answer to a mistake names the field: {"error":…,"field":"delay"}.
//
// The log of an order, [Order].Notifications, shows every try with what came of
// it and the fault that struck. A forged notification that the merchant
// acknowledged is there too: it shows a merchant that can be robbed.
//
// # Repeating a run
//
// With [Config].Clock and [Seed] the same calls, one after the other, give the
// same answers and the same notifications, byte for byte. The clock stands
// still; [Clock.Advance] and POST /sandbox/clock move it, and everything that
// falls due on the way is done in its order, one after the other, before they
// return. Likewise the first try to notify is over when the call that paid
// returns. PublicURL should be set, as it is part of the answers.
//
// It takes no care of what a gateway in the open must: whoever reaches it may
// pay every order. Keep it on a loopback address or a network that you trust.
package sandbox
