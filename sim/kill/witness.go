package kill

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"taxiterminal/display"
	"taxiterminal/money"
	"taxiterminal/sim"
	"taxiterminal/trip"
	"taxiterminal/vipps/vippstest"
)

// picture is one that the passenger's screen has shown.
type picture struct {
	screen display.Screen
	trip   int64       // 0 for none
	sum    money.Minor // -1 for none
}

var (
	pictureTrip = regexp.MustCompile(`data-trip="(\d+)"`)
	pictureSum  = regexp.MustCompile(`(?s)<strong class="sum" data-fit>(.*?)</strong>`)
	markup      = regexp.MustCompile(`<[^>]*>`)
)

func pictureOf(html string) picture {
	p := picture{screen: display.Screen(sim.Kind(html)), sum: -1}
	if m := pictureTrip.FindStringSubmatch(html); m != nil {
		p.trip, _ = strconv.ParseInt(m[1], 10, 64)
	}
	if m := pictureSum.FindStringSubmatch(html); m != nil {
		digits := strings.Map(func(r rune) rune {
			if r < '0' || r > '9' {
				return -1
			}
			return r
		}, markup.ReplaceAllString(m[1], ""))
		if n, err := strconv.ParseInt(digits, 10, 64); err == nil {
			p.sum = money.Minor(n)
		}
	}
	return p
}

// word is something that somebody was told is taken.
type word struct {
	trip  int64
	kind  trip.Kind
	times int // at least so many are in the journal then
}

// witness remembers what people were shown and told since the last look.
type witness struct {
	mu       sync.Mutex
	pictures map[picture]bool
	words    []word
}

func (w *witness) saw(p picture) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.pictures == nil {
		w.pictures = map[picture]bool{}
	}
	w.pictures[p] = true
}

func (w *witness) told(x word) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.words = append(w.words, x)
}

// check compares with the file what was seen since the last check.
func (w *witness) check(f *file) error {
	w.mu.Lock()
	pictures, words := w.pictures, w.words
	w.pictures, w.words = nil, nil
	w.mu.Unlock()
	for p := range pictures {
		if err := p.check(f); err != nil {
			return err
		}
	}
	for _, x := range words {
		if r := f.rides[x.trip]; r == nil || r.events[x.kind] < x.times {
			return fmt.Errorf("trip %04d: %s was taken %d times, the journal does not have it", x.trip, x.kind, x.times)
		}
	}
	return nil
}

// check: the trip was as it was shown at some moment of its journal.
func (p picture) check(f *file) error {
	if p.trip == 0 {
		return nil
	}
	sum := func(m money.Minor) bool { return p.sum < 0 || p.sum == m }
	var was func(trip.State) bool
	switch p.screen {
	case display.Tipping, display.Connecting, display.Due, display.Sent, display.Releasing:
		was = func(s trip.State) bool { return s.Phase == trip.Due && sum(s.Outstanding()) }
	case display.Approved:
		was = func(s trip.State) bool {
			live, _ := s.Live()
			return s.Phase == trip.Due && (sum(s.Held()-s.Captured()) || live.ByCode && sum(live.Asked))
		}
	case display.Paid:
		was = func(s trip.State) bool {
			return s.Phase == trip.Settled && s.Settlement == trip.Paid && sum(s.Captured())
		}
	case display.Settled:
		was = func(s trip.State) bool { return s.Phase == trip.Settled && sum(s.Owed()) }
	case display.Failed:
		was = func(s trip.State) bool { return s.Phase == trip.Due || s.Phase == trip.Parked }
	default:
		was = func(s trip.State) bool { return s.Phase != trip.Vacant }
	}
	if !f.rides[p.trip].passed(was) {
		return fmt.Errorf("trip %04d was shown as %s with %d, the journal does not know it like that", p.trip, p.screen, p.sum)
	}
	return nil
}

// known: the journal has every payment that the API has, and the queue every key that
// has ever come there. Both were written before anything was sent.
func known(f *file, payments []vippstest.Payment) error {
	for _, p := range payments {
		id, n, err := parse(p.Reference)
		if err != nil {
			return err
		}
		r := f.rides[id.Number]
		if id.File != f.id || r == nil || len(r.now().Attempts) < n || r.now().Attempts[n-1].Asked != p.Amount {
			return fmt.Errorf("payment %s is at the API, the journal does not know it", p.Reference)
		}
		for _, k := range p.Keys {
			if r.now().Attempts[n-1].Claimed && k.Op == vippstest.OpCapture {
				continue // the gateway does that for a car that is away
			}
			if _, ok := f.commands[k.Key]; !ok {
				return fmt.Errorf("payment %s: %s came with the key %s, the queue does not know it", p.Reference, k.Op, k.Key)
			}
		}
	}
	return nil
}

// parse takes a payment's reference to pieces.
func parse(reference string) (id trip.ID, attempt int, err error) {
	parts := strings.Split(reference, "-")
	if len(parts) != 4 {
		return id, 0, fmt.Errorf("payment %s: not a reference of ours", reference)
	}
	id = trip.ID{Vehicle: parts[0], File: parts[1]}
	if id.Number, err = strconv.ParseInt(parts[2], 10, 64); err == nil {
		attempt, err = strconv.Atoi(parts[3])
	}
	if err != nil || attempt < 1 {
		return id, 0, fmt.Errorf("payment %s: not a reference of ours", reference)
	}
	return id, attempt, nil
}
