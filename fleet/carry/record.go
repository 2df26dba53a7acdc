package carry

import (
	"context"
	"errors"
	"time"

	"taxiterminal/money"
	"taxiterminal/vipps"
)

// Record is what is remembered of a reference that a claim named, or that a car has
// asked for itself.
type Record struct {
	// ByCar: the car itself has asked for it, so no phone makes it any more.
	ByCar    bool           `json:"by_car,omitempty"`
	Terminal string         `json:"terminal,omitempty"` // who signed the claim
	Text     string         `json:"text,omitempty"`     // the claim
	First    time.Time      `json:"first,omitzero"`     // first sight
	Amount   money.Minor    `json:"amount,omitempty"`
	Currency money.Currency `json:"currency,omitempty"`
	Serial   uint64         `json:"serial,omitempty"`
	// Pressed: a passenger has pressed the button, so the payment may exist.
	Pressed bool `json:"pressed,omitempty"`
	Presses int  `json:"presses,omitempty"` // how often
	Over    bool `json:"over,omitempty"`    // captured, or ended without money
}

// Records keeps them, for all processes of a gateway. A record that was put is there
// for good.
type Records interface {
	// Get reads one; the revision is 0 if there is none.
	Get(ctx context.Context, reference string) (r Record, revision uint64, err error)
	// Put writes one. ErrTaken if it is not at that revision any more.
	Put(ctx context.Context, reference string, r Record, revision uint64) error
	// Watch tells of every record as it is and as it is changed by anybody, until ctx
	// ends or it cannot go on.
	Watch(ctx context.Context, f func(reference string, r Record)) error
}

var (
	// ErrTaken: somebody else has just written the same record. Whoever asks again
	// sees what it says.
	ErrTaken = errors.New("claim taken by another")
	// ErrChanged: the payment of the claim's reference cannot be made or approved any
	// more, or is for another amount; the car shows a new code.
	ErrChanged = errors.New("claim is not to be paid any more")
	// ErrUnavailable: it cannot be read, or the payment cannot be made now. Nothing is
	// wrong with the claim.
	ErrUnavailable = errors.New("claim cannot be paid now")
)

// Carried says whether a phone has carried a reference, and its record.
func (c *Carrier) Carried(ctx context.Context, reference string) (Record, bool) {
	r, _, err := c.cfg.Records.Get(ctx, reference)
	return r, err == nil && r.Text != "" && r.Pressed
}

// Own makes the payment that the car itself asks for. That is noted before, and from then
// on a phone that carries the claim finds the car's payment and makes none. If a phone was
// first, or this cannot be noted now, the reference itself sees to it that there is one
// payment; but then a refusal is not the end of it, because what the API refuses of the
// car it may take of the phone: the car is told that the outcome is open, and asks again.
func (c *Carrier) Own(ctx context.Context, reference string, create func() vipps.Result) vipps.Result {
	alone := c.taken(ctx, reference)
	res := create()
	if res.Kind == vipps.Rejected && !alone {
		res.Kind, res.After = vipps.Unknown, max(res.After, poll)
	}
	return res
}

// taken is true once no phone makes the payment of a reference.
func (c *Carrier) taken(ctx context.Context, reference string) bool {
	for range 3 {
		r, revision, err := c.cfg.Records.Get(ctx, reference)
		if err != nil || r.ByCar || r.Pressed {
			return err == nil && r.ByCar
		}
		r.ByCar = true
		if err := c.cfg.Records.Put(ctx, reference, r, revision); !errors.Is(err, ErrTaken) {
			return err == nil
		}
	}
	return false
}

// rewrite changes a record that is there, and is false if that failed.
func (c *Carrier) rewrite(ctx context.Context, reference string, f func(*Record)) bool {
	r, revision, err := c.cfg.Records.Get(ctx, reference)
	if err != nil {
		return false
	}
	f(&r)
	return c.cfg.Records.Put(ctx, reference, r, revision) == nil
}
