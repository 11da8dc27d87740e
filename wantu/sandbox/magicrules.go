package sandbox

import (
	"strings"

	"github.com/wantukit/wantukit/wantu"
)

const noOrder = ", and no order is opened"

// magicRules returns the table of magic values.
func magicRules() []magicRule {
	table := gatewayChecks()
	table = append(table,
		magicRule{Magic: Magic{"…_return_NNN", "out_refund_no", "NNN, and nothing is done"}},
		magicRule{Magic: Magic{"…_return_NNN", "out_trade_no", "NNN, and nothing is done; only without out_refund_no"}},
		magicRule{
			Magic: Magic{"9990500", "total_fee", "500 SYSTEM_ERROR, but the order is opened; at pospay it is paid"},
			code:  wantu.CodeSystemError, carriesOut: true,
		},
		magicRule{Magic: Magic{"9990NNN", "total_fee", "NNN" + noOrder}},
	)
	return append(table, authCodeRules()...)
}

// gatewayChecks returns rows that are only for the table: these checks are made
// elsewhere, for every request.
func gatewayChecks() []magicRule {
	return []magicRule{
		{Magic: Magic{"not a JSON object", "the body", wantu.CodeDataFormatError.String()}, matches: never},
		{Magic: Magic{"another merchant's", "merchant_account", wantu.CodeNoPrivilege.String()}, matches: never},
		{Magic: Magic{"wrong", "sign", wantu.CodeSignError.String()}, matches: never},
		{Magic: Magic{"another store's", "store_account", wantu.CodeNoPrivilege.String()}, matches: never},
		{Magic: Magic{"not supported, such as XAU", "fee_type", wantu.CodeUnsupportedCurrency.String()}, matches: never},
	}
}

// authCodeRules returns the rules for the code that a till scans at pospay.
func authCodeRules() []magicRule {
	refused := func(value string, code wantu.ReturnCode) magicRule {
		return magicRule{Magic: Magic{value, "auth_code", code.String() + noOrder}, code: code}
	}
	paying := func(value, then string, pending Status) magicRule {
		effect := wantu.CodeUserPaying.String() + ", " + then
		return magicRule{Magic: Magic{value, "auth_code", effect}, code: wantu.CodeUserPaying, carriesOut: true, pendingStatus: pending}
	}
	short := refused("not at least 10 digits", wantu.CodeAuthCodeInvalid)
	short.matches = isNoAuthCode
	return []magicRule{
		short,
		{
			Magic: Magic{"…000500", "auth_code", wantu.CodeSystemError.String() + ", but the order is paid"},
			code:  wantu.CodeSystemError, carriesOut: true,
		},
		refused("…000501", wantu.CodeTradeError),
		refused("…000502", wantu.CodeNotEnough),
		refused("…000503", wantu.CodeNotSupportCard),
		refused("…000504", wantu.CodeBankError),
		{
			Magic: Magic{"…100504", "auth_code", wantu.CodeBankError.String() + ", but the order is paid"},
			code:  wantu.CodeBankError, carriesOut: true,
		},
		refused("…000505", wantu.CodeAuthCodeInvalid),
		refused("…000507", wantu.CodeAuthCodeExpired),
		paying("…000506", "and paid at the second query", StatusSuccess),
		paying("…100506", "and not paid until it is canceled", StatusNotPay),
		paying("…200506", "and PAY_EEROR at the second query", StatusPayError),
	}
}

func never(string) bool { return false }

// isNoAuthCode reports whether text cannot be a scanned payment code.
func isNoAuthCode(text string) bool {
	return len(text) < 10 || strings.Trim(text, decimals) != ""
}
