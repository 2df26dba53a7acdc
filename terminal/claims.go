package terminal

import (
	"context"
	"time"

	"taxiterminal/display"
	"taxiterminal/money"
	"taxiterminal/trip"
)

// Claims let a passenger's phone carry the fare to where there is a network, and bring
// back a code that proves the payment.
type Claims interface {
	// URL is the text of the code to scan: a signed claim to an attempt's amount. It
	// is the same whenever it is asked for the same. now is the time, zero if it is not
	// known for sure.
	URL(id trip.ID, attempt int, amount money.Amount, now time.Time) (string, error)
	// Confirm says whether the code proves that the attempt was paid, after so many
	// wrong ones, the last at a time of the car's clock. Too many are an error.
	Confirm(reference string, amount money.Amount, code string, missed int, last time.Time) (bool, error)
}

// claimAfter is how long the API may take to answer before the claim is shown.
const claimAfter = 1500 * time.Millisecond

// armClaim shows the claim of a request that does not get through. The claim is on
// the record before it is on the screen, because from then on a phone may pay it.
func (t *Terminal) armClaim(r *ride) {
	a, live := r.state.Live()
	wants := t.cfg.Claims != nil && !t.network.refused && live && a.State == trip.AttemptRequested && a.To.Nobody() && a.ReturnURL == "" && !a.Claimed && r.state.Phase == trip.Due
	switch {
	case wants && r.claim == nil:
		n := a.N
		r.claim = time.AfterFunc(claimAfter, func() {
			t.post(func() {
				r.claim = nil
				t.showClaim(r, n)
			})
		})
	case !wants && r.claim != nil:
		r.claim.Stop()
		r.claim = nil
	}
}

// showClaim puts a claim on the record, if one can be made.
func (t *Terminal) showClaim(r *ride, n int) {
	if a, live := r.state.Live(); !live || a.N != n {
		return
	}
	if _, err := t.claimText(r.state, n); err != nil {
		t.log.Warn("claim not made", "trip", r.state.ID.Short(), "err", err)
		return
	}
	t.hear(r, trip.ClaimShown{N: n})
}

func (t *Terminal) claimText(s trip.State, n int) (string, error) {
	now, trusted := t.clock.Now(time.Now())
	if !trusted {
		now = time.Time{}
	}
	return t.cfg.Claims.URL(s.ID, n, t.amount(s.Attempts[n-1].Asked), now)
}

// claimOf is the text of the code for a request that was claimed; empty if there is
// none any more.
func (t *Terminal) claimOf(s trip.State, a trip.Attempt) string {
	if t.cfg.Claims == nil || !a.Claimed {
		return ""
	}
	url, _ := t.claimText(s, a.N) // it could be made when it was put on the record
	return url
}

// Confirm takes the code that the passenger's phone shows after paying a claim. It is
// part of display.Desk.
func (t *Terminal) Confirm(ctx context.Context, number, code string) error {
	var err error = &Refused{display.RefusedInternal, number}
	t.do(func() {
		var r *ride
		if r, err = t.find(ctx, number); err == nil {
			err = t.confirm(r, code)
		}
	})
	return err
}

func (t *Terminal) confirm(r *ride, code string) error {
	a, live := r.state.Live()
	taken := trip.CodeTaken{N: a.N}
	if !live || t.cfg.Claims == nil || trip.Check(r.state, taken) != trip.Allowed {
		return &Refused{display.RefusedNotNow, r.state.ID.Short()}
	}
	ok, err := t.cfg.Claims.Confirm(r.state.ID.Reference(a.N), t.amount(a.Asked), code, a.Missed, a.MissedAt)
	switch {
	case err != nil:
		t.log.Warn("confirmation code not looked at", "trip", r.state.ID.Short(), "err", err)
		return &Refused{display.RefusedCodeWait, r.state.ID.Short()}
	case !ok:
		t.hear(r, trip.CodeMissed{N: a.N})
		return &Refused{display.RefusedBadCode, r.state.ID.Short()}
	}
	return t.askRide(r, taken, nil)
}

// canConfirm: a code from a phone can be typed for what is on the screen.
func canConfirm(s trip.State) bool {
	a, live := s.Live()
	return live && !a.ByCode && trip.Check(s, trip.CodeTaken{N: a.N}) == trip.Allowed
}

// AskWeb lets the passenger pay on a page, as the next attempt of a trip. A press that
// was made of an older state is refused: the page shows the new one.
func (t *Terminal) AskWeb(ctx context.Context, number string, e trip.WebAsked) error {
	return t.ask(ctx, number, e)
}

// Hint says that something has happened to a payment; what it is, the API says.
func (t *Terminal) Hint(reference string) {
	t.post(func() {
		for _, r := range t.rides {
			for _, a := range r.state.Attempts {
				if r.state.ID.Reference(a.N) == reference {
					t.lookOnce(r, a.N, reference)
					return
				}
			}
		}
	})
}

// lookOnce looks at a payment now, without waiting for the next look of its watcher.
func (t *Terminal) lookOnce(r *ride, n int, reference string) {
	if t.cfg.Payments == nil {
		return
	}
	t.store.WakeStream(r.stream)
	t.work(func(ctx context.Context) { t.observe(ctx, r, n, reference) })
}
