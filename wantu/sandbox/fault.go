package sandbox

import (
	"time"

	"github.com/wantukit/wantukit/wantu"
)

// Fault makes the sandbox misbehave in its answers to the merchant's calls, or in its
// notifications. A fault strikes when it spoils one of them. Only one fault strikes each
// time: the oldest one that fits and is not spent.
//
// In JSON, Delay is a text such as "1.5s".
type Fault struct {
	ID       string      `json:"id"`                 // set by AddFault, such as "f1"
	On       FaultTarget `json:"on"`                 // defaults to the target of Kind, the only one allowed
	Kind     FaultKind   `json:"kind"`               // required
	Endpoint string      `json:"endpoint,omitempty"` // for answers: the last element of the path; "" means all
	When     FaultWhen   `json:"when,omitempty"`     // for answers; the default depends on Kind
	Times    int         `json:"times"`              // how often it strikes, at most 1,000,000; 0 means until it is removed

	Delay      time.Duration    `json:"-"`                     // late, delay: up to a day; required
	Status     int              `json:"status,omitempty"`      // status, html: 200 to 599 except 204 and 304. Defaults to 500 for status, 200 for html
	ReturnCode wantu.ReturnCode `json:"return_code,omitempty"` // refuse: 1 to 999 except 200. Defaults to 500
	Copies     int              `json:"copies,omitempty"`      // duplicate: the number of additional copies, at most 1000. Defaults to 1
	Forgery    Forgery          `json:"forgery,omitempty"`     // forge. Defaults to ForgeSignature

	Struck int `json:"struck"` // how often it has struck; the sandbox counts this
}

// Spent reports whether the fault has struck Times times. A spent fault strikes no more.
func (f Fault) Spent() bool { return f.Times > 0 && f.Struck >= f.Times }

// FaultTarget is the kind of message that a fault spoils.
type FaultTarget string

// The targets.
const (
	OnAnswer       FaultTarget = "answer"
	OnNotification FaultTarget = "notification"
)

// FaultWhen says whether a fault strikes before or after the call is carried out.
type FaultWhen string

const (
	// Before means that the call is not carried out, although the spoiled answer may
	// claim success. FaultLate is an exception: the call is carried out after the delay
	// if the merchant still waits.
	Before FaultWhen = "before"
	// After means that the call is carried out and then its answer is spoiled.
	After FaultWhen = "after"
)

// FaultKind says what a fault does.
type FaultKind string

// Faults of answers. The default of When is in brackets.
const (
	FaultLate       FaultKind = "late"        // the answer comes after Delay [after]
	FaultCut        FaultKind = "cut"         // the connection breaks in the middle of the body [after]
	FaultUnsigned   FaultKind = "unsigned"    // the answer has no sign [after]
	FaultForged     FaultKind = "forged"      // the answer is signed with another key [after]
	FaultOtherOrder FaultKind = "other_order" // the answer has a good signature, but another out_trade_no [after]
	FaultHTML       FaultKind = "html"        // the answer is an HTML page with HTTP status 200, or Status [before]
	FaultStatus     FaultKind = "status"      // the answer has HTTP status 500, or Status [before]
	FaultRefuse     FaultKind = "refuse"      // the answer has ReturnCode [before]
	FaultHangUp     FaultKind = "hang_up"     // the connection closes without an answer [before]
)

// Faults of notifications.
const (
	FaultDelay     FaultKind = "delay"     // sent after Delay, or when the fault is removed; the schedule continues from then
	FaultDrop      FaultKind = "drop"      // not sent, but counted as an attempt
	FaultDuplicate FaultKind = "duplicate" // sent with Copies more at the same time; with a Clock one after the other, and none after one that times out
	FaultReorder   FaultKind = "reorder"   // sent after the next notification of another order, or when the fault is removed
	FaultForge     FaultKind = "forge"     // a forged notification is sent first, then the real one
)

// Forgery says what is wrong with a forged notification. Its signature is always wrong.
// A merchant that accepts one does not check signatures.
type Forgery string

// The forgeries.
const (
	ForgeSignature Forgery = "signature" // only the signature is wrong
	ForgeHigher    Forgery = "higher"    // total_fee one minor unit higher
	ForgeLower     Forgery = "lower"     // total_fee one minor unit lower
)
