package fleet

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nkeys"

	"taxiterminal/fleet/claim"
	"taxiterminal/fleet/page"
	"taxiterminal/fleet/registry"
	"taxiterminal/money"
	"taxiterminal/trip"
	"taxiterminal/vipps"
)

// carried is what the gateway remembers of a reference that a claim named, or that a
// car has asked for itself; by the reference, in the bucket of claims.
type carried struct {
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
	Over    bool `json:"over,omitempty"` // captured, or ended without money
}

// errTaken: somebody else has just written the same record.
var errTaken = errors.New("claim taken")

// recall reads the record of a reference; its revision is 0 if there is none.
func (g *Gateway) recall(ctx context.Context, reference string) (c carried, revision uint64, err error) {
	e, err := g.claims.Get(ctx, reference)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return c, 0, nil
	}
	if err != nil {
		return c, 0, fmt.Errorf("claim read: %w", err)
	}
	return c, e.Revision(), json.Unmarshal(e.Value(), &c)
}

func (g *Gateway) remember(ctx context.Context, reference string, c carried, revision uint64) error {
	body, err := json.Marshal(c)
	if err != nil {
		return err
	}
	_, err = g.claims.Update(ctx, reference, body, revision)
	var api *jetstream.APIError
	if errors.As(err, &api) && api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence || errors.Is(err, jetstream.ErrKeyExists) {
		return errTaken
	}
	return err
}

// taken notes that the car itself asks for a reference, before it does. From then on a
// phone that carries its claim finds the car's payment and makes none. If this cannot
// be noted now, the reference itself still sees to it that there is one payment.
func (g *Gateway) taken(ctx context.Context, reference string) {
	for range 3 {
		c, revision, err := g.recall(ctx, reference)
		if err != nil || c.ByCar || c.Pressed {
			return
		}
		c.ByCar = true
		if err := g.remember(ctx, reference, c, revision); !errors.Is(err, errTaken) {
			return
		}
	}
}

// verify reads a claim and finds out whether it can be paid. ErrUnknown for every
// reason why not, so that nothing can be learned by trying.
func (f fares) verify(ctx context.Context, text string) (claim.Claim, registry.Vehicle, carried, uint64, error) {
	var none carried
	fail := func(why error) (claim.Claim, registry.Vehicle, carried, uint64, error) {
		f.metrics.claim(why)
		return claim.Claim{}, registry.Vehicle{}, none, 0, page.ErrUnknown
	}
	u, err := claim.Parse(text)
	if err != nil {
		return fail(err)
	}
	t, err := f.signer(ctx, u)
	if err != nil {
		return fail(err)
	}
	public, err := publicKey(t.ID)
	if err != nil {
		return fail(err)
	}
	c, err := u.Verify(claim.Terminal{Public: public, Vehicle: t.Vehicle, Revoked: !t.Revoked.IsZero()})
	if err != nil {
		return fail(err)
	}
	v, err := f.registry.Vehicle(ctx, t.Vehicle)
	if err != nil {
		return fail(err)
	}
	record, revision, err := f.recall(ctx, c.Reference())
	if err != nil {
		return claim.Claim{}, v, none, 0, page.ErrUnavailable
	}
	if record.First.IsZero() {
		record.Terminal, record.Text, record.First = t.ID, text, time.Now().UTC()
		record.Amount, record.Currency, record.Serial = c.Amount.Value, c.Amount.Currency, c.Serial
		if err := f.remember(ctx, c.Reference(), record, revision); err != nil {
			return claim.Claim{}, v, none, 0, page.ErrUnavailable
		}
		if record, revision, err = f.recall(ctx, c.Reference()); err != nil {
			return claim.Claim{}, v, none, 0, page.ErrUnavailable
		}
	}
	seen := claim.Seen{First: record.First, Amount: record.Amount, Paid: record.Pressed || record.ByCar, Later: f.later(ctx, c)}
	err = claim.DefaultPolicy.Check(c, seen, time.Now())
	if errors.Is(err, claim.ErrUsed) {
		err = nil // there is a payment, which is looked at and not made again
	}
	if err != nil {
		return fail(err)
	}
	return c, v, record, revision, nil
}

// signer finds the terminal whose key signed a claim.
func (f fares) signer(ctx context.Context, u claim.Unverified) (registry.Terminal, error) {
	all, err := f.registry.Terminals(ctx)
	if err != nil {
		return registry.Terminal{}, err
	}
	for _, t := range all {
		if public, err := publicKey(t.ID); err == nil && claim.KeyIDOf(public) == u.Key() {
			return t, nil
		}
	}
	return registry.Terminal{}, claim.ErrUnknownKey
}

// publicKey is the Ed25519 key in a terminal's name.
func publicKey(terminal string) (ed25519.PublicKey, error) {
	raw, err := nkeys.Decode(nkeys.PrefixByteUser, []byte(terminal))
	if err != nil {
		return nil, fmt.Errorf("terminal name: %w", err)
	}
	return ed25519.PublicKey(raw), nil
}

// later is the first sight of a later fare of the same car. The car's newest trip in
// its journal counts like a claim that was seen.
func (f fares) later(ctx context.Context, c claim.Claim) time.Time {
	s, ok := f.journals.Newest(c.Trip.Vehicle)
	if ok && s.ID.File == c.Trip.File && s.ID.Number > c.Trip.Number {
		return s.BegunAt
	}
	return time.Time{}
}

// claimFare is what a claim leads to now.
func (f fares) claimFare(ctx context.Context, text string) (page.Fare, error) {
	c, v, record, _, err := f.verify(ctx, text)
	if err != nil {
		return page.Fare{}, err
	}
	fare := page.Fare{Car: f.carOf(v), State: page.Due, Bill: page.Bill{
		Trip: c.Trip.String(), Number: c.Trip.Short(), Amount: c.Amount,
	}}
	if !record.Pressed && !record.ByCar {
		return fare, nil
	}
	p, err := f.Payment(ctx, c.Reference())
	switch {
	case errors.Is(err, page.ErrUnknown):
		return fare, nil // pressed, and it never came to be
	case err != nil:
		return page.Fare{}, err
	}
	fare.State, fare.Code = p.State, p.Code
	switch p.State {
	case page.Stopped, page.Expired, page.Withdrawn, page.Released:
		fare.State = page.Closed // its reference is used up; the car shows a new code
	}
	return fare, nil
}

// payClaim makes the payment that a claim names, under the very reference and key that
// the car would use, so that there is one whoever comes first.
func (f fares) payClaim(ctx context.Context, text string, o page.Order) (string, error) {
	c, v, record, revision, err := f.verify(ctx, text)
	if err != nil {
		return "", err
	}
	reference := c.Reference()
	m := f.merchants[v.Merchant]
	switch {
	case c.Trip.String() != o.Trip || c.Amount != o.Amount:
		return "", page.ErrChanged
	case m == nil || m.client == nil || c.Amount.Value > m.Limit || c.Amount.Currency != m.Currency:
		return "", page.ErrUnavailable
	}
	if !record.Pressed && !record.ByCar {
		record.Pressed = true
		if err := f.remember(ctx, reference, record, revision); err != nil {
			return "", page.ErrBusy // the car, or another phone, in this very moment
		}
	}
	url, err := f.makeClaimed(ctx, m, c, record, o)
	if err == nil && !record.ByCar {
		f.carry.start(f.Gateway, reference)
	}
	return url, err
}

func (f fares) makeClaimed(ctx context.Context, m *merchant, c claim.Claim, record carried, o page.Order) (string, error) {
	reference := c.Reference()
	if !record.ByCar {
		body, err := vipps.CreatePayment{
			Amount: c.Amount, Reference: reference,
			Flow:        vipps.WebRedirect{ReturnURL: secured(o.Return(reference))},
			Description: "Taxi " + c.Trip.Vehicle + ", " + c.Trip.Short(),
			Metadata:    map[string]string{"vehicle": c.Trip.Vehicle, "trip": c.Trip.Short()},
		}.Encode()
		if err != nil {
			return "", fmt.Errorf("claimed payment: %w", err)
		}
		res := m.client.Create(ctx, trip.Key(reference, trip.OpCreate, 1), body)
		if res.Kind == vipps.Done && res.Payment.RedirectURL != "" {
			return res.Payment.RedirectURL, nil
		}
		if res.Kind != vipps.Done && !(res.Kind == vipps.Rejected && res.Err.Class == vipps.ClassConflict) {
			return "", page.ErrUnavailable
		}
	}
	// It exists: of the car's making, or of an earlier press.
	res := m.client.Get(ctx, reference)
	switch {
	case res.Kind != vipps.Done:
		return "", page.ErrUnavailable
	case res.Payment.State != vipps.Created || res.Payment.RedirectURL == "":
		return "", page.ErrChanged
	case res.Payment.Amount != c.Amount.Value:
		return "", page.ErrChanged
	}
	return res.Payment.RedirectURL, nil
}

// claimed is the record of a reference that a phone has carried.
func (f fares) claimed(ctx context.Context, reference string) (carried, bool) {
	c, _, err := f.recall(ctx, reference)
	return c, err == nil && c.Text != "" && c.Pressed
}

// codeOf are the six digits that prove the payment to the car.
func (f fares) codeOf(c carried, reference string, amount money.Amount) string {
	key, err := f.confirmSecret(c.Terminal)
	if err != nil {
		return ""
	}
	secret, err := claim.NewSecret(key)
	if err != nil {
		f.log.Error("confirmation code not made", "err", err)
		return ""
	}
	return secret.Code(reference, amount, claim.Paid)
}
