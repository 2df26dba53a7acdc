package terminal

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"taxiterminal/display"
	"taxiterminal/outbox"
	"taxiterminal/trip"
)

// Refused is why something that a person asked for was not done.
type Refused struct {
	Refusal display.Refusal
	Trip    string
}

func (r *Refused) Error() string {
	if r.Trip == "" {
		return "refused: " + string(r.Refusal)
	}
	return fmt.Sprintf("trip %s: refused: %s", r.Trip, string(r.Refusal))
}

// Reason is the catalogue key of the refusal.
func (r *Refused) Reason() string { return string(r.Refusal) }

// actionEvents is what each of the driver's actions means.
var actionEvents = map[display.Action]trip.Event{
	display.ActionNew:     trip.NewAsked{},
	display.ActionCancel:  trip.CancelAsked{},
	display.ActionCash:    trip.SettledBy{Means: trip.Cash},
	display.ActionCard:    trip.SettledBy{Means: trip.Card},
	display.ActionInvoice: trip.SettledBy{Means: trip.Invoice},
}

// actionsOf are the actions that a trip takes now, in the order of the screen. A
// settled trip is only corrected on purpose, not by a button.
func actionsOf(s trip.State) []display.Action {
	if s.Phase != trip.Due && s.Phase != trip.Parked {
		return nil
	}
	var out []display.Action
	for _, a := range display.Actions() {
		if trip.Check(s, actionEvents[a]) == trip.Allowed {
			out = append(out, a)
		}
	}
	return out
}

// Act does what the driver pressed, for the trip that the button stood on. An empty
// trip means the one on the screen. The error is a *Refused.
func (t *Terminal) Act(ctx context.Context, action display.Action, trip string) error {
	e, ok := actionEvents[action]
	if !ok {
		return &Refused{display.RefusedNotNow, trip}
	}
	return t.ask(ctx, trip, e)
}

// ask applies an event that a person causes, if the trip takes it.
func (t *Terminal) ask(ctx context.Context, number string, e trip.Event) error {
	return t.askWith(ctx, number, e, nil)
}

// askWith is ask for an event that is known only inside the transaction: e is what is
// checked, events gives what is written; nil for e itself.
func (t *Terminal) askWith(ctx context.Context, number string, e trip.Event, events source) error {
	var err error = &Refused{display.RefusedInternal, number}
	t.do(func() {
		var r *ride
		if r, err = t.find(ctx, number); err == nil {
			err = t.askRide(r, e, events)
		}
	})
	return err
}

func (t *Terminal) askRide(r *ride, e trip.Event, events source) error {
	if refusal := trip.Check(r.state, e); refusal != trip.Allowed {
		return &Refused{display.Refusal(refusal), r.state.ID.Short()}
	}
	if events == nil {
		events = func(*commit) ([]trip.Event, error) { return []trip.Event{e}, nil }
	}
	t.notice = display.Notice{}
	err := t.commit(r, nil, events)
	var refused *Refused
	if err != nil && !errors.As(err, &refused) {
		t.log.Error("action not recorded", "err", err)
		err = &Refused{display.RefusedInternal, r.state.ID.Short()}
	}
	return err
}

// find gives the trip with a number, from memory or from the journal; without a
// number the one on the screen.
func (t *Terminal) find(ctx context.Context, number string) (*ride, error) {
	if number == "" {
		if r := t.onScreen(); r != nil {
			return r, nil
		}
		return nil, &Refused{Refusal: display.RefusedUnknownTrip}
	}
	stream, err := strconv.ParseInt(number, 10, 64)
	if err != nil || stream <= 0 {
		return nil, &Refused{display.RefusedUnknownTrip, number}
	}
	r, err := t.ride(ctx, stream)
	if err != nil {
		return nil, err
	}
	switch {
	case r.state.Phase != trip.Vacant:
		return r, nil
	case t.Gone(stream):
		return nil, &Refused{display.RefusedGone, number}
	}
	return nil, &Refused{display.RefusedUnknownTrip, number}
}

// ride gives the trip of a stream, from memory or from the journal.
func (t *Terminal) ride(ctx context.Context, stream int64) (*ride, error) {
	if r, ok := t.rides[stream]; ok {
		return r, nil
	}
	for _, r := range t.recent {
		if r.stream == stream {
			return r, nil
		}
	}
	return t.load(ctx, stream)
}

// ErrNotQueued: the command is not one that can be parked or let go now.
var ErrNotQueued = errors.New("no open command with this number is in that state")

// ParkCommand takes a command out of delivery until a person lets it go again.
func (t *Terminal) ParkCommand(id int64, reason string) error {
	return t.changeCommand(id, "parked", reason, (*outbox.Tx).Park)
}

// RetryCommand lets a parked command go again, or tries a pending one at once.
func (t *Terminal) RetryCommand(ctx context.Context, id int64, reason string) error {
	items, err := t.store.List(ctx, outbox.Filter{Open: true, ID: id})
	if err != nil {
		return err
	}
	if len(items) == 1 && items[0].State == outbox.Pending {
		t.store.WakeStream(items[0].Stream)
		return nil
	}
	return t.changeCommand(id, "retried", reason, (*outbox.Tx).Unpark)
}

func (t *Terminal) changeCommand(id int64, kind, reason string, change func(*outbox.Tx, int64, string) error) error {
	items, err := t.store.List(context.Background(), outbox.Filter{Open: true, ID: id})
	if err != nil {
		return err
	}
	if len(items) == 0 {
		return ErrNotQueued
	}
	err = errEnded
	t.do(func() {
		err = t.store.Commit(context.Background(), func(tx *outbox.Tx) error {
			if err := appendQueueEvent(tx, items[0].Stream, kind, id, reason); err != nil {
				return err
			}
			return change(tx, id, reason)
		})
	})
	if errors.Is(err, outbox.ErrNoCommand) {
		return ErrNotQueued
	}
	return err
}
