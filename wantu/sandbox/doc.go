// Package sandbox simulates the Wantu gateway over HTTP with real signatures. It
// also simulates the pages that a shopper sees at Alipay and WeChat. It is for
// development and tests: no money moves.
//
// # What to call
//
//   - [New] makes a [*Sandbox] from a [Config]. It is an http.Handler. Point a
//     wantu.Client at its /paygate. [Sandbox.Close] ends its goroutines.
//   - The sandbox has one account: [DefaultMerchantAccount], [DefaultStoreAccount] and
//     [DefaultKey], with [DefaultWeChatAppID] and [DefaultWeChatAppSecret], unless
//     [Config] says otherwise.
//   - [Sandbox.Pay] and [Sandbox.Fail] do what the shopper's buttons do.
//   - [Sandbox.Orders] and [Sandbox.Order] show an [Order] with its [Status], its
//     [Refund]s and its notifications, each a [Try].
//   - [Sandbox.Notifications] turns notifications on and off. [Sandbox.Notify] sends one
//     again.
//   - [Sandbox.AddFault], [Sandbox.Faults], [Sandbox.RemoveFault] and
//     [Sandbox.ClearFaults] set, list and remove faults: see Faults below.
//   - These methods return [ErrUnknownOrder], [ErrOrderEnded], [ErrNotPaid],
//     [ErrNotAcknowledged], [ErrUnknownFault] and [ErrTooManyFaults].
//   - [NewClock] makes a [Clock] that you move, and [Seed] makes repeatable random
//     numbers: see Repeating a run below.
//   - [Endpoints], [Fields] and [MagicValues] list the endpoints, each [Field] that is
//     checked, and each [Magic] value, for tests and documentation.
//
// # HTTP
//
//	POST /paygate/{endpoint}                  the 13 endpoints of the manual: see [Endpoints] and [Fields]
//	GET  /cashier/{token}                     Alipay's cashier on a computer (web)
//	GET  /m/{token}                           Alipay's cashier on a phone (wap)
//	GET  /frame/{token}                       the QR code for an iframe (web with payment_inst)
//	GET  /q/{token}                           the wallet that opens when a shopper scans a QR code
//	GET  /phone/{token}                       the wallet that an app or a till opens (app, pospay)
//	GET  /pay/return/{token}                  the cashier on a phone returns here: it redirects to return_url
//	GET  /s/{token}                           the store's printed code, for any amount (merchant-qrcode)
//	GET  /sandbox/jsapi/{prepay_id}           WeChat's payment dialog (pay-form)
//	POST {page}/pay, {page}/fail, {page}/leave    the buttons of a page; /s/{token} has only pay, /frame/{token} has none
//	GET  {page}/status                        {"status":"NOT_PAY"}; /s/{token} has none
//	GET  /connect/oauth2/authorize            WeChat's OAuth, scope snsapi_base
//	GET  /sns/oauth2/access_token
//	GET  /sandbox/orders                      the orders, newest first
//	GET  /sandbox/orders/{out_trade_no}       one order
//	POST /sandbox/orders/{out_trade_no}/pay, /fail, /notify
//	GET  /sandbox/faults                      the faults, and how often each has struck
//	POST /sandbox/faults                      {"kind":"late","delay":"30s","times":1}
//	DELETE /sandbox/faults, /sandbox/faults/{id}
//	GET  /sandbox/notifications               {"on":true}
//	POST /sandbox/notifications               {"on":false}
//	GET  /sandbox/clock                       {"now":"2026-03-01T12:00:00Z","stands":true}
//	POST /sandbox/clock                       {"advance":"30m"}
//	GET  /                                    a page with all of this; ?q= searches the orders, and the answer has an ETag
//	GET  /favicon.ico                         the icon of the pages
//
// # Where the manual is silent
//
// Where the manual does not say what the gateway does, the sandbox does this:
//
//   - It notifies a payment, but not a failure. So software that works with the sandbox
//     does not depend on a notification that may never come.
//   - A failed order may still be paid, because some wallets let the shopper try again.
//     A closed, expired or paid order can only be canceled.
//   - query shows a closed, expired or canceled order as NOT_PAY, because the manual has
//     no other status and the shop must not deliver the goods. Closing an order again
//     succeeds, and so does canceling it again.
//   - A refunded order stays SUCCESS. refund answers 508 if the order is not paid, if the
//     sum of the refunds would exceed what was paid, if another refund has the same
//     number, and for the 1001st refund of an order. The same refund sent again gets the
//     same answer and refunds only once. refund_fee in the answer is the amount of this
//     refund. refund_fee_type may be left out, as in the manual's example.
//   - cancel gives back what was not refunded before; that refund has no out_refund_no.
//     close does not change a canceled or expired order.
//   - Only the requests of web and wap can say when an order expires. An order of another
//     endpoint expires after two hours, like a QR code of WeChat.
//   - query, close, cancel and refund answer 402 if pay_channel is not that of the order.
//   - order-list compares times in whole seconds and includes both ends. It lists the
//     payment of a canceled order beside its refund. It answers 304 if end_date is before
//     start_date or more than 7 days after it.
//   - merchant-qrcode makes one code for each pay_channel and notify_url. The code is the
//     same after a restart. The sandbox remembers the newest 1000. Their payments are in
//     HKD, and the sandbox makes their out_trade_no. notify_url may be left out, as in the
//     manual's example: then nothing is notified.
//   - app also supports Alipay, although the gateway's test environment does not. The
//     order string is like one of the live gateway, but its sign is a fake: a keyed hash.
//     The sign for WeChat is real: it is made with WeChatAppSecret from the names as sent.
//   - The url of web and wap has a long query, in the form of the manual's examples. In
//     the url of web the subject is not escaped. The sandbox does not read this query, and
//     its sign is a fake.
//   - After a payment, the page with the QR code opens return_url in the whole window or
//     inside its frame: see [Config].FrameReturnsInside.
//   - pay-form accepts any open_id of WeChat's format, even one that the sandbox did not
//     make. It accepts any app_id of WeChat's format, unless [Config].WeChatAppID is set.
//   - The HTTP header Date is the sandbox's own time, also when a [Clock] stands still.
//   - A field name may have spaces instead of underscores ("total fee"), as in the
//     manual's examples of web and app.
//   - A notification is repeated over 24 hours, with the intervals of WeChat.
//   - If fee_type is left out of web, wap or currency, it is HKD. The exchange rates never
//     change.
//
// # Magic values
//
// These values cause a certain answer. If several rows match, the first one counts:
//
//	the body          not a JSON object           300 DATA_FORMAT_ERROR
//	merchant_account  another merchant's          302 NO_PRIVILEGE
//	sign              wrong                       301 SIGN_ERROR
//	store_account     another store's             302 NO_PRIVILEGE
//	fee_type          not supported, such as XAU  509 UNSUPPORTED_CURRENCY
//	out_refund_no     …_return_NNN                NNN, and nothing is done
//	out_trade_no      …_return_NNN                NNN, and nothing is done; only without out_refund_no
//	total_fee         9990500                     500 SYSTEM_ERROR, but the order is opened; at pospay it is paid
//	total_fee         9990NNN                     NNN, and no order is opened
//	auth_code         not at least 10 digits      505 AUTH_CODE_INVALID, and no order is opened
//	auth_code         …000500                     500 SYSTEM_ERROR, but the order is paid
//	auth_code         …000501                     501 TRADE_ERROR, and no order is opened
//	auth_code         …000502                     502 NOT_ENOUGH, and no order is opened
//	auth_code         …000503                     503 NOT_SUPPORT_CARD, and no order is opened
//	auth_code         …000504                     504 BANK_ERROR, and no order is opened
//	auth_code         …100504                     504 BANK_ERROR, but the order is paid
//	auth_code         …000505                     505 AUTH_CODE_INVALID, and no order is opened
//	auth_code         …000507                     507 AUTH_CODE_EXPIRED, and no order is opened
//	auth_code         …000506                     506 USER_PAYING, and paid at the second query
//	auth_code         …100506                     506 USER_PAYING, and not paid until it is canceled
//	auth_code         …200506                     506 USER_PAYING, and PAY_EEROR at the second query
//
// NNN is any return_code of manual 1.4 except 200, and … is any text before the rest. A
// magic total_fee counts at the endpoints that open an order. A magic number counts at
// every endpoint, even if the manual has no such field there.
//
// # Faults
//
// A [Fault] makes the sandbox misbehave, so that software in any language can be tested
// against it. [Sandbox.AddFault] and POST /sandbox/faults set one. A fault strikes when it
// spoils an answer or a notification. These kinds spoil the answers of all endpoints or of
// one:
//
//	late, cut, unsigned, forged, other_order    after the call was carried out
//	html, status, refuse, hang_up               without carrying out the call
//
// "when":"before" and "when":"after" change that. For example {"kind":"hang_up",
// "endpoint":"create-qrcode","when":"after","times":1} opens one order and loses the
// answer. These kinds spoil notifications: delay, drop, duplicate, reorder and forge (see
// [Forgery]). The constants of [FaultKind], [FaultTarget] and [FaultWhen] say what each
// kind does, and [Fault] which fields it has. If a field is wrong, the answer names it:
// {"error":…,"field":"delay"}.
//
// [Order].Notifications shows each attempt to notify, its result, and the fault that
// struck. If the merchant acknowledges a forged notification, that is shown too: such a
// merchant can be robbed.
//
// # Repeating a run
//
// With a [Config].Clock and a [Seed], the same sequence of calls gives the same answers and
// the same notifications, byte for byte. The clock stands still until [Clock.Advance] or
// POST /sandbox/clock moves it. Before these return, everything that became due was done in
// order. In the same way, the first attempt to notify has ended when the call that paid the
// order returns. Set PublicURL, because it is part of the answers.
//
// # Security
//
// The sandbox has no protection against strangers: everybody who reaches it may pay every order.
// Bind it to a loopback address or to a network that you trust. To protect it from pages of
// other sites, the page / and the paths that control the sandbox under /sandbox/ answer 403
// if the Host header could be a stranger's name: a name with a dot that is no IP address, is
// not under .localhost, and is not the host of PublicURL or ScanURL.
package sandbox
