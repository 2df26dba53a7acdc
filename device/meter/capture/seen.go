package capture

import (
	"time"

	"taxiterminal/money"
)

// seen remembers the last receipts, because a driver prints one twice without
// thinking of it and not every meter marks the second as a copy.
type seen struct {
	list   []sighting // the oldest first
	missed bool       // the last receipt could not be read
}

const maxSeen = 256

type sighting struct {
	key    string
	number string
	total  money.Minor
	start  time.Time
	finish time.Time
}

// verdict is how a receipt relates to those before it.
type verdict uint8

const (
	fresh     verdict = iota
	duplicate         // the same once more
	suspect           // of a trip that has been told already, and not the same
)

// judge compares and remembers. What a doubtful receipt says of its times is not held
// against those that follow.
func (s *seen) judge(r Reading, doubtful bool) verdict {
	now := sighting{key: r.key(), number: r.number(), total: r.Total, start: r.Start, finish: r.Finish}
	v := fresh
	for _, old := range s.list {
		switch {
		case old.key == now.key && old.total == now.total:
			return duplicate
		case old.key == now.key, old.renumbered(now), r.Kind != PartReceipt && old.overlaps(now):
			v = suspect
		}
	}
	if doubtful || v == suspect {
		now.start, now.finish = time.Time{}, time.Time{}
	}
	if len(s.list) >= maxSeen {
		s.list = append(s.list[:0], s.list[1:]...)
	}
	s.list = append(s.list, now)
	return v
}

// overlaps is true for two receipts of one time, which a taxi cannot drive twice: the
// receipt was printed while the meter was stopped, and again when it had gone on.
func (s sighting) overlaps(o sighting) bool {
	return !s.start.IsZero() && !o.start.IsZero() && s.start.Before(o.finish) && o.start.Before(s.finish)
}

// renumbered is true if the number came before, and not long before: numbers that
// begin anew do so with the shift. One of the two is damaged.
func (s sighting) renumbered(o sighting) bool {
	const shift = 6 * time.Hour
	return s.number != "" && s.number == o.number && !s.start.IsZero() && o.start.Sub(s.start).Abs() < shift
}
