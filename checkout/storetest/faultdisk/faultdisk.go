// Package faultdisk is a disk under SQLite that goes wrong: reads, writes and
// syncs fail, a write is cut short, and when the power goes what was not synced
// is lost or torn. Only tests import it.
//
//   - [Under] puts the databases of one folder on a [Disk] that keeps apart what
//     is synced and what is not
//   - [Flaky] lets calls on the databases of one folder fail by chance, for a
//     process that is to be killed
//
// It is a VFS of SQLite's own, around the one of the system, which becomes the
// process's default with the first call. Databases elsewhere are as before.
package faultdisk

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// Op is a call on a file.
type Op int

// The calls that can fail.
const (
	Read Op = iota
	Write
	// ShortWrite writes the first half, and fails.
	ShortWrite
	Sync
)

// sector is how much a disk writes at once: of a write that the power cuts,
// each sector is there or not.
const sector = 512

// Disk is what lies under the databases of one folder.
type Disk struct {
	mu     sync.Mutex
	folder string
	files  map[string]*content
	// armed are the calls that are to fail: after how many more of their kind.
	armed  map[Op]int
	paused bool
	// lying says that syncs do nothing and say that all is well; off says that
	// the power is.
	lying, off bool
	failed     map[Op]int
}

// content is one file's.
type content struct {
	// now is what reads see, and synced what is there after the power went.
	now, synced []byte
	// dirty are the sectors in which they may differ.
	dirty map[int64]bool
}

// disks are those that are under something, and flaky the folders whose calls
// fail by chance.
var disks struct {
	mu    sync.Mutex
	under []*Disk
	flaky map[string]int
}

// Under puts the databases that are opened below a folder from now on onto a
// disk. They have to be closed before [Disk.Remove].
func Under(folder string) (*Disk, error) {
	if err := register(); err != nil {
		return nil, err
	}
	d := &Disk{folder: folder + string(filepath.Separator), files: map[string]*content{}, armed: map[Op]int{}, failed: map[Op]int{}}
	disks.mu.Lock()
	defer disks.mu.Unlock()
	disks.under = append(disks.under, d)
	return d, nil
}

// Remove takes the disk away.
func (d *Disk) Remove() {
	disks.mu.Lock()
	defer disks.mu.Unlock()
	for i, other := range disks.under {
		if other == d {
			disks.under = append(disks.under[:i], disks.under[i+1:]...)
			return
		}
	}
}

// Flaky has one in so many calls on the databases below a folder fail, for the
// rest of the process's life.
func Flaky(folder string, oneIn int) error {
	if err := register(); err != nil {
		return err
	}
	disks.mu.Lock()
	defer disks.mu.Unlock()
	if disks.flaky == nil {
		disks.flaky = map[string]int{}
	}
	disks.flaky[folder+string(filepath.Separator)] = oneIn
	return nil
}

// of returns the disk under a file, or how flaky its calls are; nil and 0 where
// it is none of ours.
func of(path string) (*Disk, int) {
	disks.mu.Lock()
	defer disks.mu.Unlock()
	for _, d := range disks.under {
		if strings.HasPrefix(path, d.folder) {
			return d, 0
		}
	}
	for folder, oneIn := range disks.flaky {
		if strings.HasPrefix(path, folder) {
			return nil, oneIn
		}
	}
	return nil, 0
}

// Fail has a call fail once: the next of its kind, or one after so many more.
func (d *Disk) Fail(op Op, after int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.armed[op] = after + 1
}

// Pause has nothing fail until [Disk.Resume].
func (d *Disk) Pause() { d.set(func() { d.paused = true }) }

// Resume ends a pause.
func (d *Disk) Resume() { d.set(func() { d.paused = false }) }

// Lie has every sync say that it was done, and do nothing.
func (d *Disk) Lie() { d.set(func() { d.lying = true }) }

// Failed counts the calls of a kind that have failed, but for want of power.
func (d *Disk) Failed(op Op) (n int) {
	d.set(func() { n = d.failed[op] })
	return n
}

func (d *Disk) set(do func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	do()
}

// PowerOff has every call fail from now on, as for a machine without power. The
// databases can be closed then.
func (d *Disk) PowerOff() { d.set(func() { d.off = true }) }

// PowerOn brings the disk back, after the databases were closed, with what was
// synced. Of what was not, each sector is there if kept says so, in an order
// that does not depend on anything else.
func (d *Disk) PowerOn(kept func() bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, path := range sortedKeys(d.files) {
		c := d.files[path]
		for _, at := range sortedKeys(c.dirty) {
			if kept() {
				c.keep(at)
			}
		}
		if err := os.WriteFile(path, c.synced, 0o600); err != nil {
			return err
		}
		// What the readers of a log share lies in memory: it is gone.
		if base, ok := strings.CutSuffix(path, "-wal"); ok {
			if err := os.Remove(base + "-shm"); err != nil && !os.IsNotExist(err) {
				return err
			}
		}
	}
	d.files, d.armed, d.off, d.lying = map[string]*content{}, map[Op]int{}, false, false
	return nil
}

// fails reports whether this call is one that is to fail.
func (d *Disk) fails(op Op) bool {
	if d.off {
		return true
	}
	if d.paused || d.armed[op] == 0 {
		return false
	}
	d.armed[op]--
	if d.armed[op] > 0 {
		return false
	}
	d.failed[op]++
	return true
}

// open returns a file's content, read from the file where it is new here.
func (d *Disk) open(path string) (*content, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if c := d.files[path]; c != nil {
		return c, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	c := &content{now: text, synced: append([]byte(nil), text...), dirty: map[int64]bool{}}
	d.files[path] = c
	return c, nil
}

// write changes what reads see.
func (c *content) write(p []byte, at int64) {
	if end := at + int64(len(p)); end > int64(len(c.now)) {
		c.now = append(c.now, make([]byte, end-int64(len(c.now)))...)
	}
	copy(c.now[at:], p)
	for s := at / sector; s*sector < at+int64(len(p)); s++ {
		c.dirty[s] = true
	}
}

// keep makes one sector last.
func (c *content) keep(s int64) {
	from, to := s*sector, min((s+1)*sector, int64(len(c.now)))
	if from >= to {
		return
	}
	if to > int64(len(c.synced)) {
		c.synced = append(c.synced, make([]byte, to-int64(len(c.synced)))...)
	}
	copy(c.synced[from:to], c.now[from:to])
}

// sync makes all of it last.
func (c *content) sync() {
	if len(c.synced) > len(c.now) {
		c.synced = c.synced[:len(c.now)]
	}
	for s := range c.dirty {
		c.keep(s)
	}
	c.dirty = map[int64]bool{}
}

// chance reports whether one call of so many fails.
func chance(oneIn int) bool { return oneIn > 0 && rand.IntN(oneIn) == 0 }
