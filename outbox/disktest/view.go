package disktest

import (
	"maps"
	"slices"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"
)

const rootID = fuse.FUSE_ROOT_ID

// view answers the kernel's requests for one mount.
type view struct {
	fuse.RawFileSystem
	disk *Disk
}

// longTime is how long the kernel may remember: nothing changes without it.
const longTime = time.Hour

// enter takes the disk for one operation, if it works. The caller unlocks it.
func (v *view) enter(op Op) (*Disk, fuse.Status) {
	d := v.disk
	d.mu.Lock()
	switch {
	case d.view != v, op != Read && d.isDead():
		return d, fuse.EIO
	case op == Flush:
		return d, fuse.OK // fails in its own way
	}
	return d, fuse.Status(d.fails[op])
}

// change enters for a change, which may be the one at which the power goes. That one
// takes place, and nobody hears of it.
func (v *view) change(op Op, counts bool, change func(d *Disk) fuse.Status) fuse.Status {
	d, code := v.enter(op)
	defer d.mu.Unlock()
	if !code.Ok() {
		return code
	}
	if counts {
		d.changes++
	}
	if d.cutAt == 0 || d.changes < d.cutAt {
		return change(d)
	}
	if op != Flush {
		change(d)
	}
	close(d.dead)
	return fuse.EIO
}

func (d *Disk) isDead() bool {
	select {
	case <-d.dead:
		return true
	default:
		return false
	}
}

func (v *view) Lookup(_ <-chan struct{}, h *fuse.InHeader, name string, out *fuse.EntryOut) fuse.Status {
	d, code := v.enter(Read)
	defer d.mu.Unlock()
	f := d.now[name]
	switch {
	case !code.Ok():
		return code
	case f == nil:
		return fuse.ENOENT
	}
	f.entry(out)
	return fuse.OK
}

func (v *view) GetAttr(_ <-chan struct{}, in *fuse.GetAttrIn, out *fuse.AttrOut) fuse.Status {
	d := v.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	out.SetTimeout(longTime)
	if in.NodeId == rootID {
		out.Attr = fuse.Attr{Ino: rootID, Mode: fuse.S_IFDIR | 0o700, Nlink: 2}
		return fuse.OK
	}
	f := d.files[in.NodeId]
	if f == nil || d.view != v {
		return fuse.EIO
	}
	out.Attr = f.attr()
	return fuse.OK
}

func (v *view) SetAttr(_ <-chan struct{}, in *fuse.SetAttrIn, out *fuse.AttrOut) fuse.Status {
	return v.change(Write, true, func(d *Disk) fuse.Status {
		f := d.files[in.NodeId]
		if f == nil {
			return fuse.EPERM // the folder's own
		}
		if size, ok := in.GetSize(); ok {
			f.change(change{at: int(size)})
		}
		if mode, ok := in.GetMode(); ok {
			f.mode = mode & 0o7777
		}
		out.SetTimeout(longTime)
		out.Attr = f.attr()
		return fuse.OK
	})
}

func (v *view) Create(_ <-chan struct{}, in *fuse.CreateIn, name string, out *fuse.CreateOut) fuse.Status {
	return v.change(Write, true, func(d *Disk) fuse.Status {
		f := d.create(name, in.Mode)
		d.rename(link{name, f})
		f.entry(&out.EntryOut)
		out.OpenFlags = fuse.FOPEN_KEEP_CACHE
		return fuse.OK
	})
}

func (v *view) Open(_ <-chan struct{}, _ *fuse.OpenIn, out *fuse.OpenOut) fuse.Status {
	d, code := v.enter(Read)
	d.mu.Unlock()
	out.OpenFlags = fuse.FOPEN_KEEP_CACHE
	return code
}

func (v *view) Read(_ <-chan struct{}, in *fuse.ReadIn, buf []byte) (fuse.ReadResult, fuse.Status) {
	d, code := v.enter(Read)
	defer d.mu.Unlock()
	f := d.files[in.NodeId]
	if f == nil || !code.Ok() && !f.mapped {
		return nil, fuse.EIO
	}
	at := min(int(in.Offset), len(f.now))
	return fuse.ReadResultData(buf[:copy(buf, f.now[at:])]), fuse.OK
}

func (v *view) Write(_ <-chan struct{}, in *fuse.WriteIn, data []byte) (uint32, fuse.Status) {
	counts := in.WriteFlags&fuse.WRITE_CACHE == 0
	code := v.change(Write, counts, func(d *Disk) fuse.Status {
		f := d.files[in.NodeId]
		if f == nil {
			return fuse.EIO
		}
		f.change(change{int(in.Offset), append([]byte{}, data...)})
		return fuse.OK
	})
	return uint32(len(data)), code
}

func (v *view) Flush(<-chan struct{}, *fuse.FlushIn) fuse.Status { return fuse.OK } // close(2) makes nothing safe

// Fsync is also what the kernel makes of fdatasync(2).
func (v *view) Fsync(_ <-chan struct{}, in *fuse.FsyncIn) fuse.Status {
	return v.change(Flush, true, func(d *Disk) fuse.Status {
		f := d.files[in.NodeId]
		switch {
		case f == nil:
			return fuse.EIO
		case d.fails[Flush] != 0:
			f.lose()
			return fuse.Status(d.fails[Flush])
		case !d.lies:
			f.flush()
		}
		return fuse.OK
	})
}

func (v *view) FsyncDir(<-chan struct{}, *fuse.FsyncIn) fuse.Status {
	return v.change(Flush, true, func(d *Disk) fuse.Status {
		switch {
		case d.fails[Flush] != 0:
			return fuse.Status(d.fails[Flush])
		case !d.lies:
			d.flushFolder()
		}
		return fuse.OK
	})
}

func (v *view) Unlink(_ <-chan struct{}, _ *fuse.InHeader, name string) fuse.Status {
	return v.change(Write, true, func(d *Disk) fuse.Status {
		if d.now[name] == nil {
			return fuse.ENOENT
		}
		d.rename(link{name: name})
		return fuse.OK
	})
}

func (v *view) Rename(_ <-chan struct{}, in *fuse.RenameIn, from, to string) fuse.Status {
	return v.change(Write, true, func(d *Disk) fuse.Status {
		f := d.now[from]
		switch {
		case f == nil:
			return fuse.ENOENT
		case in.Flags != 0:
			return fuse.Status(syscall.EINVAL)
		}
		d.rename(link{name: from}, link{to, f})
		return fuse.OK
	})
}

func (v *view) OpenDir(<-chan struct{}, *fuse.OpenIn, *fuse.OpenOut) fuse.Status { return fuse.OK }

func (v *view) ReadDir(_ <-chan struct{}, in *fuse.ReadIn, out *fuse.DirEntryList) fuse.Status {
	d, code := v.enter(Read)
	defer d.mu.Unlock()
	if !code.Ok() {
		return code
	}
	names := slices.Sorted(maps.Keys(d.now))
	for _, name := range names[min(int(in.Offset), len(names)):] {
		if !out.AddDirEntry(fuse.DirEntry{Mode: fuse.S_IFREG, Name: name, Ino: d.now[name].id}) {
			break
		}
	}
	return fuse.OK
}

func (v *view) StatFs(_ <-chan struct{}, _ *fuse.InHeader, out *fuse.StatfsOut) fuse.Status {
	*out = fuse.StatfsOut{Bsize: 4096, Frsize: 4096, Blocks: 1 << 20, Bfree: 1 << 19, Bavail: 1 << 19, NameLen: 255}
	return fuse.OK
}

func (f *file) attr() fuse.Attr {
	return fuse.Attr{Ino: f.id, Size: uint64(len(f.now)), Blocks: uint64(len(f.now)+sector-1) / sector, Mode: fuse.S_IFREG | f.mode, Nlink: 1}
}

func (f *file) entry(out *fuse.EntryOut) {
	out.NodeId, out.Attr = f.id, f.attr()
	out.SetEntryTimeout(longTime)
	out.SetAttrTimeout(longTime)
}
