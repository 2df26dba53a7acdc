package serialport

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// uses knows who has what open. A process of another user shows its files to root
// only, but its locks to everybody.
type uses struct {
	root  string
	open  map[string][]int // device: processes
	locks map[string][]int // "major:minor:inode", as /proc/locks writes it: processes
	blind bool             // some processes could not be looked into
}

func newUses(root string) *uses {
	u := &uses{root: root, open: map[string][]int{}, locks: map[string][]int{}}
	entries, err := os.ReadDir(filepath.Join(root, "proc"))
	u.blind = err != nil
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil {
			u.look(pid)
		}
	}
	u.readLocks()
	return u
}

// look notes which devices a process has open.
func (u *uses) look(pid int) {
	folder := filepath.Join(u.root, "proc", strconv.Itoa(pid), "fd")
	files, err := os.ReadDir(folder)
	if err != nil {
		u.blind = u.blind || !errors.Is(err, fs.ErrNotExist) // it has ended meanwhile
		return
	}
	for _, f := range files {
		target, err := os.Readlink(filepath.Join(folder, f.Name()))
		if err == nil && strings.HasPrefix(target, filepath.Join(u.root, "dev")+"/") && !slices.Contains(u.open[target], pid) {
			u.open[target] = append(u.open[target], pid)
		}
	}
}

// readLocks reads lines such as "7: FLOCK  ADVISORY  WRITE 812 00:06:331 0 EOF".
func (u *uses) readLocks() {
	text, err := os.ReadFile(filepath.Join(u.root, "proc/locks"))
	if err != nil {
		return
	}
	for l := range strings.Lines(string(text)) {
		f := strings.Fields(l)
		if len(f) < 6 || f[1] != "FLOCK" {
			continue
		}
		if pid, err := strconv.Atoi(f[4]); err == nil && pid > 0 {
			u.locks[f[5]] = append(u.locks[f[5]], pid)
		}
	}
}

// of says who has the device. A console that is also held is held: that is the
// harder fact.
func (u *uses) of(device, name string) (Use, []Holder) {
	pids := slices.Clone(u.open[device])
	var st unix.Stat_t
	if unix.Stat(device, &st) == nil {
		key := fmt.Sprintf("%02x:%02x:%d", unix.Major(uint64(st.Dev)), unix.Minor(uint64(st.Dev)), st.Ino)
		pids = append(pids, u.locks[key]...)
	}
	slices.Sort(pids)
	var holders []Holder
	for _, pid := range slices.Compact(pids) {
		holders = append(holders, Holder{pid, line(filepath.Join(u.root, "proc", strconv.Itoa(pid)), "comm")})
	}
	switch {
	case len(holders) > 0:
		return Held, holders
	case line(filepath.Join(u.root, "sys/class/tty", name), "console") == "Y":
		return Console, nil
	case u.blind:
		return Unseen, nil
	}
	return Free, nil
}
