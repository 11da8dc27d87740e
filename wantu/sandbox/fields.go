package sandbox

import (
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/wantukit/wantukit/wantu"
)

// field is one row of the manual's tables of request parameters.
type field struct {
	name       string
	isRequired bool
	limit      int // characters
	valid      func(string) bool
}

// check checks the field of a request. It returns nil, or the answer 303 or 304 with the
// field's name.
func (f field) check(m request) reply {
	text := m.Text(f.name)
	switch {
	case m.isNested(f.name):
		return refuse(wantu.CodeParamError, f.name)
	case text == "" && f.isRequired:
		return refuse(wantu.CodeParamMissing, f.name)
	case text == "":
		return nil
	case utf8.RuneCountInString(text) > f.limit, f.valid != nil && !f.valid(text):
		return refuse(wantu.CodeParamError, f.name)
	}
	return nil
}

const (
	required = true
	optional = false
)

// commonFields returns the fields of manual 2.1 that authenticate does not check.
func commonFields() []field {
	return []field{
		{"pay_channel", required, 1, isOneOf("1", "2")},
		{"send_time", required, 19, isTime},
		{"version", required, 3, isOneOf("1.0")},
	}
}

// orderFields returns the fields of every request for a payment.
func orderFields() []field {
	return []field{
		{"total_fee", required, 11, isFee},
		{"subject", required, 128, nil},
		{"out_trade_no", required, 32, isOrderNumber},
		{"attach", optional, 128, nil},
		{"notify_url", required, 256, isURL},
		{"device_sn", optional, 128, nil},
	}
}

func qrCodeFields() []field {
	return append(orderFields(),
		field{"product_id", required, 32, nil},
		field{"fee_type", required, 3, isCurrency},
	)
}

func webFields() []field {
	return append(wapFields(), field{"qrcode_width", optional, 256, isWidth})
}

func wapFields() []field {
	return append(orderFields(),
		field{"pay_channel", required, 1, isOneOf("2")},
		field{"product_id", optional, 32, nil},
		field{"fee_type", optional, 3, isCurrency},
		field{"time_expire", required, 19, isTime},
		field{"return_url", required, 256, isURL},
		field{"payment_inst", optional, 256, isOneOf("ALIPAYCN", "ALIPAYHK")},
	)
}

func payFormFields() []field {
	return append(qrCodeFields(),
		field{"pay_channel", required, 1, isOneOf("1")},
		field{"open_id", required, 32, isOpenID},
		field{"app_id", required, 32, nil},
	)
}

func queryFields() []field {
	return []field{
		{"out_trade_no", optional, 32, isOrderNumber},
		{"trade_id", optional, 32, nil},
	}
}

func appFields() []field {
	return append(qrCodeFields(), field{"payment_inst", optional, 256, isOneOf("ALIPAYCN", "ALIPAYHK")})
}

// posPayFields does not check the format of auth_code. A magic rule does, because a
// wrong code has its own return code.
func posPayFields() []field {
	return append(orderFields(),
		field{"product_id", optional, 32, nil},
		field{"fee_type", required, 3, isCurrency},
		field{"auth_code", required, 128, nil},
	)
}

// refundFields makes refund_fee_type optional: the manual's table requires it, but the
// manual's example leaves it out.
func refundFields() []field {
	return append(queryFields(),
		field{"total_fee", required, 11, isFee},
		field{"refund_fee", required, 11, isFee},
		field{"refund_fee_type", optional, 3, isCurrency},
		field{"out_refund_no", required, 32, isOrderNumber},
	)
}

func orderListFields() []field {
	return []field{
		{"start_date", required, 32, isTime},
		{"end_date", required, 32, isTime},
	}
}

func currencyFields() []field {
	return []field{{"fee_type", optional, 3, isCurrency}}
}

// merchantQRCodeFields makes notify_url optional: the manual's table requires it, but
// the manual's example leaves it out.
func merchantQRCodeFields() []field {
	return []field{{"notify_url", optional, 256, isURL}}
}

func closeFields() []field {
	return []field{{"out_trade_no", required, 32, isOrderNumber}}
}

func isOneOf(values ...string) func(string) bool {
	return func(text string) bool {
		for _, value := range values {
			if text == value {
				return true
			}
		}
		return false
	}
}

func isTime(text string) bool {
	_, err := wantu.ParseTime(text)
	return err == nil && len(text) == 19
}

func isFee(text string) bool {
	fee, err := wantu.ParseFee(text)
	return err == nil && fee > 0
}

// isWidth allows 1 to 9999 pixels. The manual limits only the number of characters.
func isWidth(text string) bool {
	width, err := strconv.Atoi(text)
	return err == nil && width >= 1 && width <= 9999 && strings.Trim(text, decimals) == ""
}

func isOrderNumber(text string) bool {
	return strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") == ""
}

func isCurrency(text string) bool {
	return len(text) == 3 && strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// isOpenID checks the format of a WeChat open_id. Any such text is accepted, so that a
// developer can test pay-form without OAuth.
func isOpenID(text string) bool {
	return len(text) == 28 && text[0] == 'o' && isOrderNumber(strings.ReplaceAll(text, "-", ""))
}

// isAppID checks the format of a WeChat app_id.
func isAppID(text string) bool {
	digits, found := strings.CutPrefix(text, "wx")
	return found && len(digits) == 16 && strings.Trim(digits, hexDigits) == ""
}

func isURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}
