package carry

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/fleet/claim"
	"taxiterminal/money"
	"taxiterminal/trip"
	"taxiterminal/vipps"
	"taxiterminal/vipps/vippstest"
)

// shelf keeps records as a bucket does.
type shelf struct {
	mu      sync.Mutex
	records map[string]kept
	news    map[chan string]bool
	race    func() // runs before the next Put, once
}

type kept struct {
	body     []byte
	revision uint64
}

func newShelf() *shelf { return &shelf{records: map[string]kept{}, news: map[chan string]bool{}} }

func (s *shelf) Get(_ context.Context, reference string) (r Record, revision uint64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, ok := s.records[reference]
	if !ok {
		return r, 0, nil
	}
	return r, k.revision, json.Unmarshal(k.body, &r)
}

func (s *shelf) Put(_ context.Context, reference string, r Record, revision uint64) error {
	if race := s.race; race != nil {
		s.race = nil
		race()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.records[reference].revision != revision {
		return ErrTaken
	}
	body, err := json.Marshal(r)
	s.records[reference] = kept{body, revision + 1}
	for n := range s.news {
		n <- reference
	}
	return err
}

func (s *shelf) Watch(ctx context.Context, f func(string, Record)) error {
	s.mu.Lock()
	news := make(chan string, 100)
	s.news[news] = true
	for _, reference := range slices.Sorted(maps.Keys(s.records)) {
		news <- reference
	}
	s.mu.Unlock()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case reference := <-news:
			r, _, err := s.Get(ctx, reference)
			if err != nil {
				return err
			}
			f(reference, r)
		}
	}
}

// desk is a gateway's part in it, with a car's key and the payment API.
type desk struct {
	t *testing.T
	*shelf
	*Carrier
	sim  *vippstest.Sim
	stop func()
	sign ed25519.PrivateKey
}

// back is where the app leads to after the payment of a reference.
func back(reference string) string { return "https://fleet.example/back/" + reference }

// at opens a desk in a bubble of virtual time.
func at(t *testing.T, f func(t *testing.T, d *desk)) {
	synctest.Test(t, func(t *testing.T) {
		_, private, err := ed25519.GenerateKey(nil)
		require.NoError(t, err)
		d := &desk{t: t, shelf: newShelf(), sign: private, sim: vippstest.New(vippstest.Options{Seed: 1, ExpiryLag: time.Second})}
		d.open()
		defer func() { d.stop(); d.sim.Close() }()
		f(t, d)
	})
}

// open starts a process of the gateway, on the records that are there.
func (d *desk) open() {
	client, err := vipps.New(vipps.Config{
		BaseURL: "http://127.0.0.1", MSN: vippstest.DefaultMSN, ClientID: vippstest.DefaultClientID,
		ClientSecret: vipps.NewSecret(vippstest.DefaultClientSecret), SubscriptionKey: vipps.NewSecret(vippstest.DefaultSubscriptionKey),
		System: vipps.System{Name: "taxi-terminal", Version: "1", PluginName: "test", PluginVersion: "1"}, Transport: d.sim.Transport(),
	})
	require.NoError(d.t, err)
	public := d.sign.Public().(ed25519.PublicKey)
	d.Carrier = New(Config{
		Records: d.shelf,
		Signer: func(_ context.Context, key claim.KeyID) (Signer, error) {
			if key != claim.KeyIDOf(public) {
				return Signer{}, claim.ErrUnknownKey
			}
			return Signer{"terminal", claim.Terminal{Public: public, Vehicle: "T122"}}, nil
		},
		Merchant: func(context.Context, string) (Merchant, error) {
			return Merchant{API: client, Currency: money.NOK, Limit: 500_000}, nil
		},
		Later: func(claim.Claim) time.Time { return time.Time{} },
		Log:   slog.New(slog.DiscardHandler),
	})
	ctx, cancel := context.WithCancel(d.t.Context())
	done := make(chan error)
	go func() { done <- d.Run(ctx) }()
	d.stop = func() { cancel(); <-done }
}

// claimed is what the car shows for a fare.
func (d *desk) claimed(number int64, amount money.Minor) (text, reference string) {
	c := claim.Claim{Trip: trip.ID{Vehicle: "T122", File: "K7Q2X", Number: number}, Attempt: 1, Amount: money.Of(amount, money.NOK), Serial: 7}
	text, err := claim.Sign(c, d.sign.Public().(ed25519.PublicKey), func(b []byte) ([]byte, error) { return ed25519.Sign(d.sign, b), nil })
	require.NoError(d.t, err)
	return text, c.Reference()
}

func (d *desk) payment(reference string) vippstest.Payment {
	p, _ := d.sim.Payment(reference)
	return p
}

// pass lets time go by until everything stands still.
func (d *desk) pass(t time.Duration) {
	time.Sleep(t)
	synctest.Wait()
}

func TestAPressIsOnePaymentWhichIsCaptured(t *testing.T) {
	at(t, func(t *testing.T, d *desk) {
		text, reference := d.claimed(42, 28650)
		f, err := d.Read(t.Context(), text)
		require.NoError(t, err)
		require.False(t, f.Exists)
		first, err := d.Press(t.Context(), text, back(reference))
		require.NoError(t, err)
		again, err := d.Press(t.Context(), text, back(reference)+"?another-phone")
		require.NoError(t, err, "whoever comes later finds the same payment")
		require.Equal(t, first, again)
		require.NoError(t, d.sim.Act(reference, vippstest.Approve, 0))
		d.pass(poll)
		require.Equal(t, money.Minor(28650), d.payment(reference).Captured)
		r, ok := d.Carried(t.Context(), reference)
		require.True(t, ok && r.Over)
		_, err = d.Press(t.Context(), text, back(reference))
		require.ErrorIs(t, err, ErrChanged)
		require.Len(t, d.sim.Payments(), 1)
		require.Len(t, d.payment(reference).Keys, 2, "one create, one capture")
	})
}

func TestWhatOneProcessBeganTheNextEnds(t *testing.T) {
	at(t, func(t *testing.T, d *desk) {
		text, reference := d.claimed(42, 28650)
		_, err := d.sim.AddFault(vippstest.Fault{Kind: vippstest.LostResponse, Op: vippstest.OpCreate, Times: 1})
		require.NoError(t, err)
		_, err = d.Press(t.Context(), text, back(reference))
		require.ErrorIs(t, err, ErrUnavailable)
		d.stop()
		require.NoError(t, d.sim.Act(reference, vippstest.Approve, 0))
		d.pass(time.Minute)
		require.Zero(t, d.payment(reference).Captured)
		d.open()
		d.pass(time.Second)
		require.Equal(t, money.Minor(28650), d.payment(reference).Captured)
	})
}

func TestACarsOwnRequestIsNotMadeByAPhone(t *testing.T) {
	at(t, func(t *testing.T, d *desk) {
		text, reference := d.claimed(42, 28650)
		d.refusedOwn(reference, vipps.Retry)
		_, err := d.Press(t.Context(), text, back(reference))
		require.ErrorIs(t, err, ErrUnavailable, "the car's request is still on its way")
		require.Empty(t, d.sim.Payments())
		m, err := d.cfg.Merchant(t.Context(), "T122")
		require.NoError(t, err)
		body, err := vipps.CreatePayment{Amount: money.Of(28650, money.NOK), Reference: reference, Flow: vipps.WebRedirect{ReturnURL: back(reference) + "?of-the-car"}}.Encode()
		require.NoError(t, err)
		res := m.API.Create(t.Context(), trip.Key(reference, trip.OpCreate, 1), body)
		require.Equal(t, vipps.Done, res.Kind)
		url, err := d.Press(t.Context(), text, back(reference))
		require.NoError(t, err)
		require.Equal(t, res.Payment.RedirectURL, url)
		require.Len(t, d.sim.Payments(), 1)
	})
}

func TestWhoLosesTheRaceForARecordMakesNothing(t *testing.T) {
	at(t, func(t *testing.T, d *desk) {
		text, reference := d.claimed(42, 28650)
		_, err := d.Read(t.Context(), text)
		require.NoError(t, err)
		d.race = func() { d.refusedOwn(reference, vipps.Retry) }
		_, err = d.Press(t.Context(), text, back(reference))
		require.ErrorIs(t, err, ErrTaken)
		require.Empty(t, d.sim.Payments())
	})
}

// A press whose payment never came to be is not looked after for ever, and as long as
// the API cannot be asked nobody knows that.
func TestAPaymentThatWasNeverMadeIsGivenUp(t *testing.T) {
	at(t, func(t *testing.T, d *desk) {
		text, reference := d.claimed(42, 28650)
		_, err := d.sim.AddFault(vippstest.Fault{Kind: vippstest.LostRequest, Op: vippstest.OpCreate, Times: 1})
		require.NoError(t, err)
		_, err = d.Press(t.Context(), text, back(reference))
		require.ErrorIs(t, err, ErrUnavailable)
		require.NoError(t, d.sim.SetNetwork(vippstest.Refused, 0))
		d.pass(time.Hour)
		_, pressed := d.Carried(t.Context(), reference)
		require.True(t, pressed, "nobody could ask")
		require.NoError(t, d.sim.SetNetwork(vippstest.Up, 0))
		d.pass(2 * stubborn)
		_, pressed = d.Carried(t.Context(), reference)
		require.False(t, pressed)
	})
}

// refusedOwn is a create of the car's that does not get through, and gives what the car
// is told.
func (d *desk) refusedOwn(reference string, kind vipps.Kind) vipps.Kind {
	return d.Own(d.t.Context(), reference, func() vipps.Result {
		return vipps.Result{Kind: kind, Err: &vipps.Error{Class: vipps.ClassInvalid}}
	}).Kind
}

// What the API refuses of the car it may take of the phone, so as long as a phone can make
// the payment the car must not go on to the next one.
func TestARefusalOfTheCarsIsFinalOnlyWhenNoPhoneCanPay(t *testing.T) {
	at(t, func(t *testing.T, d *desk) {
		text, reference := d.claimed(42, 28650)
		_, err := d.sim.AddFault(vippstest.Fault{Kind: vippstest.LostRequest, Op: vippstest.OpCreate, Times: 1})
		require.NoError(t, err)
		_, err = d.Press(t.Context(), text, back(reference))
		require.ErrorIs(t, err, ErrUnavailable)
		require.Equal(t, vipps.Unknown, d.refusedOwn(reference, vipps.Rejected), "the phone's may be under way")
		d.pass(patience - time.Second)
		_, err = d.sim.AddFault(vippstest.Fault{Kind: vippstest.LostRequest, Op: vippstest.OpCreate, Times: 1})
		require.NoError(t, err)
		_, err = d.Press(t.Context(), text, back(reference))
		require.ErrorIs(t, err, ErrUnavailable)
		d.pass(time.Minute)
		require.Equal(t, vipps.Unknown, d.refusedOwn(reference, vipps.Rejected), "a second press counts anew")
		d.pass(patience + time.Minute)
		require.Equal(t, vipps.Rejected, d.refusedOwn(reference, vipps.Rejected))
		_, err = d.Press(t.Context(), text, back(reference))
		require.ErrorIs(t, err, ErrUnavailable)
		require.Empty(t, d.sim.Payments())
	})
}

func TestWhatIsRefused(t *testing.T) {
	at(t, func(t *testing.T, d *desk) {
		text, reference := d.claimed(42, 28650)
		stranger := *d
		_, stranger.sign, _ = ed25519.GenerateKey(nil)
		foreign, _ := stranger.claimed(42, 28650)
		dear, _ := d.claimed(43, 500_001)
		other, _ := d.claimed(42, 30000)
		_, err := d.Read(t.Context(), text)
		require.NoError(t, err)
		for _, c := range []struct {
			what, text string
			want       error
		}{
			{"no claim", "hello", claim.ErrMalformed},
			{"another's key", foreign, claim.ErrUnknownKey},
			{"more than the merchant's limit", dear, ErrUnavailable},
			{"another amount for the same reference", other, claim.ErrAltered},
		} {
			_, err := d.Press(t.Context(), c.text, back(reference))
			require.ErrorIs(t, err, c.want, c.what)
		}
		d.pass(claim.DefaultPolicy.Open + time.Second)
		_, err = d.Press(t.Context(), text, back(reference))
		require.ErrorIs(t, err, claim.ErrExpired)
		require.Empty(t, d.sim.Payments())
	})
}
