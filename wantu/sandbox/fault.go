package sandbox

import (
	"time"

	"github.com/wantukit/wantukit/wantu"
)

// Fault makes the sandbox misbehave: in its answers to the merchant's calls, or
// in its notifications. Of the faults that are set, the oldest that fits strikes,
// and one alone: two that fit one call are used up one after the other.
//
// As JSON, Delay is a text such as "1.5s".
type Fault struct {
	ID       string      `json:"id"`                 // given by AddFault, such as "f1"
	On       FaultTarget `json:"on"`                 // follows from Kind
	Kind     FaultKind   `json:"kind"`               // required
	Endpoint string      `json:"endpoint,omitempty"` // of answers: the last element of the path; "" is all
	When     FaultWhen   `json:"when,omitempty"`     // of answers; its default depends on Kind
	Times    int         `json:"times"`              // how often it strikes, at most 1,000,000; 0 is until removed

	Delay      time.Duration    `json:"-"`                     // late, delay: up to a day; required
	Status     int              `json:"status,omitempty"`      // status, html: 200 to 599 but 204 and 304. Defaults to 500 and 200
	ReturnCode wantu.ReturnCode `json:"return_code,omitempty"` // refuse: 1 to 999 but 200. Defaults to 500
	Copies     int              `json:"copies,omitempty"`      // duplicate: how many more, up to 1000. Defaults to 1
	Forgery    Forgery          `json:"forgery,omitempty"`     // forge. Defaults to ForgeSignature

	Struck int `json:"struck"` // how often it has struck; kept by the sandbox
}

// Spent reports whether the fault has struck as often as it should.
func (f Fault) Spent() bool { return f.Times > 0 && f.Struck >= f.Times }

// FaultTarget is what a fault spoils.
type FaultTarget string

// The targets.
const (
	OnAnswer       FaultTarget = "answer"
	OnNotification FaultTarget = "notification"
)

// FaultWhen says on which side of the fault an answer's call is carried out.
type FaultWhen string

const (
	// Before it is carried out: it never is, and what is left of the answer
	// claims success. Only a late call is carried out after all, once the delay
	// is over and if the merchant still waits.
	Before FaultWhen = "before"
	// After it was carried out: the order is taken, and the answer is spoiled.
	After FaultWhen = "after"
)

// FaultKind is what goes wrong.
type FaultKind string

// Faults of answers. In brackets the default of When.
const (
	FaultLate       FaultKind = "late"        // answered after Delay [after]
	FaultCut        FaultKind = "cut"         // the connection breaks in the middle of the body [after]
	FaultUnsigned   FaultKind = "unsigned"    // no sign [after]
	FaultForged     FaultKind = "forged"      // signed with another key [after]
	FaultOtherOrder FaultKind = "other_order" // well signed, for another out_trade_no [after]
	FaultHTML       FaultKind = "html"        // a page with status 200, or Status [before]
	FaultStatus     FaultKind = "status"      // HTTP status 500, or Status [before]
	FaultRefuse     FaultKind = "refuse"      // ReturnCode [before]
	FaultHangUp     FaultKind = "hang_up"     // the connection closes without an answer [before]
)

// Faults of notifications.
const (
	FaultDelay     FaultKind = "delay"     // sent after Delay, or once it is removed; the schedule goes on from there
	FaultDrop      FaultKind = "drop"      // counts as a try, is not sent
	FaultDuplicate FaultKind = "duplicate" // sent Copies more times at once; with a Clock, until one is not answered in 10 s
	FaultReorder   FaultKind = "reorder"   // waits until another order's has been sent
	FaultForge     FaultKind = "forge"     // a forged one comes first
)

// Forgery is what is wrong with a forged notification. None has a good
// signature: who takes one does not look at it.
type Forgery string

// The forgeries.
const (
	ForgeSignature Forgery = "signature" // all true but for the signature
	ForgeHigher    Forgery = "higher"    // total_fee one minor unit higher
	ForgeLower     Forgery = "lower"     // total_fee one minor unit lower
)
