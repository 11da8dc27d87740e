package modeltest

import (
	"math/rand/v2"
	"testing/synctest"

	"pgregory.net/rapid"

	"github.com/wantukit/wantukit/checkout/storetest/faultdisk"
)

// diskFaults are the calls on the disk that can fail, by name.
var diskFaults = map[string]faultdisk.Op{
	"read": faultdisk.Read, "write": faultdisk.Write, "short write": faultdisk.ShortWrite, "sync": faultdisk.Sync,
}

// failDisk makes one of the next calls on the disk fail.
func (w *world) failDisk(rt *rapid.T) {
	op := rapid.SampledFrom([]string{"write", "short write", "sync", "read"}).Draw(rt, "call")
	after := rapid.IntRange(0, 12).Draw(rt, "after")
	w.trace("  the %s after %d more fails", op, after)
	w.database.disk.Fail(diskFaults[op], after)
}

// cutPower crashes all processes and cuts the disk's power. Each sector that was not
// synced is kept or lost.
func (w *world) cutPower(rt *rapid.T) {
	w.countFailures()
	for _, n := range w.nodes {
		if n != nil && n.process.crash() > 0 {
			w.reach(powerCutDuringCall)
		}
	}
	synctest.Wait()
	w.gate.threads.cutPower()
	w.database.disk.PowerOff()
	_ = w.db.Close() // fails without power
	seed, percent := rapid.Uint64().Draw(rt, "sectors"), rapid.SampledFrom([]int{0, 50, 90, 100}).Draw(rt, "kept")
	w.trace("  %d%% of the unsynced sectors are kept", percent)
	source := rand.New(rand.NewPCG(seed, 0))
	w.must(w.database.disk.PowerOn(func() bool {
		kept := source.IntN(100) < percent
		if !kept {
			w.reach(sectorLost)
		}
		return kept
	}))
	w.connect()
	w.pauseDisk(true)
}

// countFailures notes which calls on the disk have failed so far.
func (w *world) countFailures() {
	if w.database.disk == nil {
		return
	}
	if w.database.disk.Failed(faultdisk.Read) > 0 {
		w.reach(readFailed)
	}
	for _, op := range []faultdisk.Op{faultdisk.Write, faultdisk.ShortWrite, faultdisk.Sync} {
		if w.database.disk.Failed(op) > 0 {
			w.reach(writeFailed)
		}
	}
}
