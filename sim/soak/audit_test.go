package soak

import (
	"context"
	"regexp"
	"strconv"
	"strings"

	"taxiterminal/outbox"
	"taxiterminal/trip"
)

// auditor reads the journal row by row, as soon as it is on the disk, and keeps every
// trip as the journal has it, over all processes of the car.
type auditor struct {
	end    outbox.Chain
	trips  map[int64]trip.State
	kinds  map[string]int // rows of each kind
	doubts map[int64]bool // trips that ever had an amount in doubt
	over   map[int64]bool // trips of which the driver was told that too much was taken
}

func newAuditor() *auditor {
	return &auditor{trips: map[int64]trip.State{}, kinds: map[string]int{}, doubts: map[int64]bool{}, over: map[int64]bool{}}
}

// reads follows the journal up to its end and compares what is new with the ledger.
func (l *life) reads(store *outbox.Store) {
	for {
		links, err := store.Since(context.Background(), l.audit.end.Seq, 100)
		if err != nil {
			l.broken("journal: %v", err)
			return
		}
		if len(links) == 0 {
			return
		}
		for _, row := range links {
			l.audit.end = l.audit.end.Follow(row.Entry)
			if l.audit.end.Hash != row.Hash {
				l.broken("journal row %d does not follow from the one before", row.Seq)
				return
			}
			l.row(row.Entry)
		}
	}
}

func (l *life) row(e outbox.Entry) {
	l.audit.kinds[e.Kind]++
	l.tell("journal %d %s %s", e.Stream, e.Kind, l.anonymous(string(e.Body)))
	if e.Stream == 0 {
		return
	}
	state, err := l.follow(l.audit.trips[e.Stream], e)
	if err != nil {
		l.broken("journal row %d: %v", e.Seq, err)
		return
	}
	l.audit.trips[e.Stream] = state
	l.truth.shown(e.Stream, state.Fare.Total)
	if state.Fare.Doubt != "" {
		l.audit.doubts[e.Stream] = true
	}
	if state.Notice.Kind == trip.NoticeOverpaid {
		l.audit.over[e.Stream] = true
	}
	l.notAhead(state)
}

// follow is one row of a trip, and what it sets going: rule 8.
func (l *life) follow(s trip.State, e outbox.Entry) (trip.State, error) {
	if strings.HasPrefix(e.Kind, trip.QueueEvents) {
		return s, nil
	}
	event, err := trip.Decode(trip.Kind(e.Kind), e.Body)
	if err != nil {
		return s, err
	}
	s, commands := trip.Step(s, e.At, event)
	for _, c := range commands {
		if c.Op == trip.OpCapture && s.Phase == trip.Settled && s.Settlement == trip.Otherwise && s.Means != trip.Unpaid {
			l.broken("rule 8: %s is captured after the driver took %s", l.anonymous(c.Reference), s.Means)
		}
	}
	return s, nil
}

// notAhead: the journal never says more than the API. What it says less, it learns.
func (l *life) notAhead(s trip.State) {
	live := 0
	for _, a := range s.Attempts {
		if a.State.Live() {
			live++
		}
		p, ok := l.api.Payment(s.ID.Reference(a.N))
		switch {
		case !ok && (a.Known || a.Authorized != 0 || a.Captured != 0):
			l.broken("rule 6: the journal knows payment %d of trip %s, the API does not", a.N, s.ID.Short())
		case a.Authorized > p.Authorized || a.Captured > p.Captured || a.Refunded > p.Refunded:
			l.broken("rule 6: trip %s attempt %d: journal %d/%d/%d, ledger %d/%d/%d", s.ID.Short(), a.N,
				a.Authorized, a.Captured, a.Refunded, p.Authorized, p.Captured, p.Refunded)
		}
	}
	if live > 1 {
		l.broken("rule 2: trip %s has %d live attempts", s.ID.Short(), live)
	}
}

var reference = regexp.MustCompile(`^[A-Za-z0-9]+-[A-Z0-9]+-([0-9]+)-([0-9]+)$`)

// attempt finds the trip of a reference, and which attempt of it; 0 for none.
func (a *auditor) attempt(ref string) (trip.State, int) {
	m := reference.FindStringSubmatch(ref)
	if m == nil {
		return trip.State{}, 0
	}
	number, _ := strconv.ParseInt(m[1], 10, 64)
	n, _ := strconv.Atoi(m[2])
	s := a.trips[number]
	if n > len(s.Attempts) || s.ID.Reference(n) != ref {
		return trip.State{}, 0
	}
	return s, n
}

// keys are those that a call may have: one for each operation that the journal has
// decided.
func (a *auditor) keys(c call) (keys []string) {
	s, n := a.attempt(c.reference)
	if n == 0 {
		return nil
	}
	made := map[trip.Op]int{trip.OpCreate: 1, trip.OpCapture: s.Attempts[n-1].Capture.N,
		trip.OpCancel: s.Attempts[n-1].Cancel.N, trip.OpRefund: s.Attempts[n-1].Refund.N}
	if c.carried && s.Attempts[n-1].Claimed {
		made[trip.OpCapture] = 1 // the gateway does not wait for the car
	}
	for i := range made[trip.Op(c.op)] {
		keys = append(keys, trip.Key(c.reference, trip.Op(c.op), i+1))
	}
	return keys
}
