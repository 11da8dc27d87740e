package sandbox

import (
	"strings"

	"github.com/wantukit/wantukit/wantu"
)

const noOrder = ", and there is no order"

// spells is the table of magic values.
func spells() []spell {
	table := gatewayChecks()
	table = append(table,
		spell{Magic: Magic{"…_return_NNN", "out_refund_no", "NNN, and nothing is done"}},
		spell{Magic: Magic{"…_return_NNN", "out_trade_no", "NNN, and nothing is done; not beside an out_refund_no"}},
		spell{
			Magic: Magic{"9990500", "total_fee", "500 SYSTEM_ERROR, and the order is taken: at pospay it is paid"},
			code:  wantu.CodeSystemError, acts: true,
		},
		spell{Magic: Magic{"9990NNN", "total_fee", "NNN" + noOrder}},
	)
	return append(table, authCodes()...)
}

// gatewayChecks describe what is checked with or without magic: they answer
// nothing by themselves.
func gatewayChecks() []spell {
	return []spell{
		{Magic: Magic{"not a JSON object", "the body", wantu.CodeDataFormatError.String()}, when: never},
		{Magic: Magic{"another's", "merchant_account", wantu.CodeNoPrivilege.String()}, when: never},
		{Magic: Magic{"wrong", "sign", wantu.CodeSignError.String()}, when: never},
		{Magic: Magic{"another's", "store_account", wantu.CodeNoPrivilege.String()}, when: never},
		{Magic: Magic{"not served, as XAU", "fee_type", wantu.CodeUnsupportedCurrency.String()}, when: never},
	}
}

// authCodes are what a till may scan at pospay.
func authCodes() []spell {
	refused := func(value string, code wantu.ReturnCode) spell {
		return spell{Magic: Magic{value, "auth_code", code.String() + noOrder}, code: code}
	}
	paying := func(value, then string, becomes Status) spell {
		effect := wantu.CodeUserPaying.String() + ", " + then
		return spell{Magic: Magic{value, "auth_code", effect}, code: wantu.CodeUserPaying, acts: true, becomes: becomes}
	}
	short := refused("not 10 digits or more", wantu.CodeAuthCodeInvalid)
	short.when = isNoAuthCode
	return []spell{
		short,
		{
			Magic: Magic{"…000500", "auth_code", wantu.CodeSystemError.String() + ", and it is paid"},
			code:  wantu.CodeSystemError, acts: true,
		},
		refused("…000501", wantu.CodeTradeError),
		refused("…000502", wantu.CodeNotEnough),
		refused("…000503", wantu.CodeNotSupportCard),
		refused("…000504", wantu.CodeBankError),
		{
			Magic: Magic{"…100504", "auth_code", wantu.CodeBankError.String() + ", and it is paid"},
			code:  wantu.CodeBankError, acts: true,
		},
		refused("…000505", wantu.CodeAuthCodeInvalid),
		refused("…000507", wantu.CodeAuthCodeExpired),
		paying("…000506", "then paid at the second query", StatusSuccess),
		paying("…100506", "until it is canceled", StatusNotPay),
		paying("…200506", "then PAY_EEROR at the second query", StatusPayError),
	}
}

func never(string) bool { return false }

// isNoAuthCode reports whether text cannot be a code that a till scans.
func isNoAuthCode(text string) bool {
	return len(text) < 10 || strings.Trim(text, decimals) != ""
}
