package fleet

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/nats-io/nats.go"
)

// told is what a gateway tells those that work on the same cluster, and itself: a car
// has one connection, so only one of them hears it.
type told struct {
	Heard     string `json:"heard,omitempty"` // a terminal that was heard of
	Version   string `json:"version,omitempty"`
	Reference string `json:"reference,omitempty"` // a payment that has been made
	URL       string `json:"url,omitempty"`       // where its passenger goes
}

// toldSubject is in the gateways' account, where no car can listen or speak.
const toldSubject = "gateway.told"

// tell notes something here and passes it on. That it gets lost costs a passenger a
// second press at most, so nobody waits for it.
func (g *Gateway) tell(t told) {
	g.note(t)
	if len(g.cfg.NATS.URLs) == 0 {
		return // no others
	}
	body, err := json.Marshal(t)
	if err == nil {
		err = g.hub.Conn().Publish(toldSubject, body)
	}
	if err != nil {
		g.log.Warn("other gateways not told", "err", err)
	}
}

func (g *Gateway) note(t told) {
	if t.Heard != "" {
		g.heard.now(t.Heard, t.Version)
	}
	if t.Reference != "" {
		g.presses.answer(t.Reference, t.URL)
	}
}

// hearPeers notes what the others say, until ctx ends.
func (g *Gateway) hearPeers(ctx context.Context) error {
	sub, err := g.hub.Conn().Subscribe(toldSubject, func(m *nats.Msg) {
		var t told
		if json.Unmarshal(m.Data, &t) == nil {
			g.note(t)
		}
	})
	if err != nil {
		return fmt.Errorf("other gateways: %w", err)
	}
	<-ctx.Done()
	_ = sub.Unsubscribe() // the connection may be gone already
	return ctx.Err()
}
