package gatewaycli

import (
	"errors"
	"fmt"

	"github.com/wantukit/wantukit/wantu"
)

// The exit codes, for scripts.
const (
	ExitDone    = 0
	ExitFailed  = 1 // it could not be done: no connection, an unreadable answer to a question, a file
	ExitUsage   = 2 // a flag or a value is wrong; nothing was sent
	ExitRefused = 3 // the gateway refused, with a return_code
	ExitUnknown = 4 // the gateway has or may have acted, and the answer is lost: query before it is tried again
	ExitNo      = 5 // the answer is no: not paid, the signature is wrong, or the books differ
)

// ExitCode returns the exit code of what a verb returned.
func ExitCode(err error) int {
	var field *wantu.FieldError
	var api *wantu.APIError
	var acted *actedError
	switch {
	case err == nil:
		return ExitDone
	case errors.As(err, new(*usageError)), errors.As(err, &field):
		return ExitUsage
	case errors.As(err, new(*noError)):
		return ExitNo
	case errors.As(err, new(*untoldError)), errors.As(err, &acted) && wantu.OutcomeUnknown(acted.error):
		return ExitUnknown
	case errors.As(err, &api) && !api.Unverified:
		return ExitRefused
	default:
		return ExitFailed
	}
}

// usageError is a mistake on the command line.
type usageError struct{ problem string }

func (e *usageError) Error() string { return e.problem }

// Usage marks an error of the command line's parser.
func Usage(err error) error { return usage("%v", err) }

func usage(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// noError is an answer that is no.
type noError struct{ answer string }

func (e *noError) Error() string { return e.answer }

// actedError is the error of a call that changes something at the gateway.
type actedError struct{ error }

func (e *actedError) Unwrap() error { return e.error }

func (e *actedError) Error() string {
	if wantu.OutcomeUnknown(e.error) {
		return e.error.Error() + "\nIt may have happened all the same: query before you try again."
	}
	return e.error.Error()
}

// untoldError is an answer that could not be written down: what was asked for
// has been done.
type untoldError struct{ error }

func (e *untoldError) Unwrap() error { return e.error }

func (e *untoldError) Error() string {
	return "it was done, and then: " + e.error.Error()
}

// No is the error of a question whose answer is no.
func No(answer string) error { return &noError{answer} }

// Done marks the error of writing down what has been done; nil stays nil.
func Done(err error) error { return done(err) }

// done marks the error of writing down what has been done.
func done(err error) error {
	if err == nil {
		return nil
	}
	return &untoldError{err}
}
