package journal

import (
	"context"
	"regexp"
	"time"

	"taxiterminal/fleet/link"
	"taxiterminal/outbox"
	"taxiterminal/trip"
)

const (
	// maxHeld is how many rows may wait for one before them: some windows of a car.
	maxHeld = 4 * link.Window
	// maxFiles is how many journals a terminal can have: each is a new disk or a
	// person who threw the old one away.
	maxFiles = 32
)

// validFile is a journal's own random name, see outbox.Store.ID.
var validFile = regexp.MustCompile(`^[0-9A-HJKMNP-TV-Z]{5}$`).MatchString

// name is what tells journals apart.
type name struct{ terminal, file string }

// book is the copy of one journal.
type book struct {
	name
	from name  // the journal that this one goes on from; see base
	base int64 // from this row of it
	// vehicle is whose trips it has; empty before the first.
	vehicle string
	end     outbox.Chain
	broken  bool
	lost    bool // more was missing than can wait
	held    map[int64]arrival
	last    time.Time // when the gateway had its newest row
	rows    int64
	twice   int64
	beyond  int64 // rows after a break
	trips   map[int64]*record
}

// arrival is a row as it came.
type arrival struct {
	link.Row
	at  uint64    // in the stream
	got time.Time // by the gateway's clock
}

// books are the copies of all journals. They are changed under the lock of Journals.
type books struct {
	j      *Journals
	all    map[name]*book
	files  map[string]int // by terminal
	bad    map[string]int64
	index  map[string]name // by vehicle and file
	newest map[string]newest
	reload func(ctx context.Context, seqs []uint64) (trip.State, error)
	swept  time.Time
}

func newBooks(j *Journals) *books {
	return &books{j: j, all: map[name]*book{}, files: map[string]int{}, bad: map[string]int64{}, index: map[string]name{}, newest: map[string]newest{}}
}

// take is one message of the stream. The error means that the stream cannot be read;
// whatever is wrong with the message itself is a fact about its car.
func (b *books) take(ctx context.Context, subject string, data []byte, at uint64, got time.Time) error {
	terminal, err := link.TerminalOf(subject)
	if err != nil {
		return nil // no car could publish it
	}
	b.sweep(got)
	r, err := link.DecodeRow(data)
	if err != nil || !validFile(r.File) || r.Seq < 1 {
		b.bad[terminal]++
		b.alarm(Unreadable, name{terminal, ""}, 0)
		return nil
	}
	k := b.open(name{terminal, r.File})
	if k == nil {
		return nil
	}
	k.last = got
	return b.place(ctx, k, arrival{r, at, got})
}

func (b *books) open(n name) *book {
	if k, ok := b.all[n]; ok {
		return k
	}
	if b.files[n.terminal] >= maxFiles {
		b.bad[n.terminal]++
		b.alarm(TooMany, n, 0)
		return nil
	}
	b.files[n.terminal]++
	k := &book{name: n, held: map[int64]arrival{}, trips: map[int64]*record{}}
	b.all[n] = k
	return k
}

// place puts a row where it belongs, and those that have waited for it.
func (b *books) place(ctx context.Context, k *book, a arrival) error {
	switch {
	case k.broken:
		k.beyond++
		return nil
	case a.Seq <= k.end.Seq:
		k.twice++ // the first word counts; the car compares hashes before it sends
		return nil
	case a.Seq > k.end.Seq+1:
		goesOn := false
		if k.end.Seq == 0 {
			var err error
			if goesOn, err = b.goesOn(k, a); err != nil {
				return err
			}
		}
		if !goesOn {
			b.hold(k, a)
			return nil
		}
	}
	for ok := true; ok && !k.broken; a, ok = k.held[k.end.Seq+1] {
		delete(k.held, a.Seq)
		if err := b.append(ctx, k, a); err != nil {
			return err
		}
	}
	if len(k.held) == 0 {
		k.lost = false
	}
	return nil
}

// hold keeps a row that came before its turn. Of two that claim the same place the
// first counts, unless it turns out not to fit.
func (b *books) hold(k *book, a arrival) {
	if _, ok := k.held[a.Seq]; ok {
		k.twice++
		return
	}
	if len(k.held) < maxHeld {
		k.held[a.Seq] = a
		return
	}
	if !k.lost {
		k.lost = true
		b.alarm(Missing, k.name, k.end.Seq+1)
	}
}

func (b *books) append(ctx context.Context, k *book, a arrival) error {
	l := a.Entry()
	next := k.end.Follow(l.Entry)
	if next.Hash != l.Hash {
		k.broken, k.held = true, nil
		b.alarm(Broken, k.name, a.Seq)
		return nil
	}
	if err := b.fold(ctx, k, l, a); err != nil {
		return err
	}
	k.end = next
	k.rows++
	return nil
}

func (b *books) alarm(kind AlarmKind, n name, seq int64) {
	b.j.log.Error("journal", "alarm", kind, "terminal", n.terminal, "file", n.file, "seq", seq)
	if b.j.cfg.Alarm != nil {
		b.j.cfg.Alarm(Alarm{Kind: kind, Terminal: n.terminal, File: n.file, Seq: seq})
	}
}

// File is how the copy of one journal stands.
type File struct {
	Terminal string    `json:"terminal"`
	File     string    `json:"file"`
	Seq      int64     `json:"seq"`               // complete and verified up to here
	Waiting  int       `json:"waiting,omitempty"` // rows that came before their turn
	Broken   bool      `json:"broken,omitempty"`  // the row after Seq does not follow
	Missing  bool      `json:"missing,omitempty"` // rows after Seq were lost; they come again when the car connects
	Twice    int64     `json:"twice,omitempty"`   // rows that came again
	Beyond   int64     `json:"beyond,omitempty"`  // rows after a break, which count for nothing
	Last     time.Time `json:"last"`              // when the gateway had the newest row
	// From is the journal that this one goes on from, because the car's file was put back
	// from a backup, or its terminal enrolled anew. Lost are the rows of that one which
	// came after the backup: the car does not know them.
	From string `json:"from,omitempty"`
	Lost int64  `json:"lost,omitempty"`
}

// Files are all journals, in no order.
func (j *Journals) Files() []File {
	j.mu.RLock()
	defer j.mu.RUnlock()
	var list []File
	for _, k := range j.books.all {
		f := File{Terminal: k.terminal, File: k.file, Seq: k.end.Seq, Waiting: len(k.held), Broken: k.broken,
			Missing: k.lost, Twice: k.twice, Beyond: k.beyond, Last: k.last, From: k.from.file}
		if former, ok := j.books.all[k.from]; ok {
			f.Lost = former.end.Seq - k.base
		}
		list = append(list, f)
	}
	return list
}

// Known is what a car is told of its journal, see link.Welcome.
func (j *Journals) Known(terminal, file string) link.Known {
	j.mu.RLock()
	defer j.mu.RUnlock()
	k := j.books.all[name{terminal, file}]
	if k == nil || k.end.Seq == 0 {
		k, _ = j.books.elsewhere(name{terminal, file}) // unknown for now is asked again
	}
	if k == nil {
		return link.Known{}
	}
	return link.Known{Seq: k.end.Seq, Hash: k.end.Hash[:], Broken: k.broken}
}
