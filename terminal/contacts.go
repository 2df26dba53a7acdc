package terminal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"taxiterminal/display"
	"taxiterminal/outbox"
	"taxiterminal/vipps"
)

// privateContact is the kind of the private values that hold a contact.
const privateContact = "contact"

// Contact is a passenger who agreed to share the phone number with the merchant.
type Contact struct {
	ID int64 `json:"id"`
	// Sub is the passenger's identifier at the API, for this merchant only.
	Sub      string    `json:"sub,omitempty"`
	Number   string    `json:"number,omitempty"` // country code and number in digits
	Name     string    `json:"name,omitempty"`
	Consents []Consent `json:"consents"`
	LastRide time.Time `json:"last_ride"` // UTC
	// Unsure: that is by the car's own clock, and the API had not said the time.
	Unsure bool `json:"unsure,omitempty"`
}

// Consent is when and for which trip the passenger agreed.
type Consent struct {
	Trip  string    `json:"trip"`
	At    time.Time `json:"at"` // the car's clock, UTC
	Scope string    `json:"scope"`
}

// maxConsents are kept of a passenger: the first and the last ones.
const maxConsents = 10

// book is the passengers in memory. It belongs to the loop.
type book struct {
	contacts map[int64]*Contact
	masks    map[int64]string // of typed recipients that are in use
	err      error            // why nothing can be kept; nil if it can
}

func newBook() *book { return &book{contacts: map[int64]*Contact{}, masks: map[int64]string{}} }

// loadBook reads everything private. Without the right key nobody is known and
// nothing is kept; that is a fault on the driver's screen, not a reason to stop.
func (t *Terminal) loadBook(ctx context.Context) {
	if t.book.err = t.store.CheckKey(ctx); t.book.err != nil {
		if t.wantsKey() {
			t.log.Error("phone numbers cannot be kept, so none is asked for and no request goes to a phone", "err", t.book.err)
		}
		return
	}
	contacts, err := t.store.Privates(ctx, privateContact)
	recipients, err2 := t.store.Privates(ctx, privateRecipient)
	if t.book.err = errors.Join(err, err2); t.book.err != nil {
		t.log.Error("private values cannot be read", "err", t.book.err)
		return
	}
	for _, p := range contacts {
		c := &Contact{}
		if err := json.Unmarshal(p.Body, c); err != nil {
			t.log.Error("contact cannot be read", "contact", p.ID, "err", err)
			continue
		}
		c.ID = p.ID
		t.book.contacts[p.ID] = c
	}
	for _, p := range recipients {
		var r recipient
		if json.Unmarshal(p.Body, &r) == nil {
			t.book.masks[p.ID] = t.maskOf(r)
		}
	}
}

// wantsKey: something is configured that needs a place for phone numbers.
func (t *Terminal) wantsKey() bool { return t.cfg.Terms.Share != "" || t.cfg.Phones != nil }

// learn keeps what a passenger has shared, in the transaction of the trip: as a new
// contact, or as one more ride of a known one. It gives the contact's number.
func (c *commit) learn(p vipps.Person, sub, scope string) (int64, error) {
	known := c.t.book.find(sub, p.Phone())
	next := Contact{}
	if known != nil {
		next = *known
		next.Consents = slices.Clone(known.Consents)
	}
	next.Sub, next.Number, next.Name = orOld(sub, next.Sub), orOld(p.Phone(), next.Number), orOld(p.Name(), next.Name)
	c.t.dateRide(&next)
	next.consent(Consent{Trip: c.state.ID.String(), At: c.Now(), Scope: scope})
	if known != nil {
		return next.ID, c.replaceContact(next)
	}
	body, err := json.Marshal(next)
	if err != nil {
		return 0, err
	}
	if next.ID, err = c.Keep(privateContact, body); err != nil {
		return 0, err
	}
	c.then(func() { c.t.book.contacts[next.ID] = &next })
	return next.ID, nil
}

func (c *Contact) consent(n Consent) {
	c.Consents = append(c.Consents, n)
	if len(c.Consents) > maxConsents {
		c.Consents = slices.Delete(c.Consents, 1, 2)
	}
}

// rode notes one more ride of a contact, if it is still known.
func (c *commit) rode(id int64) error {
	known := c.t.book.contacts[id]
	if known == nil {
		return nil
	}
	next := *known
	c.t.dateRide(&next)
	return c.replaceContact(next)
}

func (c *commit) replaceContact(next Contact) error {
	body, err := json.Marshal(next)
	if err != nil {
		return err
	}
	if err := c.Replace(privateContact, next.ID, body); err != nil {
		return err
	}
	c.then(func() { c.t.book.contacts[next.ID] = &next })
	return nil
}

// find knows a passenger by the identifier, which is never given to another, before
// the number, which may be.
func (b *book) find(sub, number string) *Contact {
	for _, same := range []func(*Contact) bool{
		func(c *Contact) bool { return sub != "" && c.Sub == sub },
		func(c *Contact) bool { return number != "" && c.Number == number && (c.Sub == "" || sub == "") },
	} {
		for _, c := range b.contacts {
			if same(c) {
				return c
			}
		}
	}
	return nil
}

func orOld(s, old string) string {
	if s == "" {
		return old
	}
	return s
}

const (
	fewestDigits = 3 // with fewer, a driver would read through everybody
	mostContacts = 6
)

// Contacts are the passengers whose number ends with these digits, the last to ride
// first. It is part of display.Desk.
func (t *Terminal) Contacts(_ context.Context, digits string) ([]display.Contact, error) {
	if len(digits) < fewestDigits || strings.Trim(digits, "0123456789") != "" {
		return nil, nil
	}
	var found []Contact
	t.do(func() {
		for _, c := range t.book.contacts {
			if strings.HasSuffix(c.Number, digits) {
				found = append(found, *c)
			}
		}
	})
	slices.SortFunc(found, func(a, b Contact) int { return b.LastRide.Compare(a.LastRide) })
	out := []display.Contact{}
	for _, c := range found[:min(len(found), mostContacts)] {
		out = append(out, display.Contact{ID: c.ID, Masked: t.maskOf(recipient{Number: c.Number}), Name: c.Name})
	}
	return out, nil
}

// Passengers are all contacts, oldest first. The error says why none can be kept.
func (t *Terminal) Passengers() (all []Contact, err error) {
	t.do(func() {
		err = t.book.err
		for _, c := range t.book.contacts {
			all = append(all, *c)
		}
	})
	slices.SortFunc(all, func(a, b Contact) int { return int(a.ID - b.ID) })
	return all, err
}

// ErrNoContact means that nobody of that number is known.
var ErrNoContact = errors.New("no such contact")

// Forget removes a contact from the file and its log. What stays is a number in the
// journal that stands for nobody.
func (t *Terminal) Forget(ctx context.Context, id int64, why string) error {
	err := errEnded
	t.do(func() {
		if t.book.contacts[id] == nil {
			err = ErrNoContact
			return
		}
		err = t.forget(id, why)
	})
	if err != nil {
		return err
	}
	return t.store.Scrub(ctx)
}

func (t *Terminal) forget(id int64, why string) error {
	err := t.store.Commit(context.Background(), func(tx *outbox.Tx) error {
		if err := tx.Forget(privateContact, id); err != nil {
			return err
		}
		return appendEvent(tx, ownStream, ownForgotten, forgotten{Contact: id, Why: why})
	})
	t.wrote(err)
	if err != nil {
		return fmt.Errorf("contact %d forget: %w", id, err)
	}
	delete(t.book.contacts, id)
	return nil
}

type forgotten struct {
	Contact int64  `json:"contact"`
	Why     string `json:"why"` // asked, withdrawn, retention
}

// scrubLater empties the log of the file beside the loop.
func (t *Terminal) scrubLater() {
	t.work(func(ctx context.Context) {
		if err := t.store.Scrub(ctx); err != nil && ctx.Err() == nil {
			t.log.Warn("log of the outbox not emptied yet", "err", err)
		}
	})
}

// sweepEvery is how often contacts and trips are looked through for those to forget.
const sweepEvery = time.Hour

// sweep forgets contacts whose last ride is longer ago than they are kept. It does so
// only while the time of day is known from the API: a car's clock may be years wrong.
func (t *Terminal) sweep(ctx context.Context) {
	for wait(ctx, sweepEvery) {
		t.do(t.sweepOnce)
		t.retain(ctx)
	}
}

// clockEra is older than every ride that this program can have seen.
var clockEra = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

func (t *Terminal) redate(c *Contact, now time.Time) {
	next := *c
	next.LastRide, next.Unsure = now, false
	err := t.store.Commit(context.Background(), func(tx *outbox.Tx) error {
		return (&commit{Tx: tx, t: t}).replaceContact(next)
	})
	if t.wrote(err); err != nil {
		t.log.Error("contact not dated yet", "contact", c.ID, "err", err)
		return
	}
	t.book.contacts[c.ID] = &next
}

// dateRide dates the last ride as well as is known. A date that only the car's own clock
// gives counts for the list, and not against the contact.
func (t *Terminal) dateRide(c *Contact) {
	now, trusted := t.clock.Now(time.Now())
	c.LastRide, c.Unsure = now.UTC().Truncate(time.Second), !trusted
}

func (t *Terminal) sweepOnce() {
	now, trusted := t.clock.Now(time.Now())
	if !trusted || t.cfg.Keep <= 0 {
		return
	}
	swept := false
	for id, c := range t.book.contacts {
		if now.Sub(c.LastRide) <= t.cfg.Keep {
			continue
		}
		if c.Unsure || c.LastRide.Before(clockEra) {
			t.redate(c, now) // the last ride was by a clock that was not set
			continue
		}
		if err := t.forget(id, "retention"); err != nil {
			t.log.Error("contact not forgotten yet", "contact", id, "err", err)
			continue
		}
		swept = true
	}
	if swept {
		t.scrubLater()
	}
}
