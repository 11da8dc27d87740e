package sandbox

import (
	"errors"
	"slices"
	"strconv"
	"sync"
)

// maxFaults is the largest number of faults, including the spent ones.
const maxFaults = 100

// The errors of [Sandbox.AddFault] and [Sandbox.RemoveFault].
var (
	// ErrTooManyFaults: 100 faults are set, and none of them is spent.
	ErrTooManyFaults = errors.New("sandbox: too many faults are set")
	// ErrUnknownFault: no fault has this ID.
	ErrUnknownFault = errors.New("sandbox: unknown fault")
)

// AddFault sets a fault and returns it with its ID and its defaults. ID and Struck are
// ignored, and On may be empty. AddFault returns a [*wantu.FieldError] with the JSON name
// of a wrong field, or [ErrTooManyFaults]. If 100 faults are set, the oldest spent one is
// forgotten.
func (s *Sandbox) AddFault(f Fault) (Fault, error) {
	f, err := f.complete()
	if err != nil {
		return Fault{}, err
	}
	return s.faults.add(f)
}

// Faults returns the faults that are set or spent, in the order in which they
// were added.
func (s *Sandbox) Faults() []Fault { return s.faults.list() }

// RemoveFault removes a fault and sends the notifications that it holds back. It returns
// [ErrUnknownFault] if there is no such fault.
func (s *Sandbox) RemoveFault(id string) error {
	if !s.faults.remove(func(f Fault) bool { return f.ID == id }) {
		return ErrUnknownFault
	}
	s.sendHeld(func(h *heldNotification) bool { return h.fault.ID == id })
	s.runDue()
	return nil
}

// ClearFaults removes all faults, as [Sandbox.RemoveFault] does.
func (s *Sandbox) ClearFaults() {
	s.faults.remove(func(Fault) bool { return true })
	s.sendHeld(func(*heldNotification) bool { return true })
	s.runDue()
}

type faults struct {
	mu   sync.Mutex
	all  []Fault
	last int // number of the newest
}

func (f *faults) add(added Fault) (Fault, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.all) >= maxFaults {
		spent := slices.IndexFunc(f.all, Fault.Spent)
		if spent < 0 {
			return Fault{}, ErrTooManyFaults
		}
		f.all = slices.Delete(f.all, spent, spent+1)
	}
	f.last++
	added.ID, added.Struck = "f"+strconv.Itoa(f.last), 0
	f.all = append(f.all, added)
	return added, nil
}

func (f *faults) list() []Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]Fault{}, f.all...)
}

func (f *faults) remove(which func(Fault) bool) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	before := len(f.all)
	f.all = slices.DeleteFunc(f.all, which)
	return len(f.all) < before
}

// strikeOldest returns the oldest fault that fits and is not spent, and counts that it
// struck. It returns the zero Fault when there is none.
func (f *faults) strikeOldest(fits func(Fault) bool) Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.all {
		if hit := &f.all[i]; !hit.Spent() && fits(*hit) {
			hit.Struck++
			return *hit
		}
	}
	return Fault{}
}
