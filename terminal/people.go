package terminal

import (
	"encoding/json"
	"errors"
	"fmt"

	"taxiterminal/outbox"
	"taxiterminal/trip"
	"taxiterminal/vipps"
)

// privateRecipient is the kind of the private values that hold a number or code that
// was typed for one request. They are forgotten when that request is over.
const privateRecipient = "recipient"

// recipient is what such a value holds: one of the three.
type recipient struct {
	Number        string `json:"number,omitempty"` // digits with country code
	PersonalQR    string `json:"personal_qr,omitempty"`
	CustomerToken string `json:"customer_token,omitempty"`
}

// keep writes a recipient that was typed.
func (c *commit) keep(r recipient) (trip.Recipient, error) {
	body, err := json.Marshal(r)
	if err != nil {
		return trip.Recipient{}, err
	}
	id, err := c.Keep(privateRecipient, body)
	if err != nil {
		return trip.Recipient{}, err
	}
	c.kept = append(c.kept, id)
	c.then(func() { c.t.book.masks[id] = c.t.maskOf(r) })
	return trip.Recipient{Kind: trip.ToTyped, ID: id}, nil
}

// customer finds out whom a request goes to.
func (c *commit) customer(to trip.Recipient) (vipps.Customer, error) {
	if to.Kind == trip.ToContact {
		if p := c.t.book.contacts[to.ID]; p != nil {
			return vipps.ByPhoneNumber(p.Number), nil
		}
		return vipps.Customer{}, errForgotten
	}
	kept, err := c.Private(privateRecipient, to.ID)
	if errors.Is(err, outbox.ErrNoPrivate) {
		return vipps.Customer{}, errForgotten
	}
	if err != nil {
		return vipps.Customer{}, err
	}
	var r recipient
	if err := json.Unmarshal(kept.Body, &r); err != nil {
		return vipps.Customer{}, fmt.Errorf("recipient %d: %w", to.ID, err)
	}
	switch {
	case r.PersonalQR != "":
		return vipps.ByPersonalQR(r.PersonalQR), nil
	case r.CustomerToken != "":
		return vipps.ByToken(r.CustomerToken), nil
	}
	return vipps.ByPhoneNumber(r.Number), nil
}

var errForgotten = errors.New("the recipient is not on file any more")

// people keeps what is known of passengers in step with the trip: a number typed for
// a request goes when the request is over, a contact who pays has ridden again.
func (c *commit) people(before trip.State) error {
	after := typedIn(c.state)
	for id := range typedIn(before, c.kept...) {
		if after[id] {
			continue
		}
		if err := c.Forget(privateRecipient, id); err != nil && !errors.Is(err, outbox.ErrNoPrivate) {
			return err
		}
		c.then(func() {
			delete(c.t.book.masks, id)
			c.t.scrubLater()
		})
	}
	for i, a := range c.state.Attempts {
		paid := a.Captured > 0 && (i >= len(before.Attempts) || before.Attempts[i].Captured == 0)
		if paid && a.To.Kind == trip.ToContact {
			if err := c.rode(a.To.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// typedIn are the typed recipients that a trip still needs.
func typedIn(s trip.State, more ...int64) map[int64]bool {
	ids := map[int64]bool{}
	for _, id := range more {
		ids[id] = true
	}
	if s.SendTo.Kind == trip.ToTyped {
		ids[s.SendTo.ID] = true
	}
	for _, a := range s.Attempts {
		if a.To.Kind == trip.ToTyped && !a.Final() {
			ids[a.To.ID] = true
		}
	}
	return ids
}

// maskOf is what screens may show of a recipient.
func (t *Terminal) maskOf(r recipient) string {
	if r.Number == "" || t.cfg.Phones == nil {
		return ""
	}
	return t.cfg.Phones.Mask(r.Number)
}

// recipientShown is what may be shown of whom a request went to.
func (t *Terminal) recipientShown(to trip.Recipient) string {
	if to.Kind == trip.ToTyped {
		return t.book.masks[to.ID]
	}
	if p := t.book.contacts[to.ID]; p != nil {
		return t.maskOf(recipient{Number: p.Number})
	}
	return ""
}
