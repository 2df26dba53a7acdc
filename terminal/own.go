package terminal

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"taxiterminal/device/vehicle"
	"taxiterminal/outbox"
)

// ownStream is the journal of what belongs to no trip: the car's code, the ends of
// shifts, and that requests to phones are refused.
const ownStream = 0

// Kinds of entries in it that are not the vehicle's.
const (
	ownShiftEnded  = "shift_ended"
	ownPushRefused = "push_refused"
	ownPushAllowed = "push_allowed"
	ownForgotten   = "contact_forgotten"
)

// shiftEnded closes a shift: trips up to Last, and after the Last of the shift before,
// belong to it.
type shiftEnded struct {
	Last int64     `json:"last"`
	From time.Time `json:"from"` // the car's clock, UTC
	To   time.Time `json:"to"`
}

// own is the fold of that journal.
type own struct {
	code        vehicle.Code
	shifts      []shiftEnded // oldest first
	pushRefused bool
}

func (o *own) fold(e outbox.Entry) error {
	switch {
	case strings.HasPrefix(e.Kind, queueEvents) || e.Kind == ownForgotten:
		return nil
	case e.Kind == ownPushRefused || e.Kind == ownPushAllowed:
		o.pushRefused = e.Kind == ownPushRefused
		return nil
	case e.Kind == ownShiftEnded:
		var s shiftEnded
		if err := json.Unmarshal(e.Body, &s); err != nil {
			return err
		}
		o.shifts = append(o.shifts, s)
		return nil
	}
	event, err := vehicle.Decode(vehicle.Kind(e.Kind), e.Body)
	if err != nil {
		return err
	}
	o.code, _ = vehicle.Step(o.code, e.At, event)
	return nil
}

func (t *Terminal) loadOwn(ctx context.Context) error {
	entries, err := t.store.Events(ctx, ownStream)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := t.own.fold(e); err != nil {
			return fmt.Errorf("journal row %d: %w", e.Seq, err)
		}
	}
	return nil
}

// note appends one entry to the own journal and lets memory follow.
func (t *Terminal) note(kind string, body any) error {
	var at time.Time
	err := t.store.Commit(context.Background(), func(tx *outbox.Tx) error {
		at = tx.Now()
		return appendEvent(tx, ownStream, kind, body)
	})
	t.wrote(err)
	if err != nil {
		return fmt.Errorf("%s commit: %w", kind, err)
	}
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	return t.own.fold(outbox.Entry{At: at, Kind: kind, Body: text})
}

// AllowPush lets requests go to phones again, after the sales unit was approved for
// it.
func (t *Terminal) AllowPush() error {
	err := errEnded
	t.do(func() {
		if err = nil; t.own.pushRefused {
			err = t.note(ownPushAllowed, struct{}{})
		}
	})
	return err
}
