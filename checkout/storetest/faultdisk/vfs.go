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

// vfs is SQLite's own interface to files, around the system's. SQLite is C that
// was translated to Go: its structs are memory, and its functions are words in
// them. All that is unsafe is in this file.
var vfs struct {
	once sync.Once
	err  error
	// system is the VFS of the system, of which ours is a copy that opens files
	// our way.
	system uintptr

	mu sync.Mutex
	// methods are ours, for each table of the system's.
	methods map[uintptr]uintptr
	files   map[uintptr]*file
}

// file is an open one.
type file struct {
	// system is the table of the system's methods.
	system *sqlite3.Tsqlite3_io_methods
	disk   *Disk
	path   string
	*content
	oneIn int
}

// register makes the VFS the process's default.
func register() error {
	vfs.once.Do(func() {
		tls := libc.NewTLS()
		defer tls.Close()
		if rc := sqlite3.Xsqlite3_initialize(tls); rc != sqlite3.SQLITE_OK {
			vfs.err = errors.New("SQLite does not begin")
			return
		}
		vfs.system = sqlite3.Xsqlite3_vfs_find(tls, 0)
		vfs.methods, vfs.files = map[uintptr]uintptr{}, map[uintptr]*file{}
		name, err := libc.CString("faultdisk")
		if err != nil || vfs.system == 0 {
			vfs.err = errors.Join(err, errors.New("SQLite has no VFS"))
			return
		}
		address, ours := copied[sqlite3.Tsqlite3_vfs](tls, vfs.system)
		ours.FzName, ours.FpNext = name, 0
		ours.FxOpen, ours.FxDelete, ours.FxAccess = word(open), word(remove), word(access)
		if rc := sqlite3.Xsqlite3_vfs_register(tls, address, 1); rc != sqlite3.SQLITE_OK {
			vfs.err = errors.New("SQLite does not take the VFS")
		}
	})
	return vfs.err
}

// at returns what lies at an address of SQLite's.
func at[T any](address uintptr) *T { return *(**T)(unsafe.Pointer(&address)) }

// copied is a copy of what lies at an address, in SQLite's memory too and not in
// Go's, because SQLite keeps its address. It is never freed: there are few.
func copied[T any](tls *libc.TLS, from uintptr) (uintptr, *T) {
	var size T
	address := libc.Xmalloc(tls, libc.Tsize_t(unsafe.Sizeof(size)))
	if address == 0 {
		panic("SQLite has no memory")
	}
	*at[T](address) = *at[T](from)
	return address, at[T](address)
}

// word is a function as SQLite's structs have it.
func word(function any) uintptr {
	type iface [2]uintptr
	return (*iface)(unsafe.Pointer(&function))[1]
}

// function is a word as a function.
func function[F any](word uintptr) F {
	at := &struct{ uintptr }{word}
	return *(*F)(unsafe.Pointer(at))
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
	rc := function[openFunc](at[sqlite3.Tsqlite3_vfs](vfs.system).FxOpen)(tls, vfs.system, name, id, flags, out)
	if rc != sqlite3.SQLITE_OK || name == 0 {
		return rc
	}
	f := &file{path: libc.GoString(name)}
	if f.disk, f.oneIn = of(f.path); f.disk == nil && f.oneIn == 0 {
		return rc
	}
	header := at[sqlite3.Tsqlite3_file](id)
	f.system = at[sqlite3.Tsqlite3_io_methods](header.FpMethods)
	if f.disk != nil {
		var err error
		if f.content, err = f.disk.open(f.path); err != nil {
			return sqlite3.SQLITE_CANTOPEN
		}
	}
	vfs.mu.Lock()
	defer vfs.mu.Unlock()
	vfs.files[id] = f
	header.FpMethods = ours(tls, header.FpMethods)
	return rc
}

// ours is the table of methods around one of the system's.
func ours(tls *libc.TLS, system uintptr) uintptr {
	if address := vfs.methods[system]; address != 0 {
		return address
	}
	address, m := copied[sqlite3.Tsqlite3_io_methods](tls, system)
	m.FxClose, m.FxRead, m.FxWrite = word(closeFile), word(read), word(write)
	m.FxTruncate, m.FxSync, m.FxFileSize = word(truncate), word(syncFile), word(fileSize)
	vfs.methods[system] = address
	return address
}

func remove(tls *libc.TLS, _, name uintptr, syncDir int32) int32 {
	path := libc.GoString(name)
	if d, _ := of(path); d != nil {
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.off {
			return sqlite3.SQLITE_IOERR_DELETE
		}
		delete(d.files, path)
	}
	return function[deleteFunc](at[sqlite3.Tsqlite3_vfs](vfs.system).FxDelete)(tls, vfs.system, name, syncDir)
}

// access says whether a file is there and has something in it.
func access(tls *libc.TLS, _, name uintptr, flags int32, out uintptr) int32 {
	path := libc.GoString(name)
	if d, _ := of(path); d != nil && flags == sqlite3.SQLITE_ACCESS_EXISTS {
		d.mu.Lock()
		defer d.mu.Unlock()
		if c := d.files[path]; c != nil {
			*at[int32](out) = 0
			if len(c.now) > 0 {
				*at[int32](out) = 1
			}
			return sqlite3.SQLITE_OK
		}
	}
	return function[accessFunc](at[sqlite3.Tsqlite3_vfs](vfs.system).FxAccess)(tls, vfs.system, name, flags, out)
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
		if chance(f.oneIn) {
			return sqlite3.SQLITE_IOERR_READ
		}
		return function[rwFunc](f.system.FxRead)(tls, id, into, n, from)
	}
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if f.disk.fails(Read) {
		return sqlite3.SQLITE_IOERR_READ
	}
	buf := unsafe.Slice(at[byte](into), n)
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
		case chance(f.oneIn):
			return sqlite3.SQLITE_IOERR_WRITE
		case chance(f.oneIn):
			function[rwFunc](f.system.FxWrite)(tls, id, from, n/2, to)
			return sqlite3.SQLITE_IOERR_WRITE
		}
		return function[rwFunc](f.system.FxWrite)(tls, id, from, n, to)
	}
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	buf := unsafe.Slice(at[byte](from), n)
	switch {
	case f.disk.fails(Write):
		return sqlite3.SQLITE_IOERR_WRITE
	case f.disk.fails(ShortWrite):
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
		if chance(f.oneIn) {
			return sqlite3.SQLITE_IOERR_FSYNC
		}
		return function[flagsFunc](f.system.FxSync)(tls, id, flags)
	}
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if f.disk.fails(Sync) {
		return sqlite3.SQLITE_IOERR_FSYNC
	}
	if !f.disk.lying {
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
	*at[int64](into) = int64(len(f.now))
	return sqlite3.SQLITE_OK
}

// sortedKeys are a map's keys, in order.
func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
