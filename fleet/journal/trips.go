package journal

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"taxiterminal/money"
	"taxiterminal/outbox"
	"taxiterminal/trip"
	"taxiterminal/trip/receipt"
)

// Trip is a trip in a list or report. Amounts are minor units of Currency.
type Trip struct {
	Reference  string          `json:"reference"` // e.g. "T122-K7Q2X-0042"
	Vehicle    string          `json:"vehicle"`
	Terminal   string          `json:"terminal"`
	At         time.Time       `json:"at"` // when it began, UTC; see Guessed
	Guessed    bool            `json:"guessed,omitempty"`
	Phase      trip.Phase      `json:"phase"`
	Settlement trip.Settlement `json:"settlement,omitempty"`
	Means      trip.Means      `json:"means,omitempty"`
	Currency   money.Currency  `json:"currency"`
	Total      money.Minor     `json:"total"` // fare and tip
	Tip        money.Minor     `json:"tip"`
	App        money.Minor     `json:"app"` // captured
	Refunded   money.Minor     `json:"refunded"`
	ByHand     money.Minor     `json:"by_hand"` // cash, card, invoice: see Means
	Unpaid     money.Minor     `json:"unpaid"`  // settled, and nobody paid
	Due        money.Minor     `json:"due"`     // not settled yet
	// Open: something may still happen to it by itself.
	Open bool `json:"open"`
	// Problem is why it cannot be relied on; then it counts in no total.
	Problem string `json:"problem,omitempty"`
}

// record is a trip in memory.
type record struct {
	Trip
	state *trip.State // nil once it is closed
	rows  []uint64    // in the stream
	// By the gateway's clock, because a car's may be wrong by years:
	first   time.Time // when it had the first row
	settled time.Time // when it had the row that settled the trip
}

// fold takes a verified row into its trip. Stream 0 is the car's own affairs.
func (b *books) fold(ctx context.Context, k *book, l outbox.Link, a arrival) error {
	if l.Stream == 0 {
		return nil
	}
	t := k.trips[l.Stream]
	if t == nil && l.Kind != string(trip.Begun{}.Kind()) {
		var err error
		if t, err = b.formerly(k, l.Stream); err != nil || t == nil {
			return err // of a trip that is forgotten
		}
	}
	if t == nil {
		t = &record{Trip: Trip{Terminal: k.terminal, Reference: fmt.Sprintf("%s-%04d", k.file, l.Stream)}, state: &trip.State{}, first: a.got}
		k.trips[l.Stream] = t
	}
	if t.state == nil {
		s, err := b.reload(ctx, t.rows)
		if err != nil {
			return err
		}
		t.state = &s
	}
	t.rows = append(t.rows, a.at)
	s, err := trip.Replay(*t.state, l.At, l.Kind, l.Body)
	if err != nil && t.Problem == "" {
		t.Problem = "has an event that this version of the gateway does not know"
		b.alarm(Unreadable, k.name, l.Seq)
	}
	if err != nil || t.Problem != "" && s.Phase == trip.Vacant {
		return nil
	}
	if t.Vehicle == "" {
		if err := b.begin(k, t, l, s); err != nil {
			return err
		}
	}
	if s.Phase == trip.Settled && t.Phase != trip.Settled {
		t.settled = a.got
	}
	b.sum(t, s)
	return nil
}

// sum makes the line of a report from a state.
func (b *books) sum(t *record, s trip.State) {
	for i := range s.Attempts {
		if !s.Attempts[i].State.Live() && s.Attempts[i].RedirectURL != "" {
			s.Attempts = slices.Clone(s.Attempts)
			s.Attempts[i].RedirectURL = "" // opens nothing any more
		}
	}
	t.Phase, t.Settlement, t.Means, t.Currency = s.Phase, s.Settlement, s.Means, s.Currency
	r := receipt.Of(s, receipt.Rules{})
	t.Total, t.Tip = r.Total, 0
	for _, line := range r.Lines {
		if line.Item == receipt.Tip {
			t.Tip += line.Total
		}
	}
	t.App, t.ByHand, t.Unpaid, t.Refunded = 0, 0, 0, 0
	for _, p := range r.Payments {
		switch p.Means {
		case receipt.Vipps:
			t.App += p.Amount
		case receipt.Unpaid:
			t.Unpaid += p.Amount
		case receipt.Refund:
			t.Refunded -= p.Amount
		default:
			t.ByHand += p.Amount
		}
	}
	t.Due = max(0, t.Total-t.App-t.ByHand-t.Unpaid)
	t.state, t.Open = &s, true
	b.keepNewest(t, s)
	if s.Closed() {
		t.state, t.Open = nil, false
		t.rows = slices.Clip(t.rows)
	}
}

// begin files a trip, and makes sure that it is who it says it is. The error is that
// nobody can say now.
func (b *books) begin(k *book, t *record, l outbox.Link, s trip.State) error {
	bound, err := b.j.cfg.Bound(k.terminal, s.ID.Vehicle)
	if err != nil {
		return fmt.Errorf("journal of whom: %w", err)
	}
	t.Vehicle, t.Reference = strings.Clone(s.ID.Vehicle), s.ID.String()
	switch {
	case s.ID.File != k.file || s.ID.Number != l.Stream || !trip.ValidVehicle(s.ID.Vehicle):
		t.Vehicle, t.Reference = "?", fmt.Sprintf("?-%s-%04d", k.file, l.Stream)
		t.Problem = "is not named after its journal"
	case !bound:
		t.Problem = "is of a vehicle that this terminal is not in"
	default:
		k.vehicle = t.Vehicle
		b.index[t.Vehicle+"-"+k.file] = k.name
	}
	t.At = l.At
	if l.At.After(t.first.Add(time.Hour)) || l.At.Before(t.first.Add(-b.j.cfg.Keep)) {
		t.At, t.Guessed = t.first.UTC(), true
	}
	return nil
}

// find is the trip of a reference, which is the trip's or that of one of its payments.
func (b *books) find(reference string) (*record, bool) {
	parts := strings.Split(reference, "-")
	if len(parts) < 3 {
		return nil, false
	}
	number, err := strconv.ParseInt(parts[2], 10, 64)
	k, ok := b.all[b.index[parts[0]+"-"+parts[1]]]
	if err != nil || !ok {
		return nil, false
	}
	for ; ok; k, ok = b.all[k.from] {
		if t := k.trips[number]; t != nil && t.Vehicle == parts[0] && k.file == parts[1] {
			return t, true
		}
	}
	return nil, false
}

// rowsOf finds where the rows of a trip are.
func (b *books) rowsOf(reference string) ([]uint64, bool) {
	t, ok := b.find(reference)
	if !ok {
		return nil, false
	}
	return slices.Clone(t.rows), true
}

// sweep forgets, once an hour of the gateway's clock, what is older than Keep and
// closed.
func (b *books) sweep(now time.Time) {
	if now.Sub(b.swept) < time.Hour {
		return
	}
	b.swept = now
	for _, k := range b.all {
		for number, t := range k.trips {
			if t.state == nil && now.Sub(t.first) > b.j.cfg.Keep {
				delete(k.trips, number)
			}
		}
	}
}
