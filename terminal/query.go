package terminal

import (
	"context"

	"taxiterminal/device/meter"
	"taxiterminal/display"
	"taxiterminal/outbox"
	"taxiterminal/trip"
)

// View is what the screens show now.
func (t *Terminal) View() display.View {
	var v display.View
	t.do(func() { v = t.view })
	return v
}

// Trips gives the newest n trips numbered below before (0: all), newest first, as
// the journal has them.
func (t *Terminal) Trips(ctx context.Context, before int64, n int) ([]trip.State, error) {
	streams, err := t.store.RecentStreams(ctx, before, n)
	if err != nil {
		return nil, err
	}
	states := make([]trip.State, 0, len(streams))
	for _, stream := range streams {
		s, _, err := t.Journal(ctx, stream)
		if err != nil {
			return nil, err
		}
		if s.Phase != trip.Vacant { // pruned since the list was made
			states = append(states, s)
		}
	}
	return states, nil
}

// Journal gives one trip and everything that happened to it. Its Phase is Vacant if
// there is none with this number.
func (t *Terminal) Journal(ctx context.Context, number int64) (trip.State, []outbox.Entry, error) {
	entries, err := t.store.Events(ctx, number)
	if err != nil {
		return trip.State{}, nil, err
	}
	s, err := Fold(entries)
	return s, entries, err
}

// Closed are the meter's records of the last trips that are over, newest first, for a
// driver that starts anew: of each the key and the total, or nothing if there was no
// record. It is called before Run.
func (t *Terminal) Closed() (records []meter.Record) {
	for _, r := range t.recent {
		if r.state.Position == trip.ForHire {
			records = append(records, meter.Record{Key: r.state.Fare.Key, Total: r.state.Fare.Total})
		}
	}
	return records
}

// Position is where the journal last knew the meter, for a driver that starts anew;
// empty if no trip is open. It is called before Run.
func (t *Terminal) Position() meter.Position {
	if t.current == nil {
		return ""
	}
	if t.current.state.Position == trip.Stopped {
		return meter.Stopped
	}
	return meter.Hired
}
