package journal

import (
	"context"
	"time"

	"taxiterminal/fleet/link"
	"taxiterminal/outbox"
	"taxiterminal/trip"
)

// Fed are journals that are fed by hand, without a stream.
type Fed struct {
	*Journals
	kept []outbox.Link
}

// NewFed makes some.
func NewFed(cfg Config) *Fed {
	f := &Fed{Journals: New(cfg)}
	f.books.reload = func(_ context.Context, seqs []uint64) (s trip.State, err error) {
		for _, seq := range seqs {
			e := f.kept[seq]
			if s, err = trip.Replay(s, e.At, e.Kind, e.Body); err != nil {
				return s, err
			}
		}
		return s, nil
	}
	return f
}

// Feed gives them one message.
func (f *Fed) Feed(terminal string, data []byte, got time.Time) error {
	var l outbox.Link
	if r, err := link.DecodeRow(data); err == nil {
		l = r.Entry()
	}
	f.kept = append(f.kept, l)
	return f.books.take(context.Background(), link.JournalSubject(terminal), data, uint64(len(f.kept)-1), got)
}

// MaxHeld is how many rows may wait.
const MaxHeld = maxHeld
