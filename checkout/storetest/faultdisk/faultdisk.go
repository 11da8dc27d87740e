// Package faultdisk simulates disk faults under SQLite, for tests: reads, writes and
// syncs fail, a write is cut short, and a power cut loses or tears what was not synced.
//
//   - [New] puts the databases of a folder on a [Disk], which knows what is synced and
//     what is not
//   - [Flaky] makes calls on the databases of a folder fail at random, for a process
//     that is killed later
//
// It is an SQLite VFS that wraps the system's VFS. The first call makes it the default
// of the process. Databases in other folders work as before.
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
	// ShortWrite writes the first half and fails.
	ShortWrite
	Sync
)

// sector is the size in bytes of an atomic write. A power cut keeps or loses each
// sector of an unsynced write as a whole.
const sector = 512

// Disk holds the files of the databases of one folder.
type Disk struct {
	mu     sync.Mutex
	folder string
	files  map[string]*content
	// armed counts for each kind how many calls remain until one fails.
	armed  map[Op]int
	paused bool
	// ignoresSyncs makes syncs succeed and do nothing. off means that the power is
	// off.
	ignoresSyncs, off bool
	failed            map[Op]int
}

// content is the content of one file.
type content struct {
	// now is what reads see. synced is what is left after a power cut.
	now, synced []byte
	// dirty are the sectors in which now and synced may differ.
	dirty map[int64]bool
}

// disks are the disks in use. flaky are the folders whose calls fail at random, one in
// the given number.
var disks struct {
	mu    sync.Mutex
	list  []*Disk
	flaky map[string]int
}

// New returns a disk for the databases that are opened in a folder from now on. Close
// them before [Disk.Remove]. It fails if SQLite cannot register the VFS.
func New(folder string) (*Disk, error) {
	if err := register(); err != nil {
		return nil, err
	}
	d := &Disk{folder: folder + string(filepath.Separator), files: map[string]*content{}, armed: map[Op]int{}, failed: map[Op]int{}}
	disks.mu.Lock()
	defer disks.mu.Unlock()
	disks.list = append(disks.list, d)
	return d, nil
}

// Remove ends the simulation for the folder. The files stay as the last [Disk.PowerOn]
// wrote them. All later writes are lost, because the Disk keeps them in memory only.
// Without a PowerOn the files stay as they were when they were first opened. A file that
// SQLite has deleted, such as the log of a closed database, stays deleted.
func (d *Disk) Remove() {
	disks.mu.Lock()
	defer disks.mu.Unlock()
	for i, other := range disks.list {
		if other == d {
			disks.list = append(disks.list[:i], disks.list[i+1:]...)
			return
		}
	}
}

// Flaky makes one in oneIn calls on the databases in a folder fail at random, until the
// process ends.
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

// diskOf returns the disk of a file, or one in how many of its calls fails. It returns
// nil and 0 for a file in another folder.
func diskOf(path string) (*Disk, int) {
	disks.mu.Lock()
	defer disks.mu.Unlock()
	for _, d := range disks.list {
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

// Fail makes one call of a kind fail. The next `after` calls of this kind succeed
// before it. A write is both a Write and a ShortWrite. Another Fail of the same kind
// replaces it, and [Disk.PowerOn] ends it.
func (d *Disk) Fail(op Op, after int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.armed[op] = after + 1
}

// Pause stops [Disk.Fail] until [Disk.Resume]: no call fails or is counted. A disk
// whose power is off still fails.
func (d *Disk) Pause() { d.set(func() { d.paused = true }) }

// Resume ends a pause.
func (d *Disk) Resume() { d.set(func() { d.paused = false }) }

// IgnoreSyncs makes every sync succeed and do nothing, until [Disk.PowerOn].
func (d *Disk) IgnoreSyncs() { d.set(func() { d.ignoresSyncs = true }) }

// Failed returns how many calls of a kind have failed because of Fail.
func (d *Disk) Failed(op Op) (n int) {
	d.set(func() { n = d.failed[op] })
	return n
}

// set calls do with the lock held.
func (d *Disk) set(do func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	do()
}

// PowerOff makes every call fail. The databases can still be closed.
func (d *Disk) PowerOff() { d.set(func() { d.off = true }) }

// PowerOn makes the disk work again with what was synced. Close the databases before.
// It calls kept for each sector that was not synced, always in the same order, and
// keeps the sector if kept returns true.
func (d *Disk) PowerOn(kept func() bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, path := range sortedKeys(d.files) {
		c := d.files[path]
		for _, at := range sortedKeys(c.dirty) {
			if kept() {
				c.syncSector(at)
			}
		}
		if err := os.WriteFile(path, c.synced, 0o600); err != nil {
			return err
		}
		// The index of the log is in shared memory, so the power cut removes it.
		if base, ok := strings.CutSuffix(path, "-wal"); ok {
			if err := os.Remove(base + "-shm"); err != nil && !os.IsNotExist(err) {
				return err
			}
		}
	}
	d.files, d.armed, d.off, d.ignoresSyncs = map[string]*content{}, map[Op]int{}, false, false
	return nil
}

// shouldFail counts a call and reports whether it must fail.
func (d *Disk) shouldFail(op Op) bool {
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

// open returns a file's content. It reads the file at the first call.
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

// syncSector syncs one sector.
func (c *content) syncSector(s int64) {
	from, to := s*sector, min((s+1)*sector, int64(len(c.now)))
	if from >= to {
		return
	}
	if to > int64(len(c.synced)) {
		c.synced = append(c.synced, make([]byte, to-int64(len(c.synced)))...)
	}
	copy(c.synced[from:to], c.now[from:to])
}

// sync syncs the whole file.
func (c *content) sync() {
	if len(c.synced) > len(c.now) {
		c.synced = c.synced[:len(c.now)]
	}
	for s := range c.dirty {
		c.syncSector(s)
	}
	c.dirty = map[int64]bool{}
}

// happens returns true at random, once in oneIn calls, and never if oneIn is 0.
func happens(oneIn int) bool { return oneIn > 0 && rand.IntN(oneIn) == 0 }
