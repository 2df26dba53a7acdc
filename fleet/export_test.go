package fleet

import (
	"context"
	"time"
)

// Press notes that a passenger has pressed the button of a claim.
func (g *Gateway) Press(ctx context.Context, reference string) error {
	return g.remember(ctx, reference, carried{Text: "a claim", First: time.Now(), Pressed: true}, 0)
}

// Pressed is what is on record.
func (g *Gateway) Pressed(ctx context.Context, reference string) bool {
	c, _, err := g.recall(ctx, reference)
	return err == nil && c.Pressed
}

// CarryOn looks after a payment that has been carried so long; true when nothing is left.
func (g *Gateway) CarryOn(ctx context.Context, reference string, age time.Duration) bool {
	_, m, err := fares{g}.owner(ctx, reference)
	return err == nil && g.carryOn(ctx, m, reference, age)
}
