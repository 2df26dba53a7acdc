package terminal

import (
	"context"
	"time"

	"taxiterminal/vipps"
)

// Clock is the present time as far as the payment API has told it, and whether it can
// be believed; see vehicle.Clock.
func (t *Terminal) Clock() (now time.Time, trusted bool) {
	t.do(func() { now, trusted = t.clock.Now(time.Now()) })
	return now, trusted
}

// Ask calls the API now, about a payment that cannot exist. ok is false without
// merchant keys.
func (t *Terminal) Ask(ctx context.Context) (res vipps.Result, ok bool) {
	if t.cfg.Payments == nil {
		return vipps.Result{}, false
	}
	return t.look(ctx, t.probeReference()), true
}
