package link

import (
	"context"

	"github.com/nats-io/nats.go/jetstream"
)

// Age makes the last answer an old one.
func Age(c *Car) { c.heard.Store(-int64(freshFor)) }

// Settle waits for the acknowledgements of rows after at.
func Settle(ctx context.Context, at int64, acks []jetstream.PubAckFuture) (int64, error) {
	return (&Uplink{}).settle(ctx, at, acks, nil)
}
