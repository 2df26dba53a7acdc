package outbox

import (
	"io/fs"

	"golang.org/x/sys/unix"
)

// entry is which file a name leads to, and how long it is. Nothing else is asked for: a
// file whose times somebody has looked at gets new ones with its next write, and writing
// those down is a quarter of the time that a commit takes (Linux since 6.13).
type entry struct {
	major, minor uint32
	inode        uint64
	size         int64
}

func entryOf(path string) (entry, error) {
	var s unix.Statx_t
	if err := unix.Statx(unix.AT_FDCWD, path, 0, unix.STATX_INO|unix.STATX_SIZE, &s); err != nil {
		return entry{}, &fs.PathError{Op: "statx", Path: path, Err: err}
	}
	return entry{s.Dev_major, s.Dev_minor, s.Ino, int64(s.Size)}, nil
}

func (e entry) same(o entry) bool {
	return e.major == o.major && e.minor == o.minor && e.inode == o.inode && e.inode != 0
}
