package sandbox

import (
	"cmp"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/wantukit/wantukit/wantu"
)

// codeLifetime is how long an order without a time_expire may be paid.
const codeLifetime = 2 * time.Hour

// createQRCode opens an order and answers with the text of its code. Manual 2.2.
func (s *Sandbox) createQRCode(c call) reply {
	o, refusal := s.open(c, surfaceWallet)
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

// web opens an order and answers with the cashier, or with the page of a QR
// code when payment_inst asks for one. Manual 2.9.
func (s *Sandbox) web(c call) reply {
	if c.Text("payment_inst") != "" {
		return s.openPage(c, surfaceFrame)
	}
	return s.openPage(c, surfaceCashier)
}

// wap opens an order and answers with the mobile cashier. Manual 2.11.
func (s *Sandbox) wap(c call) reply { return s.openPage(c, surfaceMobile) }

func (s *Sandbox) openPage(c call, on surface) reply {
	o, refusal := s.open(c, on)
	if refusal != nil {
		return refusal
	}
	return succeed(reply{"url": s.cashierURL(o, c.public)})
}

// payForm opens an order and answers with the parameters for WeixinJSBridge.
// Manual 2.7.
func (s *Sandbox) payForm(c call) reply {
	appID := c.Text("app_id")
	if !s.takesApp(appID) {
		return refuse(wantu.CodeParamError, "app_id")
	}
	nonce, err := s.random.text(32, hexDigits)
	if err != nil {
		return refuse(wantu.CodeSystemError, "")
	}
	o, refusal := s.open(c, surfaceSheet)
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

// takesApp reports whether pay-form serves an app: the one that the sandbox was
// told to know, or else any. Who develops with an app of their own should not
// have to tell.
func (s *Sandbox) takesApp(id string) bool {
	if s.oneApp {
		return id == s.config.WeChatAppID
	}
	return isAppID(id)
}

// query answers what became of an order. Manual 2.5.
func (s *Sandbox) query(c call) reply {
	number, named := s.named(c)
	if !named {
		return refuse(wantu.CodeParamMissing, "out_trade_no")
	}
	o, err := s.orders.change(number, func(o *order) error {
		if !c.names(o) {
			return ErrUnknownOrder
		}
		o.Queries++
		s.decide(o)
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

// named returns the out_trade_no of the order that the call is about, and
// whether it holds that or a trade_id.
func (s *Sandbox) named(c call) (string, bool) {
	number, tradeID := c.Text("out_trade_no"), c.Text("trade_id")
	if number == "" && tradeID != "" {
		return s.orders.numberOf(tradeID), true
	}
	return number, number != ""
}

// names reports whether the call and o agree on channel and trade_id.
func (c call) names(o *order) bool {
	tradeID := c.Text("trade_id")
	return c.Text("pay_channel") == strconv.Itoa(int(o.PayChannel)) && (tradeID == "" || tradeID == o.TradeID)
}

// open remembers the order that the call asks for, with what its endpoint has
// fields for.
func (s *Sandbox) open(c call, on surface) (order, reply) {
	fee, _ := wantu.ParseFee(c.own("total_fee")) // checked by fields
	channel, _ := strconv.Atoi(c.Text("pay_channel"))
	width, _ := strconv.Atoi(c.own("qrcode_width"))
	now := s.config.Now().UTC()
	o := order{
		Order: Order{
			OutTradeNo: c.own("out_trade_no"), Endpoint: c.endpoint,
			PayChannel: wantu.PayChannel(channel), PaymentInst: wantu.PaymentInst(c.own("payment_inst")),
			TotalFee: fee, FeeType: cmp.Or(c.own("fee_type"), defaultCurrency),
			Subject: c.own("subject"), Attach: c.own("attach"),
			Status: StatusNotPay, CreatedAt: now, ExpiresAt: now.Add(codeLifetime),
		},
		surface: on, deviceSN: c.own("device_sn"), width: width,
		notifyURL: c.own("notify_url"), returnURL: c.own("return_url"),
	}
	if text := c.own("time_expire"); text != "" {
		expires, _ := wantu.ParseTime(text) // checked by fields
		o.ExpiresAt = expires.UTC()
		if !o.ExpiresAt.After(now) {
			return order{}, refuse(wantu.CodeParamError, "time_expire")
		}
	}
	placed, err := s.place(o, c.public)
	switch {
	case errors.Is(err, errNumberUsed):
		return order{}, refuse(wantu.CodeOutTradeNoUsed, "")
	case err != nil:
		return order{}, refuse(wantu.CodeSystemError, "")
	}
	return placed, nil
}

// maxDraws bounds how often names are drawn for an order: a source of
// randomness may repeat itself for ever.
const maxDraws = 100

// place names an order and opens it. A name that was drawn and that another
// order has is drawn again: on a clock that stands all trade_ids share a second,
// so that their six random digits soon meet.
func (s *Sandbox) place(asked order, public string) (order, error) {
	for range maxDraws {
		o := asked
		if err := s.number(&o, public); err != nil {
			return o, err
		}
		kept := o // o stays ours
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

// number gives an order its trade_id, its addresses and, unless it has them,
// its out_trade_no and its token.
func (s *Sandbox) number(o *order, public string) error {
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
	if surfaces()[o.surface].scanned {
		o.ScanURL = cmp.Or(s.config.ScanURL, public) + "/" + string(surfaceWallet) + "/" + o.token
	}
	return nil
}

// pageToken makes the name of an order's page. Where WeChat would hand out a
// prepay_id it looks like one.
func (s *Sandbox) pageToken(o *order) (string, error) {
	if o.surface != surfaceSheet && (o.Endpoint != "app" || o.PayChannel != wantu.WeChat) {
		return s.random.token(tokenLength)
	}
	token, err := s.random.token(30)
	return "wx" + token, err
}
