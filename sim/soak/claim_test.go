package soak

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"taxiterminal/fleet/carry"
	"taxiterminal/fleet/claim"
	"taxiterminal/money"
	"taxiterminal/terminal"
	"taxiterminal/trip"
)

// claimHost is the gateway's.
const claimHost = "fleet.example"

var (
	carKey       = ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	carPublic    = carKey.Public().(ed25519.PublicKey)
	codes, _     = claim.NewSecret(make([]byte, claim.SecretSize))
	errNoVehicle = errors.New("no such vehicle")
)

// claims are the car's, of one process.
type claims struct {
	p  *process
	mu sync.Mutex
	// made stay the same while the process lives, as the code on the screen must.
	made map[string]string
}

var _ terminal.Claims = (*claims)(nil)

func (c *claims) URL(id trip.ID, attempt int, amount money.Amount, now time.Time) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	name := id.Reference(attempt) + amount.String()
	if c.made[name] == "" {
		text, err := claim.Sign(claim.Claim{Trip: id, Attempt: attempt, Amount: amount, Serial: uint64(c.p.store.End().Seq), Issued: now.UTC().Truncate(time.Second)},
			carPublic, func(b []byte) ([]byte, error) { return ed25519.Sign(carKey, b), nil })
		if err != nil {
			return "", err
		}
		c.made[name] = claim.URL(claimHost, text)
	}
	return c.made[name], nil
}

func (c *claims) Confirm(reference string, amount money.Amount, code string, missed int, last time.Time) (bool, error) {
	if err := (claim.Guard{Wrong: missed, Last: last}).Allow(time.Now()); err != nil {
		return false, err
	}
	outcome, ok := codes.Read(reference, amount, code)
	return ok && outcome == claim.Paid, nil
}

// bucket keeps the gateway's records of claims, whatever becomes of its processes.
type bucket struct {
	mu      sync.Mutex
	records map[string]record
	watch   map[chan string]bool
}

type record struct {
	body     []byte
	revision uint64
}

func newBucket() *bucket { return &bucket{records: map[string]record{}, watch: map[chan string]bool{}} }

// records is the bucket as one process of the gateway sees it: whatever it does there
// can come to nothing, or be done and not be answered.
type records struct {
	l     *life
	gates *gates
	*bucket
}

var errBucket = errors.New("the bucket does not answer")

func (r records) Get(ctx context.Context, reference string) (c carry.Record, revision uint64, err error) {
	if r.gates.pass(ctx, "look up "+r.l.anonymous(reference)) != goOn {
		return c, 0, errBucket
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	kept, ok := r.records[reference]
	if !ok {
		return c, 0, nil
	}
	return c, kept.revision, json.Unmarshal(kept.body, &c)
}

func (r records) Put(ctx context.Context, reference string, c carry.Record, revision uint64) error {
	name := r.l.anonymous(reference)
	if r.gates.pass(ctx, "note "+name) != goOn {
		return errBucket
	}
	r.mu.Lock()
	if r.records[reference].revision != revision {
		r.mu.Unlock()
		return carry.ErrTaken
	}
	body, err := json.Marshal(c)
	r.l.must(err)
	r.records[reference] = record{body, revision + 1}
	for w := range r.watch {
		w <- reference
	}
	r.mu.Unlock()
	if r.gates.pass(ctx, "noted "+name) != goOn {
		return errBucket
	}
	return nil
}

func (r records) Watch(ctx context.Context, f func(string, carry.Record)) error {
	news := make(chan string, 1000)
	r.mu.Lock()
	for _, reference := range slices.Sorted(maps.Keys(r.records)) {
		news <- reference
	}
	r.watch[news] = true
	r.mu.Unlock()
	for {
		select {
		case <-ctx.Done():
			r.mu.Lock()
			delete(r.watch, news)
			r.mu.Unlock()
			return ctx.Err()
		case reference := <-news:
			r.mu.Lock()
			body := r.records[reference].body
			r.mu.Unlock()
			var c carry.Record
			r.l.must(json.Unmarshal(body, &c))
			f(reference, c)
		}
	}
}

// newCarrier is the gateway's part in claims.
func (l *life) newCarrier(g *gates) *carry.Carrier {
	api := l.client(&wire{l: l, gates: g, inner: l.api.Transport(), carried: true})
	return carry.New(carry.Config{
		Records: records{l, g, l.bucket},
		Signer: func(_ context.Context, key claim.KeyID) (carry.Signer, error) {
			if key != claim.KeyIDOf(carPublic) {
				return carry.Signer{}, claim.ErrUnknownKey
			}
			return carry.Signer{ID: "terminal", Terminal: claim.Terminal{Public: carPublic, Vehicle: "T122"}}, nil
		},
		Merchant: func(_ context.Context, vehicle string) (carry.Merchant, error) {
			if vehicle != "T122" {
				return carry.Merchant{}, errNoVehicle
			}
			return carry.Merchant{API: api, Currency: money.NOK, Limit: 65_000_000}, nil
		},
		Later: func(claim.Claim) time.Time { return time.Time{} },
		Log:   slog.New(slog.DiscardHandler),
	})
}

// phone is a passenger with a claim: looks at the screen, or presses the button of the
// page, perhaps of a fare that is long over.
func (l *life) phone() {
	if v := l.screen.now(); v.Claim && l.car != nil {
		if text := strings.TrimPrefix(v.QR, claim.URL(claimHost, "")); !slices.Contains(l.claims, text) {
			l.claims = append(l.claims, text)
			l.tell("claim scanned, trip %s %s", v.Trip, v.Amount)
		}
	}
	if len(l.claims) == 0 {
		return
	}
	text := l.claims[max(0, len(l.claims)-1-l.random.IntN(3))]
	c := l.claimed(text)
	l.tell("claim %s pressed", l.anonymous(c.Reference()))
	g := l.gateway
	l.behind.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 25*time.Second)
		defer cancel()
		switch _, err := g.carry.Press(ctx, text, back+c.Reference()); {
		case err == nil:
			l.opened(c.Reference())
		case g.gates.powered():
			l.tell("press of %s: %v", l.anonymous(c.Reference()), err)
		}
	})
}

// back is where the app leads to after a payment that a phone has carried.
const back = "https://" + claimHost + "/r/"

func (l *life) claimed(text string) claim.Claim {
	u, err := claim.Parse(text)
	l.must(err)
	c, err := u.Verify(claim.Terminal{Public: carPublic, Vehicle: "T122"})
	l.must(err)
	return c
}

// digits lets the driver type what a phone shows: the code of a payment that is
// captured, or any other.
func (l *life) digits() {
	v := l.screen.now()
	s, ok := l.audit.trips[numberOf(v.Trip)]
	if !v.Driver.CanConfirm || !ok || len(s.Attempts) == 0 {
		return
	}
	a := s.Attempts[len(s.Attempts)-1]
	ref := s.ID.Reference(a.N)
	code := "000000"
	if p, _ := l.api.Payment(ref); p.Captured > 0 {
		code = codes.Code(ref, money.Of(p.Captured, money.NOK), claim.Paid)
	} else if !l.chance(10) {
		return
	}
	t := l.car.term
	l.hand("digits", "", func(ctx context.Context) error { return t.Confirm(ctx, v.Trip, code) })
}

// web is a passenger who presses the button of the car's page, which may show an older
// state of the trip.
func (l *life) web() {
	v := l.screen.now()
	s, ok := l.audit.trips[numberOf(v.Trip)]
	if !ok {
		return
	}
	e := trip.WebAsked{N: len(s.Attempts) + 1 - l.random.IntN(2)*l.random.IntN(2), Share: l.chance(30)}
	e.ReturnURL = "https://" + claimHost + "/t/" + s.ID.Reference(e.N)
	if l.chance(30) {
		e.Tip = money.Minor(100 * (1 + l.random.IntN(50)))
		l.truth.tips[e.Tip] = true
	}
	t := l.car.term
	l.hand("page", string(trip.WebAsked{}.Kind()), func(ctx context.Context) error { return t.AskWeb(ctx, s.ID.Short(), e) })
}
