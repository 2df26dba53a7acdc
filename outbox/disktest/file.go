package disktest

import (
	"cmp"
	"maps"
	"slices"
)

// sector is what a disk writes whole or not at all.
const sector = 512

// file is one file in its two pictures.
type file struct {
	id      uint64
	mode    uint32
	mapped  bool // into the memory of programs
	now     []byte
	safe    []byte
	pending []change // since it was flushed, in order
}

// change is a write, or a new size if data is nil.
type change struct {
	at   int
	data []byte
}

func (f *file) change(c change) {
	f.now = c.apply(f.now)
	f.pending = append(f.pending, c)
}

func (f *file) flush() {
	for _, c := range f.pending {
		f.safe = c.apply(f.safe)
	}
	f.pending = nil
}

// lose is what becomes of a flush that fails: the pages count as clean, programs see
// what they wrote, and no later flush writes it.
func (f *file) lose() { f.pending = nil }

// forget leaves what is safe, and what survives of the rest. The order among writes of
// one sector is kept: a disk that reorders them and loses power leaves the sector as
// one of them made it, which is what leaving out the later ones does.
func (f *file) forget(k Keeps, survives func() bool) {
	for _, c := range f.pending {
		if !survives() {
			continue
		}
		if k != Sectors || c.data == nil {
			f.safe = c.apply(f.safe)
			continue
		}
		for _, piece := range c.sectors() {
			if survives() {
				f.safe = piece.apply(f.safe)
			}
		}
	}
	f.now, f.pending = slices.Clone(f.safe), nil
}

func (c change) apply(b []byte) []byte {
	if c.data == nil {
		return resize(b, c.at)
	}
	b = resize(b, max(len(b), c.at+len(c.data)))
	copy(b[c.at:], c.data)
	return b
}

func (c change) sectors() (pieces []change) {
	for at, data := c.at, c.data; len(data) > 0; {
		n := min(sector-at%sector, len(data))
		pieces = append(pieces, change{at, data[:n]})
		at, data = at+n, data[n:]
	}
	return pieces
}

// resize gives a slice of the size, with zeros where nothing was.
func resize(b []byte, size int) []byte {
	if size <= len(b) {
		return b[:size:size]
	}
	return append(b, make([]byte, size-len(b))...)
}

// inOrder are the files of a folder, each once, in the order in which they were made,
// so that the same seed leaves the same disk.
func inOrder(names map[string]*file) []*file {
	files := slices.SortedFunc(maps.Values(names), func(a, b *file) int { return cmp.Compare(a.id, b.id) })
	return slices.Compact(files)
}
