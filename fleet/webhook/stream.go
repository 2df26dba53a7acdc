package webhook

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// StreamName is the JetStream stream that events are stored in, with the subjects
// webhook.<msn>. Whoever runs the server declares it.
const StreamName = "WEBHOOKS"

// Subject is where the events of a sales unit are stored.
func Subject(msn string) string { return "webhook." + msn }

// Stream is a Store on a JetStream stream. Its duplicate window is the stream's.
type Stream struct{ js jetstream.JetStream }

// NewStream stores in the stream of that name, which must be there.
func NewStream(js jetstream.JetStream) Stream { return Stream{js} }

// Put stores an event and returns when the server has it on disk.
func (s Stream) Put(ctx context.Context, msgID string, e Event) (duplicate bool, err error) {
	raw, err := json.Marshal(e)
	if err != nil {
		return false, fmt.Errorf("store webhook: %w", err)
	}
	ack, err := s.js.Publish(ctx, Subject(e.MSN), raw, jetstream.WithMsgID(msgID), jetstream.WithExpectStream(StreamName))
	if err != nil {
		return false, fmt.Errorf("store webhook: stream %s: %w", StreamName, err)
	}
	return ack.Duplicate, nil
}
