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
	CodeBankError           ReturnCode = 504 // the bank failed
	CodeAuthCodeInvalid     ReturnCode = 505 // the scanned payment code is wrong
	CodeUserPaying          ReturnCode = 506 // the shopper is entering a password
	CodeAuthCodeExpired     ReturnCode = 507 // the scanned payment code is too old
	CodeRefundError         ReturnCode = 508 // the refund failed
	CodeUnsupportedCurrency ReturnCode = 509 // fee_type is not served
)

// One sentinel for each return code, found by errors.Is in an [*APIError].
var (
	ErrDataFormat          error = codeError(CodeDataFormatError)
	ErrSignRefused         error = codeError(CodeSignError)
	ErrNoPrivilege         error = codeError(CodeNoPrivilege)
	ErrParamMissing        error = codeError(CodeParamMissing)
	ErrParam               error = codeError(CodeParamError)
	ErrOutTradeNoUsed      error = codeError(CodeOutTradeNoUsed)
	ErrOrderPaid           error = codeError(CodeOrderPaid)
	ErrOrderInvalid        error = codeError(CodeOrderInvalid)
	ErrSystem              error = codeError(CodeSystemError)
	ErrTrade               error = codeError(CodeTradeError)
	ErrNotEnough           error = codeError(CodeNotEnough)
	ErrNotSupportCard      error = codeError(CodeNotSupportCard)
	ErrBank                error = codeError(CodeBankError)
	ErrAuthCodeInvalid     error = codeError(CodeAuthCodeInvalid)
	ErrUserPaying          error = codeError(CodeUserPaying)
	ErrAuthCodeExpired     error = codeError(CodeAuthCodeExpired)
	ErrRefund              error = codeError(CodeRefundError)
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
	case CodeFail, CodeSystemError, CodeUserPaying:
		return false
	default:
		return c.Name() != ""
	}
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
