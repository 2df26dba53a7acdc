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

	"taxiterminal/fleet/carry"
	"taxiterminal/fleet/claim"
	"taxiterminal/fleet/page"
	"taxiterminal/fleet/registry"
	"taxiterminal/money"
)

// records are those of carried payments, in the bucket of claims.
type records struct{ kv jetstream.KeyValue }

var _ carry.Records = records{}

// Get is part of carry.Records.
func (r records) Get(ctx context.Context, reference string) (c carry.Record, revision uint64, err error) {
	e, err := r.kv.Get(ctx, reference)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return c, 0, nil
	}
	if err != nil {
		return c, 0, fmt.Errorf("claim read: %w", err)
	}
	return c, e.Revision(), json.Unmarshal(e.Value(), &c)
}

// Put is part of carry.Records.
func (r records) Put(ctx context.Context, reference string, c carry.Record, revision uint64) error {
	body, err := json.Marshal(c)
	if err != nil {
		return err
	}
	_, err = r.kv.Update(ctx, reference, body, revision)
	var api *jetstream.APIError
	if errors.As(err, &api) && api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence || errors.Is(err, jetstream.ErrKeyExists) {
		return carry.ErrTaken
	}
	return err
}

// Watch is part of carry.Records.
func (r records) Watch(ctx context.Context, f func(string, carry.Record)) error {
	w, err := r.kv.WatchAll(ctx, jetstream.IgnoreDeletes())
	if err != nil {
		return fmt.Errorf("claims watch: %w", err)
	}
	defer func() { _ = w.Stop() }()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case e, ok := <-w.Updates():
			if !ok {
				return errors.New("claims watch: ended")
			}
			if e == nil { // everything old has been seen
				continue
			}
			var c carry.Record
			if json.Unmarshal(e.Value(), &c) == nil {
				f(e.Key(), c)
			}
		}
	}
}

func (g *Gateway) newCarrier(kv jetstream.KeyValue) *carry.Carrier {
	return carry.New(carry.Config{
		Records: records{kv}, Signer: g.signer, Merchant: g.merchantOf, Later: g.later, Log: g.log.With("part", "carry"),
	})
}

// signer finds the terminal whose key signed a claim.
func (g *Gateway) signer(ctx context.Context, key claim.KeyID) (carry.Signer, error) {
	all, err := g.registry.Terminals(ctx)
	if err != nil {
		return carry.Signer{}, err
	}
	for _, t := range all {
		if public, err := publicKey(t.ID); err == nil && claim.KeyIDOf(public) == key {
			return carry.Signer{ID: t.ID, Terminal: claim.Terminal{Public: public, Vehicle: t.Vehicle, Revoked: !t.Revoked.IsZero()}}, nil
		}
	}
	return carry.Signer{}, claim.ErrUnknownKey
}

// publicKey is the Ed25519 key in a terminal's name.
func publicKey(terminal string) (ed25519.PublicKey, error) {
	raw, err := nkeys.Decode(nkeys.PrefixByteUser, []byte(terminal))
	if err != nil {
		return nil, fmt.Errorf("terminal name: %w", err)
	}
	return ed25519.PublicKey(raw), nil
}

// merchantOf is whose payments a vehicle makes.
func (g *Gateway) merchantOf(ctx context.Context, vehicle string) (carry.Merchant, error) {
	v, err := g.registry.Vehicle(ctx, vehicle)
	var refusal *registry.Refusal
	if errors.As(err, &refusal) {
		return carry.Merchant{}, err
	}
	m := g.merchants[v.Merchant]
	if err != nil || m == nil || m.client == nil {
		return carry.Merchant{}, errors.Join(carry.ErrUnavailable, err)
	}
	return carry.Merchant{API: m.client, Currency: m.Currency, Limit: m.Limit}, nil
}

// later is the first sight of a later fare of the same car. The car's newest trip in
// its journal counts like a claim that was seen.
func (g *Gateway) later(c claim.Claim) time.Time {
	s, ok := g.journals.Newest(c.Trip.Vehicle)
	if ok && s.ID.File == c.Trip.File && s.ID.Number > c.Trip.Number {
		return s.BegunAt
	}
	return time.Time{}
}

// inPageWords is why a claim cannot be paid, as the page says it: unknown for every
// reason why one is no good, so that nothing can be learned by trying.
func (f fares) inPageWords(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, carry.ErrTaken):
		return page.ErrBusy
	case errors.Is(err, carry.ErrChanged):
		return page.ErrChanged
	case errors.Is(err, carry.ErrUnavailable):
		return page.ErrUnavailable
	}
	f.metrics.claim(err)
	return page.ErrUnknown
}

// claimFare is what a claim leads to now.
func (f fares) claimFare(ctx context.Context, text string) (page.Fare, error) {
	c, err := f.carry.Read(ctx, text)
	if err != nil {
		return page.Fare{}, f.inPageWords(err)
	}
	v, err := f.registry.Vehicle(ctx, c.Trip.Vehicle)
	if err != nil {
		return page.Fare{}, f.inPageWords(err)
	}
	fare := page.Fare{Car: f.carOf(v), State: page.Due, Bill: page.Bill{
		Trip: c.Trip.String(), Number: c.Trip.Short(), Amount: c.Amount,
	}}
	if !c.Exists {
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

// payClaim makes the payment that a claim names.
func (f fares) payClaim(ctx context.Context, text string, o page.Order) (string, error) {
	c, err := f.carry.Read(ctx, text)
	if err != nil {
		return "", f.inPageWords(err)
	}
	if c.Trip.String() != o.Trip || c.Amount != o.Amount {
		return "", page.ErrChanged
	}
	url, err := f.carry.Press(ctx, text, secured(o.Return(c.Reference())))
	return url, f.inPageWords(err)
}

// codeOf are the six digits that prove the payment to the car.
func (f fares) codeOf(r carry.Record, reference string, amount money.Amount) string {
	key, err := f.confirmSecret(r.Terminal)
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
