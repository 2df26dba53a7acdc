package jtt905

import (
	"strconv"
	"strings"
	"sync"
	"time"

	"taxiterminal/money"
)

// key names a trip for good.
type key struct {
	plate   string
	number  uint32
	boarded time.Time
}

func (t Trip) key() key { return key{t.Plate, t.Number, t.Boarded} }

// String is the key as Record.Key has it.
func (k key) String() string {
	return strconv.QuoteToASCII(k.plate) + "/" + strconv.FormatUint(uint64(k.number), 10) + "/" + k.boarded.Format(toMinute)
}

// before says that a trip was driven before another one of that meter. Numbers and dates
// must both say so: either can begin anew.
func (k key) before(other key) bool {
	return k.plate == other.plate && k.number < other.number && !k.boarded.After(other.boarded)
}

// parseKey reads what String wrote.
func parseKey(s string) (k key, ok bool) {
	quoted, err := strconv.QuotedPrefix(s)
	if err != nil {
		return k, false
	}
	number, boarded, _ := strings.Cut(strings.TrimPrefix(s[len(quoted):], "/"), "/")
	n, errNumber := strconv.ParseUint(number, 10, 32)
	at, errBoarded := time.Parse(toMinute, boarded)
	plate, errPlate := strconv.Unquote(quoted)
	return key{plate, uint32(n), at}, errNumber == nil && errBoarded == nil && errPlate == nil
}

// ledger remembers the last trips that were told, and which of them the terminal has on
// disk. It outlives a line. Only commit is called by other goroutines than the driver's.
type ledger struct {
	order []key // oldest first

	mu    sync.Mutex
	trips map[key]*entry
}

type entry struct {
	total     money.Minor
	committed bool
	answers   int // acknowledgements sent
}

// maxTrips bounds the memory; it is more than a meter has unacknowledged.
const maxTrips = 256

// told gives what is known about a trip, or nil.
func (l *ledger) told(k key) *entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.trips[k]
}

// add remembers a trip.
func (l *ledger) add(k key, total money.Minor) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.trips == nil {
		l.trips = map[key]*entry{}
	}
	if l.trips[k] == nil {
		l.order = append(l.order, k)
	}
	l.trips[k] = &entry{total: total}
	if len(l.order) > maxTrips {
		delete(l.trips, l.order[0])
		l.order = append(l.order[:0], l.order[1:]...)
	}
}

// commit notes that the terminal has the trip on disk.
func (l *ledger) commit(k key) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e := l.trips[k]; e != nil {
		e.committed = true
	}
}

func (l *ledger) committed(k key) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.trips[k]
	return e != nil && e.committed
}

// answered counts the acknowledgements of a trip.
func (l *ledger) answered(k key) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.trips[k]
	if e == nil {
		return 0
	}
	e.answers++
	return e.answers
}
