package kill

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"taxiterminal/outbox"
	"taxiterminal/trip"
)

// file is what a daemon that is down has on its disk.
type file struct {
	id       string
	rows     []outbox.Link
	rides    map[int64]*ride
	commands map[string]outbox.State // by idempotency key
}

// ride is a trip as the journal tells it.
type ride struct {
	states []trip.State // after each event
	events map[trip.Kind]int
}

func (r *ride) now() trip.State { return r.states[len(r.states)-1] }

// passed is true if the trip was ever as f wants it.
func (r *ride) passed(f func(trip.State) bool) bool {
	if r == nil {
		return false
	}
	for _, s := range r.states {
		if f(s) {
			return true
		}
	}
	return false
}

// inspect reads a copy of the file, so that the program itself has to recover it. A
// file that is not there yet is an empty one.
func inspect(ctx context.Context, path string) (_ *file, err error) {
	f := &file{rides: map[int64]*ride{}, commands: map[string]outbox.State{}}
	dir, err := os.MkdirTemp(quick(), "taxi-kill-look-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	copied := filepath.Join(dir, "outbox.db")
	for _, end := range []string{"", "-wal"} {
		err := copyFile(copied+end, path+end)
		if errors.Is(err, fs.ErrNotExist) && end == "" {
			return f, nil
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	store, err := outbox.Open(ctx, copied, outbox.Options{})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	return f, f.read(ctx, store)
}

// quick is a folder in memory, if there is one: the copies are thrown away.
func quick() string {
	if _, err := os.Stat("/dev/shm"); err == nil {
		return "/dev/shm"
	}
	return ""
}

func copyFile(to, from string) error {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(dst, src)
	return errors.Join(err, dst.Close())
}

func (f *file) read(ctx context.Context, store *outbox.Store) error {
	if _, err := store.Verify(ctx); err != nil {
		return err
	}
	f.id = store.ID()
	var err error
	if f.rows, err = store.Since(ctx, 0, 1<<30); err != nil {
		return err
	}
	for _, row := range f.rows {
		if row.Stream == 0 {
			continue // what belongs to no trip
		}
		r := f.rides[row.Stream]
		if r == nil {
			r = &ride{states: []trip.State{{}}, events: map[trip.Kind]int{}}
			f.rides[row.Stream] = r
		}
		s, err := trip.Replay(r.now(), row.At, row.Kind, row.Body)
		if err != nil {
			return fmt.Errorf("journal row %d: %w", row.Seq, err)
		}
		r.states = append(r.states, s)
		r.events[trip.Kind(row.Kind)]++
	}
	items, err := store.List(ctx, outbox.Filter{})
	for _, i := range items {
		f.commands[i.Key] = i.State
	}
	return err
}

// follows: the journal of before is the beginning of this one, row by row.
func (f *file) follows(before *file) error {
	if before == nil || len(before.rows) == 0 {
		return nil
	}
	if f.id != before.id {
		return fmt.Errorf("the file %s is another one now: %s", before.id, f.id)
	}
	if len(f.rows) < len(before.rows) {
		return fmt.Errorf("journal has %d rows, it had %d", len(f.rows), len(before.rows))
	}
	if last := len(before.rows) - 1; f.rows[last].Hash != before.rows[last].Hash {
		return fmt.Errorf("journal row %d is not what it was", before.rows[last].Seq)
	}
	return nil
}
