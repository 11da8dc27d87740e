package modeltest

import (
	"math/rand/v2"
	"testing/synctest"

	"pgregory.net/rapid"

	"github.com/wantukit/wantukit/checkout/storetest/faultdisk"
)

// diskFaults are the calls on the disk that fail, in words.
var diskFaults = map[string]faultdisk.Op{
	"read": faultdisk.Read, "write": faultdisk.Write, "short write": faultdisk.ShortWrite, "sync": faultdisk.Sync,
}

// failDisk has one of the next calls on the disk fail.
func (w *world) failDisk(rt *rapid.T) {
	op := rapid.SampledFrom([]string{"write", "short write", "sync", "read"}).Draw(rt, "call")
	after := rapid.IntRange(0, 12).Draw(rt, "after")
	w.trace("  the %s after %d more fails", op, after)
	w.database.disk.Fail(diskFaults[op], after)
}

// cutPower ends all processes, and the disk with what was not synced: a sector
// of it is there or not.
func (w *world) cutPower(rt *rapid.T) {
	w.countFailures()
	for _, n := range w.nodes {
		if n != nil && n.life.crash() > 0 {
			w.saw(powerCutAtWork)
		}
	}
	synctest.Wait()
	w.database.disk.PowerOff()
	_ = w.db.Close() // it has lost its disk
	seed, percent := rapid.Uint64().Draw(rt, "sectors"), rapid.SampledFrom([]int{0, 50, 90, 100}).Draw(rt, "kept")
	w.trace("  of what was not synced %d%% is kept", percent)
	source := rand.New(rand.NewPCG(seed, 0))
	w.must(w.database.disk.PowerOn(func() bool {
		kept := source.IntN(100) < percent
		if !kept {
			w.saw(torn)
		}
		return kept
	}))
	w.connect()
	w.quiet(true)
}

// countFailures notes what of the disk's calls has failed so far.
func (w *world) countFailures() {
	if w.database.disk == nil {
		return
	}
	if w.database.disk.Failed(faultdisk.Read) > 0 {
		w.saw(readFailed)
	}
	for _, op := range []faultdisk.Op{faultdisk.Write, faultdisk.ShortWrite, faultdisk.Sync} {
		if w.database.disk.Failed(op) > 0 {
			w.saw(writeFailed)
		}
	}
}
