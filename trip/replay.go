package trip

import (
	"strings"
	"time"
)

// QueueEvents is the prefix of the kinds of journal entries that stand among a trip's
// and are about the delivery of its commands: they change nothing about the trip.
const QueueEvents = "outbox."

// Replay is the trip after one more entry of its journal. A State is the fold of
// Replay over the entries of the trip, from the zero State on.
func Replay(s State, at time.Time, kind string, body []byte) (State, error) {
	if strings.HasPrefix(kind, QueueEvents) {
		return s, nil
	}
	e, err := Decode(Kind(kind), body)
	if err != nil {
		return s, err
	}
	s, _ = Step(s, at, e)
	return s, nil
}
