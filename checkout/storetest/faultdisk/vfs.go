package faultdisk

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"sync"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// vfs is our VFS, SQLite's interface to files. It wraps the system's VFS. SQLite is C
// code translated to Go: its structs are raw memory, and functions are pointers in
// them. All unsafe code is in this file.
var vfs struct {
	once sync.Once
	err  error
	// system is the system's VFS. Ours is a copy with other functions.
	system uintptr

	mu sync.Mutex
	// methods are our method tables, by the system's table that each wraps.
	methods map[uintptr]uintptr
	files   map[uintptr]*file
}

// file is an open file.
type file struct {
	// system is the system's method table.
	system *sqlite3.Tsqlite3_io_methods
	disk   *Disk
	path   string
	*content
	oneIn int
}

// register makes our VFS the default of the process. It fails if SQLite refuses.
func register() error {
	vfs.once.Do(func() {
		tls := libc.NewTLS()
		defer tls.Close()
		if rc := sqlite3.Xsqlite3_initialize(tls); rc != sqlite3.SQLITE_OK {
			vfs.err = errors.New("SQLite could not be initialized")
			return
		}
		vfs.system = sqlite3.Xsqlite3_vfs_find(tls, 0)
		vfs.methods, vfs.files = map[uintptr]uintptr{}, map[uintptr]*file{}
		name, err := libc.CString("faultdisk")
		if err != nil || vfs.system == 0 {
			vfs.err = errors.Join(err, errors.New("SQLite has no default VFS"))
			return
		}
		address, ours := copyStruct[sqlite3.Tsqlite3_vfs](tls, vfs.system)
		ours.FzName, ours.FpNext = name, 0
		ours.FxOpen, ours.FxDelete, ours.FxAccess = funcPointer(open), funcPointer(remove), funcPointer(access)
		if rc := sqlite3.Xsqlite3_vfs_register(tls, address, 1); rc != sqlite3.SQLITE_OK {
			vfs.err = errors.New("SQLite refuses the VFS")
		}
	})
	return vfs.err
}

// deref returns a pointer to an address in SQLite's memory.
func deref[T any](address uintptr) *T { return *(**T)(unsafe.Pointer(&address)) }

// copyStruct copies a struct at an address. The copy is in SQLite's memory and not in
// Go's, because SQLite keeps its address. It is never freed, because there are few.
func copyStruct[T any](tls *libc.TLS, from uintptr) (uintptr, *T) {
	var size T
	address := libc.Xmalloc(tls, libc.Tsize_t(unsafe.Sizeof(size)))
	if address == 0 {
		panic("SQLite is out of memory")
	}
	*deref[T](address) = *deref[T](from)
	return address, deref[T](address)
}

// funcPointer returns a function as SQLite's structs store it.
func funcPointer(function any) uintptr {
	type iface [2]uintptr
	return (*iface)(unsafe.Pointer(&function))[1]
}

// function is the inverse of funcPointer.
func function[F any](pointer uintptr) F {
	closure := &struct{ uintptr }{pointer}
	return *(*F)(unsafe.Pointer(closure))
}

type (
	openFunc   = func(*libc.TLS, uintptr, uintptr, uintptr, int32, uintptr) int32
	deleteFunc = func(*libc.TLS, uintptr, uintptr, int32) int32
	rwFunc     = func(*libc.TLS, uintptr, uintptr, int32, int64) int32
	sizeFunc   = func(*libc.TLS, uintptr, int64) int32
	flagsFunc  = func(*libc.TLS, uintptr, int32) int32
	intoFunc   = func(*libc.TLS, uintptr, uintptr) int32
	accessFunc = func(*libc.TLS, uintptr, uintptr, int32, uintptr) int32
	closeFunc  = func(*libc.TLS, uintptr) int32
)

func open(tls *libc.TLS, _, name, id uintptr, flags int32, out uintptr) int32 {
	rc := function[openFunc](deref[sqlite3.Tsqlite3_vfs](vfs.system).FxOpen)(tls, vfs.system, name, id, flags, out)
	if rc != sqlite3.SQLITE_OK || name == 0 {
		return rc
	}
	f := &file{path: libc.GoString(name)}
	if f.disk, f.oneIn = diskOf(f.path); f.disk == nil && f.oneIn == 0 {
		return rc
	}
	header := deref[sqlite3.Tsqlite3_file](id)
	f.system = deref[sqlite3.Tsqlite3_io_methods](header.FpMethods)
	if f.disk != nil {
		var err error
		if f.content, err = f.disk.open(f.path); err != nil {
			return sqlite3.SQLITE_CANTOPEN
		}
	}
	vfs.mu.Lock()
	defer vfs.mu.Unlock()
	vfs.files[id] = f
	header.FpMethods = methodsFor(tls, header.FpMethods)
	return rc
}

// methodsFor returns our method table that wraps one of the system's.
func methodsFor(tls *libc.TLS, system uintptr) uintptr {
	if address := vfs.methods[system]; address != 0 {
		return address
	}
	address, m := copyStruct[sqlite3.Tsqlite3_io_methods](tls, system)
	m.FxClose, m.FxRead, m.FxWrite = funcPointer(closeFile), funcPointer(read), funcPointer(write)
	m.FxTruncate, m.FxSync, m.FxFileSize = funcPointer(truncate), funcPointer(syncFile), funcPointer(fileSize)
	vfs.methods[system] = address
	return address
}

func remove(tls *libc.TLS, _, name uintptr, syncDir int32) int32 {
	path := libc.GoString(name)
	if d, _ := diskOf(path); d != nil {
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.off {
			return sqlite3.SQLITE_IOERR_DELETE
		}
		delete(d.files, path)
	}
	return function[deleteFunc](deref[sqlite3.Tsqlite3_vfs](vfs.system).FxDelete)(tls, vfs.system, name, syncDir)
}

// access reports to SQLite whether a file exists and is not empty.
func access(tls *libc.TLS, _, name uintptr, flags int32, out uintptr) int32 {
	path := libc.GoString(name)
	if d, _ := diskOf(path); d != nil && flags == sqlite3.SQLITE_ACCESS_EXISTS {
		d.mu.Lock()
		defer d.mu.Unlock()
		if c := d.files[path]; c != nil {
			*deref[int32](out) = 0
			if len(c.now) > 0 {
				*deref[int32](out) = 1
			}
			return sqlite3.SQLITE_OK
		}
	}
	return function[accessFunc](deref[sqlite3.Tsqlite3_vfs](vfs.system).FxAccess)(tls, vfs.system, name, flags, out)
}

func fileOf(id uintptr) *file {
	vfs.mu.Lock()
	defer vfs.mu.Unlock()
	return vfs.files[id]
}

func closeFile(tls *libc.TLS, id uintptr) int32 {
	f := fileOf(id)
	vfs.mu.Lock()
	delete(vfs.files, id)
	vfs.mu.Unlock()
	return function[closeFunc](f.system.FxClose)(tls, id)
}

func read(tls *libc.TLS, id, into uintptr, n int32, from int64) int32 {
	f := fileOf(id)
	if f.disk == nil {
		if happens(f.oneIn) {
			return sqlite3.SQLITE_IOERR_READ
		}
		return function[rwFunc](f.system.FxRead)(tls, id, into, n, from)
	}
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if f.disk.shouldFail(Read) {
		return sqlite3.SQLITE_IOERR_READ
	}
	buf := unsafe.Slice(deref[byte](into), n)
	clear(buf)
	if from < int64(len(f.now)) && copy(buf, f.now[from:]) == len(buf) {
		return sqlite3.SQLITE_OK
	}
	return sqlite3.SQLITE_IOERR_SHORT_READ
}

func write(tls *libc.TLS, id, from uintptr, n int32, to int64) int32 {
	f := fileOf(id)
	if f.disk == nil {
		switch {
		case happens(f.oneIn):
			return sqlite3.SQLITE_IOERR_WRITE
		case happens(f.oneIn):
			function[rwFunc](f.system.FxWrite)(tls, id, from, n/2, to)
			return sqlite3.SQLITE_IOERR_WRITE
		}
		return function[rwFunc](f.system.FxWrite)(tls, id, from, n, to)
	}
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	buf := unsafe.Slice(deref[byte](from), n)
	switch {
	case f.disk.shouldFail(Write):
		return sqlite3.SQLITE_IOERR_WRITE
	case f.disk.shouldFail(ShortWrite):
		f.write(buf[:n/2], to)
		return sqlite3.SQLITE_IOERR_WRITE
	}
	f.write(buf, to)
	return sqlite3.SQLITE_OK
}

func truncate(tls *libc.TLS, id uintptr, size int64) int32 {
	f := fileOf(id)
	if f.disk == nil {
		return function[sizeFunc](f.system.FxTruncate)(tls, id, size)
	}
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if f.disk.off {
		return sqlite3.SQLITE_IOERR_TRUNCATE
	}
	f.now = append([]byte(nil), f.now[:min(size, int64(len(f.now)))]...)
	return sqlite3.SQLITE_OK
}

func syncFile(tls *libc.TLS, id uintptr, flags int32) int32 {
	f := fileOf(id)
	if f.disk == nil {
		if happens(f.oneIn) {
			return sqlite3.SQLITE_IOERR_FSYNC
		}
		return function[flagsFunc](f.system.FxSync)(tls, id, flags)
	}
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if f.disk.shouldFail(Sync) {
		return sqlite3.SQLITE_IOERR_FSYNC
	}
	if !f.disk.ignoresSyncs {
		f.sync()
	}
	return sqlite3.SQLITE_OK
}

func fileSize(tls *libc.TLS, id, into uintptr) int32 {
	f := fileOf(id)
	if f.disk == nil {
		return function[intoFunc](f.system.FxFileSize)(tls, id, into)
	}
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	*deref[int64](into) = int64(len(f.now))
	return sqlite3.SQLITE_OK
}

// sortedKeys returns the keys of a map in order.
func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
