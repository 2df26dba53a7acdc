package link_test

import (
	"errors"
	"testing"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"taxiterminal/fleet/link"
)

// ack is an acknowledgement that has come, or an error in its place.
type ack struct {
	jetstream.PubAckFuture
	err error
}

func (a ack) Ok() <-chan *jetstream.PubAck {
	c := make(chan *jetstream.PubAck, 1)
	if a.err == nil {
		c <- &jetstream.PubAck{}
	}
	return c
}

func (a ack) Err() <-chan error {
	c := make(chan error, 1)
	if a.err != nil {
		c <- a.err
	}
	return c
}

func TestOnlyWhatIsStoredWithoutAGapCounts(t *testing.T) {
	lost, later := errors.New("lost"), errors.New("later")
	at, err := link.Settle(t.Context(), 40, []jetstream.PubAckFuture{ack{}, ack{}, ack{err: lost}, ack{}, ack{err: later}, ack{}})
	require.EqualValues(t, 42, at)
	require.ErrorIs(t, err, lost)
	require.ErrorContains(t, err, "row 43")
	at, err = link.Settle(t.Context(), 40, []jetstream.PubAckFuture{ack{}, ack{}})
	require.NoError(t, err)
	require.EqualValues(t, 42, at)
}
