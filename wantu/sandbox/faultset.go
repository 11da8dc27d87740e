package sandbox

import (
	"errors"
	"slices"
	"strconv"
	"sync"
)

// maxFaults bounds the faults that are remembered, the spent ones included.
const maxFaults = 100

// What [Sandbox.AddFault] and [Sandbox.RemoveFault] may say.
var (
	// ErrTooManyFaults: a hundred are set, and none of them is spent.
	ErrTooManyFaults = errors.New("sandbox: too many faults are set")
	// ErrUnknownFault: no fault has this ID.
	ErrUnknownFault = errors.New("sandbox: unknown fault")
)

// AddFault sets a fault and returns it with its ID and its defaults; On, ID and
// Struck need not be given. It returns a [*wantu.FieldError] with the JSON name
// of the field that is wrong, or [ErrTooManyFaults]. Of the spent faults the
// oldest are forgotten to make room.
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

// RemoveFault takes a fault back and lets go the notifications that it holds,
// or returns [ErrUnknownFault].
func (s *Sandbox) RemoveFault(id string) error {
	if !s.faults.remove(func(f Fault) bool { return f.ID == id }) {
		return ErrUnknownFault
	}
	s.release(func(h *hold) bool { return h.fault.ID == id })
	s.settle()
	return nil
}

// ClearFaults takes all faults back, as [Sandbox.RemoveFault] does.
func (s *Sandbox) ClearFaults() {
	s.faults.remove(func(Fault) bool { return true })
	s.release(func(*hold) bool { return true })
	s.settle()
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

// strike counts and returns the oldest fault that fits; the zero Fault when
// none does.
func (f *faults) strike(fits func(Fault) bool) Fault {
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
