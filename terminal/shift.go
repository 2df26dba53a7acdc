package terminal

import (
	"context"
	"slices"
	"time"

	"taxiterminal/trip"
	"taxiterminal/trip/receipt"
	"taxiterminal/trip/shift"
)

// Shift is the shift so far. It is part of display.Desk.
func (t *Terminal) Shift(ctx context.Context) (shift.Summary, error) {
	var last shiftEnded
	t.do(func() {
		if n := len(t.own.shifts); n > 0 {
			last = t.own.shifts[n-1]
		}
	})
	return t.sum(ctx, last.Last, t.store.Next()-1, last.To, time.Time{})
}

// EndShift closes the shift and gives it whole. Trips that are still open belong to
// it; what comes of them later is counted to it whenever it is asked for.
func (t *Terminal) EndShift(ctx context.Context) (shift.Summary, error) {
	now, err := t.Shift(ctx)
	if err != nil {
		return now, err
	}
	err = errEnded
	t.do(func() {
		var first int64
		if n := len(t.own.shifts); n > 0 {
			first = t.own.shifts[n-1].Last
		}
		err = t.note(ownShiftEnded, shiftEnded{Last: max(first, now.Last), From: now.From, To: time.Now().UTC().Truncate(time.Second)})
	})
	if err != nil {
		return now, err
	}
	return t.PastShift(ctx, 1)
}

// PastShift is the n-th last shift that was ended; n counts from 1. Its Trips are 0
// and its times zero if there was none.
func (t *Terminal) PastShift(ctx context.Context, n int) (shift.Summary, error) {
	var all []shiftEnded
	t.do(func() { all = slices.Clone(t.own.shifts) })
	if n < 1 || n > len(all) {
		return shift.Summary{Currency: t.cfg.Currency}, nil
	}
	this := all[len(all)-n]
	var before shiftEnded
	if n < len(all) {
		before = all[len(all)-n-1]
	}
	return t.sum(ctx, before.Last, this.Last, this.From, this.To)
}

// sum reads the trips after one number up to another. What is open of older trips is
// listed with them, so that a shift never ends over something forgotten.
func (t *Terminal) sum(ctx context.Context, after, last int64, from, to time.Time) (shift.Summary, error) {
	states, err := t.tripsBetween(ctx, after, last)
	if err != nil {
		return shift.Summary{}, err
	}
	if from.IsZero() && len(states) > 0 {
		from = states[0].BegunAt
	}
	// Which trips belong to it, their numbers say: the car's clock may be wrong.
	s := shift.Sum(states, t.cfg.Bill.Rules, time.Time{}, time.Time{})
	s.Gone = int(last-after) - len(states) // numbers have no gaps
	s.Currency, s.From, s.To = t.cfg.Currency, receipt.Known(from), receipt.Known(to)
	older, err := t.openUpTo(ctx, after)
	if err != nil {
		return s, err
	}
	s.Open = append(shift.Sum(older, t.cfg.Bill.Rules, time.Time{}, time.Time{}).Open, s.Open...)
	return s, nil
}

// tripsBetween are the trips after one number up to another, oldest first.
func (t *Terminal) tripsBetween(ctx context.Context, after, last int64) ([]trip.State, error) {
	var states []trip.State
	for before := last + 1; before > after+1; {
		page, err := t.Trips(ctx, before, int(min(before-after-1, 100)))
		if err != nil || len(page) == 0 {
			return states, err
		}
		for _, s := range page {
			if s.ID.Number > after {
				states = append(states, s)
			}
		}
		before = page[len(page)-1].ID.Number
	}
	slices.Reverse(states)
	return states, nil
}

func (t *Terminal) openUpTo(ctx context.Context, last int64) ([]trip.State, error) {
	open, err := t.store.OpenStreams(ctx)
	if err != nil {
		return nil, err
	}
	var states []trip.State
	for _, stream := range open {
		if stream > last {
			break
		}
		s, _, err := t.Journal(ctx, stream)
		if err != nil {
			continue // set aside, and loud already
		}
		states = append(states, s)
	}
	return states, nil
}
