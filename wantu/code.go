package wantu

import "strconv"

// ReturnCode is the return_code of an answer. Manual 1.4.
type ReturnCode int

// The return codes of the manual. CodeFail stands for the text FAIL: section 2.10
// and the answer to a notification have this text instead of a number.
const (
	CodeFail                ReturnCode = -1
	CodeSuccess             ReturnCode = 200 // also the text SUCCESS
	CodeDataFormatError     ReturnCode = 300 // the body does not have the format of the manual
	CodeSignError           ReturnCode = 301 // the request's signature is wrong
	CodeNoPrivilege         ReturnCode = 302 // the account may not do this
	CodeParamMissing        ReturnCode = 303 // return_desc names the field
	CodeParamError          ReturnCode = 304 // return_desc names the field
	CodeOutTradeNoUsed      ReturnCode = 400 // out_trade_no was used before
	CodeOrderPaid           ReturnCode = 401 // the order is paid
	CodeOrderInvalid        ReturnCode = 402 // the order does not exist, or its state forbids the call
	CodeSystemError         ReturnCode = 500 // the gateway failed, perhaps after it carried out the call
	CodeTradeError          ReturnCode = 501 // the payment failed
	CodeNotEnough           ReturnCode = 502 // the shopper's balance is too low
	CodeNotSupportCard      ReturnCode = 503 // the kind of card is not accepted
	CodeBankError           ReturnCode = 504 // the bank failed, perhaps after it paid
	CodeAuthCodeInvalid     ReturnCode = 505 // the scanned payment code is wrong
	CodeUserPaying          ReturnCode = 506 // the shopper is entering a password
	CodeAuthCodeExpired     ReturnCode = 507 // the scanned payment code is too old
	CodeRefundError         ReturnCode = 508 // the refund failed
	CodeUnsupportedCurrency ReturnCode = 509 // the currency in fee_type is not supported
)

// One sentinel error for each return code. errors.Is finds it in an [*APIError].
// Each comment says what the error means and what to do. All of them except
// [ErrSystem], [ErrBank] and [ErrUserPaying] are definite: the gateway did not do
// what was asked.
var (
	// ErrDataFormat: the gateway could not read the request. This is a bug in
	// this package, or a proxy changed the request. Report it.
	ErrDataFormat error = codeError(CodeDataFormatError)
	// ErrSignRefused: the gateway has another key than Config.Key. Check the key,
	// and whether only one side has begun a key rotation.
	ErrSignRefused error = codeError(CodeSignError)
	// ErrNoPrivilege: the account may not do this. Check MerchantAccount and
	// StoreAccount, or ask the gateway to enable the product.
	ErrNoPrivilege error = codeError(CodeNoPrivilege)
	// ErrParamMissing: the field in APIError.Desc is missing. Fill it in.
	ErrParamMissing error = codeError(CodeParamMissing)
	// ErrParam: the field in APIError.Desc is wrong. Correct it.
	ErrParam error = codeError(CodeParamError)
	// ErrOutTradeNoUsed: an order with this number exists already. It may be your
	// own order, if the answer to an earlier call was lost. Query it before you
	// use a new number.
	ErrOutTradeNoUsed error = codeError(CodeOutTradeNoUsed)
	// ErrOrderPaid: the order is paid, so it cannot be paid again or closed.
	// Query it, and then fulfil or refund it.
	ErrOrderPaid error = codeError(CodeOrderPaid)
	// ErrOrderInvalid: the gateway does not know the order, or the order's state
	// forbids the call. Check the number, the channel and the store.
	ErrOrderInvalid error = codeError(CodeOrderInvalid)
	// ErrSystem: the gateway failed, perhaps after it carried out the call. Query
	// the order.
	ErrSystem error = codeError(CodeSystemError)
	// ErrTrade: the payment failed. Let the shopper pay again, with a new order
	// number.
	ErrTrade error = codeError(CodeTradeError)
	// ErrNotEnough: the shopper's balance is too low. Let the shopper pay in
	// another way.
	ErrNotEnough error = codeError(CodeNotEnough)
	// ErrNotSupportCard: the shopper's kind of card is not accepted. Let the
	// shopper choose another card.
	ErrNotSupportCard error = codeError(CodeNotSupportCard)
	// ErrBank: the shopper's bank failed or was too slow. The shopper may have paid:
	// WeChat Pay also sends this code when the result is not known. Query the order
	// before the shopper pays again; [Client.PosPayAndWait] does that.
	ErrBank error = codeError(CodeBankError)
	// ErrAuthCodeInvalid: the scanned text is no payment code. Scan again.
	ErrAuthCodeInvalid error = codeError(CodeAuthCodeInvalid)
	// ErrUserPaying: the shopper is entering a password. Query the order until it
	// is decided, and cancel it if that takes too long; [Client.PosPayAndWait]
	// does both.
	ErrUserPaying error = codeError(CodeUserPaying)
	// ErrAuthCodeExpired: the payment code is too old. Ask the shopper to refresh
	// the code, and scan again.
	ErrAuthCodeExpired error = codeError(CodeAuthCodeExpired)
	// ErrRefund: the refund failed, for example because it exceeds what was paid.
	// Check the earlier refunds of the order.
	ErrRefund error = codeError(CodeRefundError)
	// ErrUnsupportedCurrency: the gateway does not support the currency in
	// fee_type. Use another currency.
	ErrUnsupportedCurrency error = codeError(CodeUnsupportedCurrency)
)

// codeError is a return code as a sentinel error.
type codeError ReturnCode

func (e codeError) Error() string { return ReturnCode(e).String() }

// String returns the number and the manual's name, such as "401 ORDER_PAID". For a
// code that is not in the manual it returns the number alone, and for CodeFail "FAIL".
func (c ReturnCode) String() string {
	if c == CodeFail {
		return "FAIL"
	}
	if name := c.Name(); name != "" {
		return strconv.Itoa(int(c)) + " " + name
	}
	return strconv.Itoa(int(c))
}

// Name returns the manual's return_msg for c, such as "ORDER_PAID"; "" for a
// code that is not in the manual.
func (c ReturnCode) Name() string {
	switch c {
	case CodeFail:
		return "FAIL"
	case CodeSuccess:
		return "SUCCESS"
	case CodeDataFormatError:
		return "DATA_FORMAT_ERROR"
	case CodeSignError:
		return "SIGN_ERROR"
	case CodeNoPrivilege:
		return "NO_PRIVILEGE"
	case CodeParamMissing:
		return "PARAM_MISSING"
	case CodeParamError:
		return "PARAM_ERROR"
	case CodeOutTradeNoUsed:
		return "OUT_TRADE_NO_USED"
	case CodeOrderPaid:
		return "ORDER_PAID"
	case CodeOrderInvalid:
		return "ORDER_INVALID"
	case CodeSystemError:
		return "SYSTEM_ERROR"
	case CodeTradeError:
		return "TRADE_ERROR"
	case CodeNotEnough:
		return "NOT_ENOUGH"
	case CodeNotSupportCard:
		return "NOT_SUPPORT_CARD"
	case CodeBankError:
		return "BANK_ERROR"
	case CodeAuthCodeInvalid:
		return "AUTH_CODE_INVALID"
	case CodeUserPaying:
		return "USER_PAYING"
	case CodeAuthCodeExpired:
		return "AUTH_CODE_EXPIRED"
	case CodeRefundError:
		return "REFUND_ERROR"
	case CodeUnsupportedCurrency:
		return "UNSUPPORTED_CURRENCY"
	default:
		return ""
	}
}

// isDefinite reports whether c means that the gateway did not carry out the call.
// FAIL is not definite: it does not say when the gateway failed.
func (c ReturnCode) isDefinite() bool {
	switch c {
	case CodeFail, CodeSystemError, CodeBankError, CodeUserPaying:
		return false
	default:
		return c.Name() != ""
	}
}

// isTemporary reports whether the same call may succeed later.
func (c ReturnCode) isTemporary() bool {
	return c == CodeSystemError || c == CodeBankError || c == CodeUserPaying
}

// parseReturnCode reads a number of three digits, SUCCESS or FAIL.
func parseReturnCode(text string) (ReturnCode, error) {
	switch text {
	case "SUCCESS":
		return CodeSuccess, nil
	case "FAIL":
		return CodeFail, nil
	}
	code, err := strconv.ParseUint(text, 10, 16)
	if err != nil || len(text) != 3 {
		return 0, malformed("return_code is missing or unreadable")
	}
	return ReturnCode(code), nil
}
