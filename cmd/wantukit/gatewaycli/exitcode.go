package gatewaycli

import (
	"errors"
	"fmt"

	"github.com/wantukit/wantukit/wantu"
)

// The exit codes, for scripts.
const (
	ExitDone    = 0
	ExitFailed  = 1 // nothing was changed: no connection, an unreadable answer to a query, a file
	ExitUsage   = 2 // a flag or a value is wrong; nothing was sent
	ExitRefused = 3 // the gateway refused, with a return_code
	ExitUnknown = 4 // the gateway has or may have changed something, and the answer is lost: query before a retry
	ExitNo      = 5 // the answer is no: not paid, the signature is wrong, or there are differences
)

// ExitCode returns the exit code for the error of a verb.
func ExitCode(err error) int {
	var field *wantu.FieldError
	var api *wantu.APIError
	var change *changeError
	switch {
	case err == nil:
		return ExitDone
	case errors.As(err, new(*usageError)), errors.As(err, &field):
		return ExitUsage
	case errors.As(err, new(*noError)):
		return ExitNo
	case errors.As(err, new(*unreportedError)), errors.As(err, &change) && wantu.OutcomeUnknown(change.error):
		return ExitUnknown
	case errors.As(err, &api) && !api.Unverified:
		return ExitRefused
	default:
		return ExitFailed
	}
}

// usageError is a mistake on the command line. Its exit code is ExitUsage.
type usageError struct{ problem string }

func (e *usageError) Error() string { return e.problem }

// Usage returns err as a mistake on the command line.
func Usage(err error) error { return usage("%v", err) }

func usage(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// noError is a negative answer. Its exit code is ExitNo.
type noError struct{ answer string }

func (e *noError) Error() string { return e.answer }

// changeError is the error of a call that changes something at the gateway. Its
// exit code is ExitUnknown if the outcome is unknown.
type changeError struct{ error }

func (e *changeError) Unwrap() error { return e.error }

func (e *changeError) Error() string {
	if wantu.OutcomeUnknown(e.error) {
		return e.error.Error() + "\nThe gateway may have done it nevertheless: query before you retry."
	}
	return e.error.Error()
}

// unreportedError is the error of printing an answer after a change was made. Its
// exit code is ExitUnknown.
type unreportedError struct{ error }

func (e *unreportedError) Unwrap() error { return e.error }

func (e *unreportedError) Error() string {
	return "the change was made, but then: " + e.error.Error()
}

// No returns an error for a negative answer.
func No(answer string) error { return &noError{answer} }

// Unreported returns an error for an answer that could not be printed after a change
// was made. Its exit code is ExitUnknown. It returns nil for nil.
func Unreported(err error) error {
	if err == nil {
		return nil
	}
	return &unreportedError{err}
}
