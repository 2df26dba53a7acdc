package carry

import (
	"context"
	"errors"
	"fmt"
	"time"

	"taxiterminal/fleet/claim"
	"taxiterminal/trip"
	"taxiterminal/vipps"
)

// Fare is a claim that can be paid, or has been.
type Fare struct {
	claim.Claim
	Signer string // the terminal's name
	// Exists: a phone or the car has asked for the payment, so it is to be looked at.
	Exists bool
}

// Read verifies the text of a claim and remembers when it was first seen. The errors
// are those of package claim for one that is no good, and ErrUnavailable.
func (c *Carrier) Read(ctx context.Context, text string) (Fare, error) {
	f, _, _, err := c.read(ctx, text)
	return f, err
}

func (c *Carrier) read(ctx context.Context, text string) (f Fare, r Record, revision uint64, err error) {
	u, err := claim.Parse(text)
	if err != nil {
		return f, r, 0, err
	}
	signer, err := c.cfg.Signer(ctx, u.Key())
	if err != nil {
		return f, r, 0, err
	}
	f.Signer = signer.ID
	if f.Claim, err = u.Verify(signer.Terminal); err != nil {
		return f, r, 0, err
	}
	if r, revision, err = c.seen(ctx, f, text); err != nil {
		return f, r, 0, errors.Join(ErrUnavailable, err)
	}
	f.Exists = r.Pressed || r.ByCar
	seen := claim.Seen{First: r.First, Amount: r.Amount, Paid: f.Exists, Later: c.cfg.Later(f.Claim)}
	err = claim.DefaultPolicy.Check(f.Claim, seen, time.Now())
	if errors.Is(err, claim.ErrUsed) {
		err = nil // there is a payment, which is looked at and not made again
	}
	return f, r, revision, err
}

// seen is the record of a claim, which the first who opens it makes.
func (c *Carrier) seen(ctx context.Context, f Fare, text string) (Record, uint64, error) {
	reference := f.Reference()
	r, revision, err := c.cfg.Records.Get(ctx, reference)
	if err != nil || !r.First.IsZero() {
		return r, revision, err
	}
	r.Terminal, r.Text, r.First = f.Signer, text, time.Now().UTC()
	r.Amount, r.Currency, r.Serial = f.Amount.Value, f.Amount.Currency, f.Serial
	if err := c.cfg.Records.Put(ctx, reference, r, revision); err != nil {
		return r, 0, err
	}
	return c.cfg.Records.Get(ctx, reference)
}

// Press is a passenger's press of the button: it makes the payment that a claim names,
// under the very reference and key that the car would use, so that there is one whoever
// comes first. It gives the address in the payment app. returnURL is where that leads
// back to. The errors are those of Read, ErrTaken and ErrChanged.
func (c *Carrier) Press(ctx context.Context, text, returnURL string) (redirect string, err error) {
	f, r, revision, err := c.read(ctx, text)
	if err != nil {
		return "", err
	}
	m, err := c.cfg.Merchant(ctx, f.Trip.Vehicle)
	if err != nil || f.Amount.Value > m.Limit || f.Amount.Currency != m.Currency {
		return "", errors.Join(ErrUnavailable, err)
	}
	if !r.ByCar && !r.Over {
		r.Pressed = true
		r.Presses++ // each counts anew for how long the payment is waited for
		if err := c.cfg.Records.Put(ctx, f.Reference(), r, revision); err != nil {
			return "", errors.Join(ErrTaken, err) // the car, or another phone, in this very moment
		}
	}
	if !r.ByCar && !r.Over {
		redirect, err = create(ctx, m.API, f.Claim, returnURL)
		if redirect != "" || err != nil {
			return redirect, err
		}
	}
	return existing(ctx, m.API, f.Claim) // of the car's making, or of an earlier press
}

// create makes the payment. It gives nothing if there is one that is not ours byte for
// byte.
func create(ctx context.Context, api API, c claim.Claim, returnURL string) (redirect string, err error) {
	reference := c.Reference()
	body, err := vipps.CreatePayment{
		Amount: c.Amount, Reference: reference,
		Flow:        vipps.WebRedirect{ReturnURL: returnURL},
		Description: "Taxi " + c.Trip.Vehicle + ", " + c.Trip.Short(),
		Metadata:    map[string]string{"vehicle": c.Trip.Vehicle, "trip": c.Trip.Short(), trip.Carried: "yes"},
	}.Encode()
	if err != nil {
		return "", fmt.Errorf("claimed payment: %w", err)
	}
	res := api.Create(ctx, trip.Key(reference, trip.OpCreate, 1), body)
	switch {
	case res.Kind == vipps.Done:
		return res.Payment.RedirectURL, nil
	case res.Kind == vipps.Rejected && res.Err.Class == vipps.ClassConflict:
		return "", nil
	}
	return "", ErrUnavailable
}

// existing is the address of a payment that exists.
func existing(ctx context.Context, api API, c claim.Claim) (redirect string, err error) {
	res := api.Get(ctx, c.Reference())
	switch {
	case res.Kind != vipps.Done:
		return "", ErrUnavailable
	case res.Payment.State != vipps.Created || res.Payment.RedirectURL == "", res.Payment.Amount != c.Amount.Value:
		return "", ErrChanged
	}
	return res.Payment.RedirectURL, nil
}
