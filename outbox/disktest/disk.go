// Package disktest is a disk for tests that forgets what was not flushed.
//
// A Disk is one folder of files in memory, mounted as a real file system, so that real
// programs work on it. It keeps two pictures of each file and of the folder: what
// programs see, and what is safe. fsync(2) and fdatasync(2) of a file make the file
// safe, fsync(2) of the folder makes its names safe, and nothing else does: a new file
// whose folder was not flushed is gone after a cut, with all that was flushed in it.
//
//	disk := disktest.New(seed)
//	dir := disk.Mount(t)      // skips the test, loudly, where that is not possible
//	disk.CutAfter(40)         // the power goes at the 40th change from now
//	... run a program on dir, until <-disk.Dead(), and kill it ...
//	disk.Cut(disktest.Sectors)
//
// Cut forgets, or lets some of what was not flushed survive, as a real disk may, and
// mounts what is left at the same place. The same seed and the same changes leave the
// same disk. Fail makes operations fail; a flush that failed has lost what it was to
// flush, and the next one says nothing of it, as on Linux. Lie makes flushes do nothing.
package disktest

import (
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
)

// Keeps says what of the unflushed survives a Cut.
type Keeps int

const (
	// Nothing: all that was not flushed is gone.
	Nothing Keeps = iota
	// Writes: any of them, whole, in any order.
	Writes
	// Sectors: any 512-byte sectors of any of them.
	Sectors
)

// Op is a kind of operation that can be made to fail.
type Op int

const (
	Read  Op = iota
	Write    // of bytes, sizes and names
	Flush    // of files and of the folder
)

// Disk is a folder of files. Its methods may be called from several goroutines.
type Disk struct {
	mu     sync.Mutex
	random *rand.Rand
	lies   bool
	fails  map[Op]syscall.Errno

	changes  int // counted since New
	cutAt    int // the change at which the power goes; 0: never
	dead     chan struct{}
	lastFile uint64
	files    map[uint64]*file // all that a program may still have open
	now      map[string]*file
	safe     map[string]*file
	pending  [][]link // changes of names since the folder was flushed

	where string
	view  *view // the mount that counts; older ones answer with errors
}

// link is a name that gets a file, or loses it (nil).
type link struct {
	name string
	file *file
}

// New makes an empty disk.
func New(seed uint64) *Disk {
	return &Disk{
		random: rand.New(rand.NewPCG(seed, 0)), fails: map[Op]syscall.Errno{}, dead: make(chan struct{}),
		lastFile: rootID, files: map[uint64]*file{}, now: map[string]*file{}, safe: map[string]*file{},
	}
}

// Lie makes flushes do nothing and say that they did.
func (d *Disk) Lie(lie bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lies = lie
}

// Fail makes all operations of a kind fail from now on; 0 makes them work again. What
// the kernel remembers is read without the disk. SQLite's index of its log is mapped
// memory, whose failed read would be a signal, and can always be read.
// syscall.EROFS for Write is what a disk does that the kernel has made read-only.
func (d *Disk) Fail(op Op, err syscall.Errno) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fails[op] = err
}

// CutAfter lets the power go at the n-th change from now: it is not answered, it may
// survive, and nothing can be changed after it until Cut. Changes are writes, sizes, names and
// flushes; what the kernel writes back from mapped memory is not counted, because
// nobody knows when it does. n of 0: never.
func (d *Disk) CutAfter(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.cutAt = 0; n > 0 {
		d.cutAt = d.changes + n
	}
}

// Changes is how many there were since New.
func (d *Disk) Changes() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.changes
}

// Dead is closed when the power has gone; Cut makes a new one.
func (d *Disk) Dead() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.dead
}

// forget is the cut itself.
func (d *Disk) forget(k Keeps) {
	chance := d.random.Float64()
	survives := func() bool { return k != Nothing && d.random.Float64() < chance }
	for _, change := range d.pending {
		if survives() {
			apply(d.safe, change)
		}
	}
	d.files = map[uint64]*file{}
	for _, f := range inOrder(d.safe) {
		f.forget(k, survives)
		d.files[f.id] = f
	}
	d.now, d.pending = maps.Clone(d.safe), nil
	d.cutAt, d.dead = 0, make(chan struct{})
}

// rename changes what programs see, and notes what is not safe yet.
func (d *Disk) rename(change ...link) {
	apply(d.now, change)
	d.pending = append(d.pending, change)
}

func (d *Disk) flushFolder() {
	d.safe, d.pending = maps.Clone(d.now), nil
}

func apply(names map[string]*file, change []link) {
	for _, l := range change {
		if l.file == nil {
			delete(names, l.name)
			continue
		}
		names[l.name] = l.file
	}
}

// Load puts the files of another folder on the disk, all of it safe.
func (d *Disk) Load(dir string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	names, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		b, err := os.ReadFile(filepath.Join(dir, name.Name()))
		if err != nil {
			return err
		}
		f := d.create(name.Name(), 0o600)
		f.now, f.safe = b, slices.Clone(b)
		d.now[name.Name()], d.safe[name.Name()] = f, f
	}
	return nil
}

func (d *Disk) create(name string, mode uint32) *file {
	d.lastFile++
	f := &file{id: d.lastFile, mode: mode & 0o7777, mapped: strings.HasSuffix(name, "-shm")}
	d.files[f.id] = f
	return f
}

// Leave writes to another folder what a cut now could leave. The disk stays as it is, so
// that there can be many of them, each another one.
func (d *Disk) Leave(dir string, k Keeps) error {
	d.mu.Lock()
	c := &Disk{random: d.random, safe: maps.Clone(d.safe)}
	copies := map[*file]*file{nil: nil}
	copied := func(f *file) *file {
		if _, ok := copies[f]; !ok {
			copies[f] = &file{id: f.id, mode: f.mode, safe: slices.Clone(f.safe), pending: f.pending}
		}
		return copies[f]
	}
	for name, f := range c.safe {
		c.safe[name] = copied(f)
	}
	for _, change := range d.pending {
		own := slices.Clone(change)
		for i := range own {
			own[i].file = copied(own[i].file)
		}
		c.pending = append(c.pending, own)
	}
	c.forget(k)
	d.mu.Unlock()
	return c.Save(dir)
}

// Save writes the files as programs see them to another folder.
func (d *Disk) Save(dir string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for name, f := range d.now {
		if err := os.WriteFile(filepath.Join(dir, name), f.now, 0o600); err != nil {
			return err
		}
	}
	return nil
}
