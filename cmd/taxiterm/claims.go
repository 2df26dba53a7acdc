package main

import (
	"crypto/ed25519"
	"errors"
	"slices"
	"sync"
	"time"

	"taxiterminal/fleet/claim"
	"taxiterminal/money"
	"taxiterminal/terminal"
	"taxiterminal/trip"
)

// claims signs what a passenger's phone carries to the gateway, and reads the codes
// that it brings back.
type claims struct {
	public ed25519.PublicKey
	sign   func([]byte) ([]byte, error)
	serial func() int64 // of the journal's last row
	told   func() enrolment

	mu   sync.Mutex
	made []madeClaim // oldest first
}

// madeClaim is a claim that was shown: the code on the screen must not change while it
// is scanned.
type madeClaim struct {
	reference string
	amount    money.Amount
	text      string
}

// maxClaims is more than there are trips on the driver's list.
const maxClaims = 32

var _ terminal.Claims = (*claims)(nil)

var (
	errNoClaimHost = errors.New("the gateway has not said where claims go")
	errNoSecret    = errors.New("the gateway has not given this terminal the secret of confirmation codes")
)

// URL is part of terminal.Claims.
func (c *claims) URL(id trip.ID, attempt int, amount money.Amount, now time.Time) (string, error) {
	host := c.told().ClaimHost
	if host == "" {
		return "", errNoClaimHost
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	reference := id.Reference(attempt)
	i := slices.IndexFunc(c.made, func(m madeClaim) bool { return m.reference == reference && m.amount == amount })
	if i >= 0 {
		return claim.URL(host, c.made[i].text), nil
	}
	made := claim.Claim{Trip: id, Attempt: attempt, Amount: amount, Serial: uint64(max(0, c.serial()))}
	if !now.IsZero() {
		made.Issued = now.UTC().Truncate(time.Second)
	}
	text, err := claim.Sign(made, c.public, c.sign)
	if err != nil {
		return "", err
	}
	if len(c.made) == maxClaims {
		c.made = slices.Delete(c.made, 0, 1)
	}
	c.made = append(c.made, madeClaim{reference, amount, text})
	return claim.URL(host, text), nil
}

// Confirm is part of terminal.Claims. A code that says that nothing was paid proves
// nothing.
func (c *claims) Confirm(reference string, amount money.Amount, code string, missed int, last time.Time) (bool, error) {
	if err := (claim.Guard{Wrong: missed, Last: last}).Allow(time.Now()); err != nil {
		return false, err
	}
	secret, err := claim.NewSecret(c.told().Secret)
	if err != nil {
		return false, errNoSecret
	}
	outcome, ok := secret.Read(reference, amount, code)
	return ok && outcome == claim.Paid, nil
}
