package modeltest

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"

	"pgregory.net/rapid"
)

// fault is what goes wrong with calls of one kind.
type fault struct {
	// percent is how many of a hundred calls it happens to.
	percent int
	of      []verdict
}

// faults are what goes wrong in one run, for each kind of call.
type faults map[kind]fault

// kindNames are the kinds of calls, in the order in which faults are drawn.
var kindNames = []string{
	reading: "reading", writing: "writing", creating: "creating", asking: "asking", closing: "closing", refunding: "refunding",
}

// drawFaults draws a mix: how often calls of each kind fail, and in which ways.
func drawFaults(rt *rapid.T) faults {
	mix := faults{}
	for i, name := range kindNames {
		k := kind(i)
		f := fault{percent: rapid.SampledFrom(oftenOf(k)).Draw(rt, "faults of "+name)}
		if ways := rapid.IntRange(0, 1<<len(verdicts[k])-1).Draw(rt, "ways"); ways != 0 {
			for bit, v := range verdicts[k] {
				if ways&(1<<bit) != 0 {
					f.of = append(f.of, v)
				}
			}
		} else {
			f.of = verdicts[k]
		}
		mix[k] = f
	}
	return mix
}

// oftenOf are how many of a hundred calls of a kind fail. Of those that move an
// order or money there are few.
func oftenOf(k kind) []int {
	switch k {
	case creating, closing, refunding:
		return []int{30, 12, 0, 60}
	default:
		return []int{12, 5, 0, 30}
	}
}

// String says what goes wrong how often.
func (f faults) String() string {
	var parts []string
	for i, name := range kindNames {
		if mix := f[kind(i)]; mix.percent > 0 {
			parts = append(parts, fmt.Sprintf("%s %d%% %v", name, mix.percent, mix.of))
		}
	}
	return strings.Join(parts, ", ")
}

// draw draws what becomes of a call.
func (f fault) draw(rt *rapid.T, call string) verdict {
	if f.percent == 0 || rapid.IntRange(0, 99).Draw(rt, call) < 100-f.percent {
		return proceed
	}
	return rapid.SampledFrom(f.of).Draw(rt, "trouble with "+call)
}

// byChance decides by the seed, the thread and the number of its call, and so
// whatever others do meanwhile.
func (f fault) byChance(seed uint64, t *thread) verdict {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %s %d", seed, t.name, t.calls))
	if int(binary.LittleEndian.Uint32(sum[:])%100) >= f.percent {
		return proceed
	}
	return f.of[int(binary.LittleEndian.Uint32(sum[4:])%uint32(len(f.of)))]
}
