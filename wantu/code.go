package wantu

import "strconv"

// ReturnCode is the return_code of an answer. Manual 1.4.
type ReturnCode int

// The return codes of the manual. CodeFail stands for the text FAIL, which
// section 2.10 and the notification's answer have instead of a number.
const (
	CodeFail                ReturnCode = -1
	CodeSuccess             ReturnCode = 200 // also the text SUCCESS
	CodeDataFormatError     ReturnCode = 300 // the body is not what the manual asks for
	CodeSignError           ReturnCode = 301 // the request's signature is wrong
	CodeNoPrivilege         ReturnCode = 302 // the account may not do this
	CodeParamMissing        ReturnCode = 303 // return_desc names the field
	CodeParamError          ReturnCode = 304 // return_desc names the field
	CodeOutTradeNoUsed      ReturnCode = 400 // out_trade_no was used before
	CodeOrderPaid           ReturnCode = 401 // the order is paid
	CodeOrderInvalid        ReturnCode = 402 // no such order, or it cannot be acted on
	CodeSystemError         ReturnCode = 500 // the gateway failed, perhaps after it acted
	CodeTradeError          ReturnCode = 501 // the trade failed
	CodeNotEnough           ReturnCode = 502 // the shopper's balance is too low
	CodeNotSupportCard      ReturnCode = 503 // the kind of card is not taken
	CodeBankError           ReturnCode = 504 // the bank failed, perhaps after it paid
	CodeAuthCodeInvalid     ReturnCode = 505 // the scanned payment code is wrong
	CodeUserPaying          ReturnCode = 506 // the shopper is entering a password
	CodeAuthCodeExpired     ReturnCode = 507 // the scanned payment code is too old
	CodeRefundError         ReturnCode = 508 // the refund failed
	CodeUnsupportedCurrency ReturnCode = 509 // fee_type is not served
)

// One sentinel for each return code, found by errors.Is in an [*APIError].
// Behind each: what it means, and what to do. But for [ErrSystem], [ErrBank] and
// [ErrUserPaying] they are definite: the gateway did not do what was asked.
var (
	// ErrDataFormat: the gateway could not read the request. A fault of this
	// package or of something between: report it.
	ErrDataFormat error = codeError(CodeDataFormatError)
	// ErrSignRefused: the gateway holds another key than Config.Key. Check it,
	// and whether a rotation has begun on one side alone.
	ErrSignRefused error = codeError(CodeSignError)
	// ErrNoPrivilege: the account may not do this. Check MerchantAccount and
	// StoreAccount, or have the gateway switch the product on.
	ErrNoPrivilege error = codeError(CodeNoPrivilege)
	// ErrParamMissing: the field in APIError.Desc is missing. Fill it in.
	ErrParamMissing error = codeError(CodeParamMissing)
	// ErrParam: the field in APIError.Desc is wrong. Mend it.
	ErrParam error = codeError(CodeParamError)
	// ErrOutTradeNoUsed: the number names another order already, perhaps your
	// own from a call whose answer was lost: query it before taking a new one.
	ErrOutTradeNoUsed error = codeError(CodeOutTradeNoUsed)
	// ErrOrderPaid: the order is paid, so it is neither paid again nor closed.
	// Query it and fulfil it, or refund it.
	ErrOrderPaid error = codeError(CodeOrderPaid)
	// ErrOrderInvalid: the gateway has no such order, or not in a state to be
	// acted on. Check number, channel and store.
	ErrOrderInvalid error = codeError(CodeOrderInvalid)
	// ErrSystem: the gateway failed, perhaps after it acted. Query.
	ErrSystem error = codeError(CodeSystemError)
	// ErrTrade: the payment failed. Let the shopper pay anew, under a new number.
	ErrTrade error = codeError(CodeTradeError)
	// ErrNotEnough: the shopper's balance is too low. Let them pay otherwise.
	ErrNotEnough error = codeError(CodeNotEnough)
	// ErrNotSupportCard: the shopper's kind of card is not taken. Let them
	// choose another.
	ErrNotSupportCard error = codeError(CodeNotSupportCard)
	// ErrBank: the shopper's bank failed or was too slow, perhaps after it paid,
	// for that is what the word means at WeChat Pay. Query before the shopper
	// pays anew: [Client.PosPayAndWait] does.
	ErrBank error = codeError(CodeBankError)
	// ErrAuthCodeInvalid: what was scanned is no payment code. Scan again.
	ErrAuthCodeInvalid error = codeError(CodeAuthCodeInvalid)
	// ErrUserPaying: the shopper is entering a password. Query until it is
	// decided, and cancel in the end: [Client.PosPayAndWait] does.
	ErrUserPaying error = codeError(CodeUserPaying)
	// ErrAuthCodeExpired: the payment code is too old. Have the shopper renew
	// it, and scan again.
	ErrAuthCodeExpired error = codeError(CodeAuthCodeExpired)
	// ErrRefund: the refund failed, as one beyond what was paid does. Compare
	// with the earlier refunds of the order.
	ErrRefund error = codeError(CodeRefundError)
	// ErrUnsupportedCurrency: fee_type is not served. Take another.
	ErrUnsupportedCurrency error = codeError(CodeUnsupportedCurrency)
)

// codeError is a return code as a sentinel.
type codeError ReturnCode

func (e codeError) Error() string { return ReturnCode(e).String() }

// String returns the number and the manual's name, such as "401 ORDER_PAID".
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

// definite reports whether c says that the gateway did not take the order.
// FAIL alone says nothing about when it failed.
func (c ReturnCode) definite() bool {
	switch c {
	case CodeFail, CodeSystemError, CodeBankError, CodeUserPaying:
		return false
	default:
		return c.Name() != ""
	}
}

// passes reports whether c says that the same call may do better later.
func (c ReturnCode) passes() bool {
	return c == CodeSystemError || c == CodeBankError || c == CodeUserPaying
}

// parseReturnCode reads 200, "200", SUCCESS and FAIL.
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
