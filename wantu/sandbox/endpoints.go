package sandbox

import (
	"cmp"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/wantukit/wantukit/wantu"
)

// defaultLifetime is how long an order without time_expire may be paid.
const defaultLifetime = 2 * time.Hour

// createQRCode opens an order and answers with the text of its QR code. Manual 2.2.
func (s *Sandbox) createQRCode(c call) reply {
	o, refusal := s.openOrder(c, surfaceWallet)
	if refusal != nil {
		return refusal
	}
	return succeed(reply{
		"qrcode_url":    o.ScanURL,
		"out_trade_no":  o.OutTradeNo,
		"trade_id":      o.TradeID,
		"total_fee":     strconv.FormatInt(o.TotalFee, 10), // a string, as in the manual's example
		"fee_type":      o.FeeType,
		"store_account": s.config.StoreAccount,
		"device_sn":     o.deviceSN,
	})
}

// web opens an order and answers with the URL of the cashier, or of a page with a QR
// code if payment_inst is set. Manual 2.9.
func (s *Sandbox) web(c call) reply {
	if c.Text("payment_inst") != "" {
		return s.openPage(c, surfaceFrame)
	}
	return s.openPage(c, surfaceCashier)
}

// wap opens an order and answers with the URL of the cashier for phones. Manual 2.11.
func (s *Sandbox) wap(c call) reply { return s.openPage(c, surfaceMobile) }

func (s *Sandbox) openPage(c call, on surface) reply {
	o, refusal := s.openOrder(c, on)
	if refusal != nil {
		return refusal
	}
	return succeed(reply{"url": s.cashierURL(o, c.publicURL)})
}

// payForm opens an order and answers with the parameters for WeixinJSBridge.
// Manual 2.7.
func (s *Sandbox) payForm(c call) reply {
	appID := c.Text("app_id")
	if !s.servesApp(appID) {
		return refuse(wantu.CodeParamError, "app_id")
	}
	nonce, err := s.random.text(32, hexDigits)
	if err != nil {
		return refuse(wantu.CodeSystemError, "")
	}
	o, refusal := s.openOrder(c, surfaceSheet)
	if refusal != nil {
		return refusal
	}
	parameters := wantu.Fields{
		"appId":     appID,
		"timeStamp": strconv.FormatInt(s.config.Now().Unix(), 10),
		"nonceStr":  nonce,
		"package":   "prepay_id=" + o.token,
		"signType":  "MD5",
	}
	parameters["paySign"] = wantu.Sign(parameters, s.config.WeChatAppSecret)
	return succeed(reply{"parameters": parameters})
}

// servesApp reports whether pay-form accepts an app: the app of the configuration, or
// any app if none is configured. So a developer can use an own app without
// configuration.
func (s *Sandbox) servesApp(id string) bool {
	if s.onlyConfiguredApp {
		return id == s.config.WeChatAppID
	}
	return isAppID(id)
}

// query answers with the state of an order. Manual 2.5.
func (s *Sandbox) query(c call) reply {
	number, ok := s.orderNumber(c)
	if !ok {
		return refuse(wantu.CodeParamMissing, "out_trade_no")
	}
	o, err := s.orders.change(number, func(o *order) error {
		if !c.matches(o) {
			return ErrUnknownOrder
		}
		o.Queries++
		s.applyPendingStatus(o)
		return nil
	})
	if err != nil {
		return refuse(wantu.CodeOrderInvalid, "")
	}
	return succeed(reply{
		"out_trade_no":  o.OutTradeNo,
		"trade_status":  o.tradeStatus(),
		"trade_id":      o.TradeID,
		"trade_time":    o.tradeTime(),
		"total_fee":     o.TotalFee, // a number, as in the manual's example
		"fee_type":      o.FeeType,
		"attach":        o.Attach,
		"store_account": s.config.StoreAccount,
		"device_sn":     o.deviceSN,
	})
}

// orderNumber returns the out_trade_no of the order that the call names, or "" if there
// is no such order. ok is false if the call has neither out_trade_no nor trade_id.
func (s *Sandbox) orderNumber(c call) (number string, ok bool) {
	number = c.Text("out_trade_no")
	if tradeID := c.Text("trade_id"); number == "" && tradeID != "" {
		return s.orders.numberOf(tradeID), true
	}
	return number, number != ""
}

// matches reports whether pay_channel and trade_id of the call are those of o. A missing
// trade_id matches.
func (c call) matches(o *order) bool {
	tradeID := c.Text("trade_id")
	return c.Text("pay_channel") == strconv.Itoa(int(o.PayChannel)) && (tradeID == "" || tradeID == o.TradeID)
}

// openOrder opens the order that the call asks for. It uses only the fields that are in
// the endpoint's table.
func (s *Sandbox) openOrder(c call, on surface) (order, reply) {
	fee, _ := wantu.ParseFee(c.tableText("total_fee")) // checked by fields
	channel, _ := strconv.Atoi(c.Text("pay_channel"))
	width, _ := strconv.Atoi(c.tableText("qrcode_width"))
	now := s.config.Now().UTC()
	o := order{
		Order: Order{
			OutTradeNo: c.tableText("out_trade_no"), Endpoint: c.endpoint,
			PayChannel: wantu.PayChannel(channel), PaymentInst: wantu.PaymentInst(c.tableText("payment_inst")),
			TotalFee: fee, FeeType: cmp.Or(c.tableText("fee_type"), defaultCurrency),
			Subject: c.tableText("subject"), Attach: c.tableText("attach"),
			Status: StatusNotPay, CreatedAt: now, ExpiresAt: now.Add(defaultLifetime),
		},
		surface: on, deviceSN: c.tableText("device_sn"), width: width,
		notifyURL: c.tableText("notify_url"), returnURL: c.tableText("return_url"),
	}
	if text := c.tableText("time_expire"); text != "" {
		expires, _ := wantu.ParseTime(text) // checked by fields
		o.ExpiresAt = expires.UTC()
		if !o.ExpiresAt.After(now) {
			return order{}, refuse(wantu.CodeParamError, "time_expire")
		}
	}
	placed, err := s.nameAndAdd(o, c.publicURL)
	switch {
	case errors.Is(err, errNumberUsed):
		return order{}, refuse(wantu.CodeOutTradeNoUsed, "")
	case err != nil:
		return order{}, refuse(wantu.CodeSystemError, "")
	}
	return placed, nil
}

// maxNameAttempts is how often random names are made for one order. It is limited,
// because Config.Rand may repeat itself for ever.
const maxNameAttempts = 100

// nameAndAdd gives an order its names and remembers it. If another order has one of the
// random names, it makes new ones. That happens soon on a clock that stands still: there
// only six random digits differ between two trade_ids.
func (s *Sandbox) nameAndAdd(asked order, public string) (order, error) {
	for range maxNameAttempts {
		o := asked
		if err := s.setNames(&o, public); err != nil {
			return o, err
		}
		kept := o // a copy, because the store's order may change at any time
		err := s.orders.add(&kept)
		switch {
		case errors.Is(err, errTradeIDUsed):
		case errors.Is(err, errTokenUsed) && asked.token == "":
		case errors.Is(err, errNumberUsed) && asked.OutTradeNo == "":
		default:
			return o, err
		}
	}
	return order{}, errNoFreeName
}

// setNames sets an order's trade_id and URLs. It also sets out_trade_no and the token if
// they are empty.
func (s *Sandbox) setNames(o *order, public string) error {
	tail, err := s.random.text(6, decimals)
	if err != nil {
		return err
	}
	o.TradeID = "1000" + strings.NewReplacer("-", "", " ", "", ":", "").Replace(wantu.FormatTime(o.CreatedAt)) + tail
	o.OutTradeNo = cmp.Or(o.OutTradeNo, "M"+o.TradeID)
	if o.token == "" {
		if o.token, err = s.pageToken(o); err != nil {
			return err
		}
	}
	o.URL = public + "/" + string(o.surface) + "/" + o.token
	if surfaces()[o.surface].hasQRCode {
		o.ScanURL = cmp.Or(s.config.ScanURL, public) + "/" + string(surfaceWallet) + "/" + o.token
	}
	return nil
}

// pageToken returns a random name for an order's page. If the name is also the order's
// prepay_id for WeChat, it has the form of a prepay_id.
func (s *Sandbox) pageToken(o *order) (string, error) {
	if o.surface != surfaceSheet && (o.Endpoint != "app" || o.PayChannel != wantu.WeChat) {
		return s.random.token(tokenLength)
	}
	token, err := s.random.token(30)
	return "wx" + token, err
}
