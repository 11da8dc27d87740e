// Package sandbox simulates the Wantu gateway over HTTP, with real signatures,
// and what a shopper would see at Alipay and WeChat. It is for development and
// tests: nothing in it moves money.
//
// What to call: [New] makes a [*Sandbox], an http.Handler. Point a
// wantu.Client at its /paygate. [Sandbox.Pay] and [Sandbox.Fail] do what the
// shopper's buttons do, [Sandbox.Orders] shows what it remembers, and
// [Sandbox.Close] ends its goroutines.
//
//	POST /paygate/{endpoint}                  the 13 endpoints of the manual: see [Endpoints] and [Fields]
//	GET  /cashier/{token}                     Alipay's cashier on a computer (web)
//	GET  /m/{token}                           Alipay's cashier on a phone (wap)
//	GET  /frame/{token}                       the QR code for an iframe (web with payment_inst)
//	GET  /q/{token}                           the wallet that a scanned code opens
//	GET  /phone/{token}                       the wallet that an app or a till opened (app, pospay)
//	GET  /pay/return/{token}                  where the mobile cashier returns to: it sends the browser on to return_url
//	GET  /s/{token}                           the store's own code, any amount (merchant-qrcode)
//	GET  /sandbox/jsapi/{prepay_id}           WeChat's pay sheet (pay-form)
//	POST {page}/pay, {page}/fail, {page}/leave    the page's buttons; /s/{token} has pay alone, /frame/{token} none
//	GET  {page}/status                        {"status":"NOT_PAY"}; not of /s/{token}
//	GET  /connect/oauth2/authorize            WeChat's OAuth, scope snsapi_base
//	GET  /sns/oauth2/access_token
//	GET  /sandbox/orders                      what is remembered, newest first
//	GET  /sandbox/orders/{out_trade_no}       one of them
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
//     shopper try again. Closed, expired and paid are final but for cancel.
//   - query shows a closed, expired or canceled order as NOT_PAY: the manual
//     has no other word, and nobody must hand over the goods. Closing an order
//     twice succeeds twice, and so does canceling it.
//   - A refunded order stays SUCCESS. A refund of what is not paid, beyond what
//     was paid, or under a number that another refund has answers 508, and so does an order's 1001st; the same
//     refund again answers the same and refunds once. The answer's refund_fee
//     is this refund's. refund_fee_type may be left out, as in the manual's
//     example.
//   - cancel gives back what was not given back yet; that refund has no
//     out_refund_no. close leaves a canceled order canceled, and an expired one
//     expired.
//   - Only web, wap and order-list name their times; the orders of the other
//     endpoints live two hours, as WeChat's codes do.
//   - query, close, cancel and refund with another pay_channel than the order's
//     answer 402.
//   - order-list goes by the second, both ends included, and shows the payment
//     of a canceled order beside its refund. After 7 days and before its start,
//     end_date is a 304.
//   - merchant-qrcode makes one code for a pay_channel and a notify_url, the
//     same after a restart, and remembers the newest 1000. Its payments are in
//     HKD, under an out_trade_no that the sandbox makes. notify_url may be left
//     out, as in the manual's example: then nobody is notified.
//   - app serves Alipay too, which the gateway's test environment does not, with
//     an order string as the live gateway was seen to send. The sign in it is a
//     filler, made from a keyed hash; WeChat's is real, over the names as sent
//     and WeChatAppSecret.
//   - The url of web and wap has a long query in the shape of the manual's
//     examples: in web's the subject stands unescaped. The sandbox does not read
//     it, and its sign is a filler.
//   - The page of the QR code takes the whole window back to return_url, or goes
//     there inside its frame: see [Config].FrameReturnsInside.
//   - pay-form takes any open_id of WeChat's shape, whoever gave it out, and any
//     app_id of WeChat's shape unless [Config].WeChatAppID names one.
//   - The HTTP Date is the sandbox's own time, also on a clock that stands.
//   - A name may hold spaces for underscores ("total fee"), as in the manual's
//     examples of web and app.
//   - A notification is repeated as WeChat does, over 24 hours.
//   - fee_type left out of web, wap and currency is HKD. The rates of currency
//     never change.
//
// Some values bring out an answer on purpose; the first row that fits holds:
//
//	the body          not a JSON object      300 DATA_FORMAT_ERROR
//	merchant_account  another's              302 NO_PRIVILEGE
//	sign              wrong                  301 SIGN_ERROR
//	store_account     another's              302 NO_PRIVILEGE
//	fee_type          not served, as XAU     509 UNSUPPORTED_CURRENCY
//	out_refund_no     …_return_NNN           NNN, and nothing is done
//	out_trade_no      …_return_NNN           NNN, and nothing is done; not beside an out_refund_no
//	total_fee         9990500                500 SYSTEM_ERROR, and the order is taken: at pospay it is paid
//	total_fee         9990NNN                NNN, and there is no order
//	auth_code         not 10 digits or more  505 AUTH_CODE_INVALID, and there is no order
//	auth_code         …000500                500 SYSTEM_ERROR, and it is paid
//	auth_code         …000501                501 TRADE_ERROR, and there is no order
//	auth_code         …000502                502 NOT_ENOUGH, and there is no order
//	auth_code         …000503                503 NOT_SUPPORT_CARD, and there is no order
//	auth_code         …000504                504 BANK_ERROR, and there is no order
//	auth_code         …100504                504 BANK_ERROR, and it is paid
//	auth_code         …000505                505 AUTH_CODE_INVALID, and there is no order
//	auth_code         …000507                507 AUTH_CODE_EXPIRED, and there is no order
//	auth_code         …000506                506 USER_PAYING, then paid at the second query
//	auth_code         …100506                506 USER_PAYING, until it is canceled
//	auth_code         …200506                506 USER_PAYING, then PAY_EEROR at the second query
//
// NNN is any return_code of manual 1.4 but 200, and … any beginning. Magic in
// total_fee counts where an order is opened; in a number it counts at every
// endpoint, also where the manual has no such field.
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
// The root page and the paths of /sandbox/ that steer answer 403 under a Host
// that a stranger's DNS may lead here: one that has a dot, is no IP address, and
// is neither PublicURL's nor ScanURL's nor under .localhost.
package sandbox
