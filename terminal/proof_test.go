package terminal

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/display"
	"taxiterminal/vipps"
	"taxiterminal/vipps/vippstest"
)

// hollow answers captures with a success that shows no effect, as the API is allowed
// to: the status of an answer proves nothing.
type hollow struct {
	Payments
	left int
}

func (h *hollow) Capture(ctx context.Context, reference, key string, body []byte) vipps.Result {
	if h.left--; h.left >= 0 {
		p := h.Get(ctx, reference)
		return vipps.Result{Kind: vipps.Done, Payment: p.Payment}
	}
	return h.Payments.Capture(ctx, reference, key, body)
}

func TestPaidIsShownOnTheCapturedAmountOnly(t *testing.T) {
	drive(t, vippstest.Options{}, func(t *testing.T, c *car) {
		c.term.do(func() { c.term.cfg.Payments = &hollow{c.term.cfg.Payments, 2} })
		c.hired()
		c.stopped(25000)
		c.scan(1)
		c.act(1, vippstest.Approve)
		c.shows(display.Approved)
		c.pass(3 * time.Second)
		require.Equal(t, display.Approved, c.screen().Screen, "a 200 is no proof")
		require.Zero(t, c.payment(1).Captured)
		c.shows(display.Paid)
		require.Equal(t, "AUTHORIZED 25000/25000/0/0 captures 1", c.money(1))
	})
}
