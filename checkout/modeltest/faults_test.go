package modeltest

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"

	"pgregory.net/rapid"
)

// fault says how calls of one kind fail.
type fault struct {
	// percent is the share of the calls that fail.
	percent  int
	outcomes []outcome
}

// faults are the faults of one run, by kind of call.
type faults map[callKind]fault

// kindNames are the names of the kinds, in the order in which faults are drawn.
var kindNames = []string{
	reading: "reading", writing: "writing", creating: "creating", querying: "querying", closing: "closing", refunding: "refunding",
}

// drawFaults draws how often calls of each kind fail, and with which outcomes.
func drawFaults(rt *rapid.T) faults {
	mix := faults{}
	for i, name := range kindNames {
		k := callKind(i)
		f := fault{percent: rapid.SampledFrom(percentsOf(k)).Draw(rt, "faults of "+name)}
		if ways := rapid.IntRange(0, 1<<len(outcomes[k])-1).Draw(rt, "ways"); ways != 0 {
			for bit, v := range outcomes[k] {
				if ways&(1<<bit) != 0 {
					f.outcomes = append(f.outcomes, v)
				}
			}
		} else {
			f.outcomes = outcomes[k]
		}
		mix[k] = f
	}
	return mix
}

// percentsOf returns the possible percentages of failing calls of a kind. Calls that
// place, close or refund orders are rare, so they fail more often.
func percentsOf(k callKind) []int {
	switch k {
	case creating, closing, refunding:
		return []int{30, 12, 0, 60}
	default:
		return []int{12, 5, 0, 30}
	}
}

// String returns the faults that can happen, with their percentages.
func (f faults) String() string {
	var parts []string
	for i, name := range kindNames {
		if mix := f[callKind(i)]; mix.percent > 0 {
			parts = append(parts, fmt.Sprintf("%s %d%% %v", name, mix.percent, mix.outcomes))
		}
	}
	return strings.Join(parts, ", ")
}

// draw draws the outcome of a call.
func (f fault) draw(rt *rapid.T, call string) outcome {
	if f.percent == 0 || rapid.IntRange(0, 99).Draw(rt, call) < 100-f.percent {
		return proceed
	}
	return rapid.SampledFrom(f.outcomes).Draw(rt, "fault of "+call)
}

// fromSeed returns the outcome of a thread's current call. It depends only on the seed,
// the thread and the number of its call, not on other threads.
func (f fault) fromSeed(seed uint64, t *thread) outcome {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %s %d", seed, t.name, t.calls))
	if int(binary.LittleEndian.Uint32(sum[:])%100) >= f.percent {
		return proceed
	}
	return f.outcomes[int(binary.LittleEndian.Uint32(sum[4:])%uint32(len(f.outcomes)))]
}
