package shift_test

import (
	"time"

	"pgregory.net/rapid"

	"taxiterminal/money"
	"taxiterminal/trip"
)

// world drives one trip through trip.Step with a payment API that does what it is
// told, late, and with everybody pressing anything.
type world struct {
	s        trip.State
	at       time.Time
	queue    []trip.Command
	payments map[int]*trip.Payment
	asked    map[int]money.Minor
}

func newWorld(number int64, at time.Time) *world {
	w := &world{
		at:       at,
		payments: map[int]*trip.Payment{}, asked: map[int]money.Minor{},
	}
	w.step(trip.Begun{ID: trip.ID{Vehicle: "T122", File: "K7Q2X", Number: number}, Currency: money.NOK})
	return w
}

func (w *world) step(e trip.Event) {
	w.at = w.at.Add(time.Minute)
	var cmds []trip.Command
	w.s, cmds = trip.Step(w.s, w.at, e)
	w.queue = append(w.queue, cmds...)
}

// deliver carries out the oldest command and tells its outcome.
func (w *world) deliver() {
	if len(w.queue) == 0 {
		return
	}
	c := w.queue[0]
	w.queue = w.queue[1:]
	if c.Op == trip.OpCreate {
		w.payments[c.N], w.asked[c.N] = &trip.Payment{State: "CREATED"}, c.Amount
		w.step(trip.Created{N: c.N, RedirectURL: "https://qr.example/" + c.Reference})
		return
	}
	p := w.payments[c.N]
	switch c.Op {
	case trip.OpCapture:
		p.Captured = min(c.Target, p.Authorized-p.Cancelled)
	case trip.OpRefund:
		p.Refunded = min(c.Target, p.Captured)
	case trip.OpCancel:
		if p.State == "CREATED" {
			p.State = "TERMINATED"
		} else if !c.TransactionOnly {
			p.Cancelled = p.Authorized - p.Captured
		}
	}
	w.step(trip.Observed{N: c.N, Payment: *p, Ends: c.Op})
}

// refuse lets the API say no to the oldest command, for good.
func (w *world) refuse(conflict bool) {
	if len(w.queue) == 0 {
		return
	}
	c := w.queue[0]
	w.queue = w.queue[1:]
	if c.Op == trip.OpCreate {
		w.step(trip.CreateRejected{N: c.N, Code: "5040", Conflict: conflict})
		return
	}
	w.step(trip.CallRejected{N: c.N, Op: c.Op, Code: "6080", Payment: *w.payments[c.N]})
}

// passenger ends or approves a payment and the terminal sees it.
func (w *world) passenger(n int, state string) {
	p := w.payments[n]
	if p == nil || p.State != "CREATED" {
		return
	}
	if p.State = state; state == "AUTHORIZED" {
		p.Authorized = w.asked[n]
	}
	w.step(trip.Observed{N: n, Payment: *p})
}

// fare draws what a meter may say.
func fare(t *rapid.T) trip.Fare {
	amount := rapid.SampledFrom([]money.Minor{0, 40, 3100, 9900, 25050})
	f := trip.Fare{
		Fare: amount.Draw(t, "fare"), Supplements: amount.Draw(t, "supplements"),
		Typed: rapid.Bool().Draw(t, "typed"),
		Doubt: rapid.SampledFrom([]trip.Doubt{"", "", "", trip.DoubtGap}).Draw(t, "doubt"),
	}
	f.Total = f.Fare + f.Supplements
	return f
}

// anything are all steps of a random trip, for rapid's Repeat.
func (w *world) anything() map[string]func(*rapid.T) {
	n := rapid.IntRange(1, 4)
	return map[string]func(*rapid.T){
		"stop": func(t *rapid.T) { w.step(trip.FareShown{Fare: fare(t)}) },
		"end": func(t *rapid.T) {
			f := fare(t)
			w.step(trip.Vacated{Fare: &f})
		},
		"ride": func(t *rapid.T) {
			w.step(trip.FareShown{Fare: fare(t)})
			w.deliver()
			w.passenger(len(w.s.Attempts), "AUTHORIZED")
			w.deliver()
		},
		"resume":     func(*rapid.T) { w.step(trip.Resumed{}) },
		"vacate":     func(*rapid.T) { w.step(trip.Vacated{}) },
		"grace":      func(*rapid.T) { w.step(trip.GraceOver{}) },
		"meter lost": func(*rapid.T) { w.step(trip.MeterLost{}) },
		"tip": func(t *rapid.T) {
			w.step(trip.TipChosen{Tip: rapid.SampledFrom([]money.Minor{0, 50, 2000}).Draw(t, "tip")})
		},
		"by hand": func(t *rapid.T) {
			w.step(trip.SettledBy{Means: rapid.SampledFrom([]trip.Means{trip.Cash, trip.Card, trip.Invoice}).Draw(t, "means")})
		},
		"cancel": func(*rapid.T) { w.step(trip.CancelAsked{}) },
		"new":    func(*rapid.T) { w.step(trip.NewAsked{}) },
		"refund": func(t *rapid.T) {
			w.step(trip.RefundAsked{Amount: rapid.SampledFrom([]money.Minor{40, 9900, 25050}).Draw(t, "amount")})
		},
		"approve": func(t *rapid.T) { w.passenger(n.Draw(t, "n"), "AUTHORIZED") },
		"reject":  func(t *rapid.T) { w.passenger(n.Draw(t, "n"), "ABORTED") },
		"expire":  func(t *rapid.T) { w.passenger(n.Draw(t, "n"), "EXPIRED") },
		"deliver": func(*rapid.T) { w.deliver() },
		"refuse":  func(t *rapid.T) { w.refuse(rapid.Bool().Draw(t, "conflict")) },
		"retry":   func(*rapid.T) { w.step(trip.RetryAsked{}) },
	}
}
