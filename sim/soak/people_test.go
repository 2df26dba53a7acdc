package soak

import (
	"context"
	"maps"
	"slices"
	"time"

	"taxiterminal/display"
	"taxiterminal/money"
	"taxiterminal/trip"
	"taxiterminal/vipps/vippstest"
)

// hand lets a person do something at the car, and notes what the car said it has done.
// The answer may take long, or never come.
func (l *life) hand(what, kind string, f func(context.Context) error) {
	if l.car == nil {
		return
	}
	p := l.car
	l.tell("hand %s", what)
	p.runs.Go(func() {
		err := f(context.Background())
		if !p.gates.powered() {
			return
		}
		if err != nil {
			l.tell("refused %s: %v", what, err)
			return
		}
		if alwaysJournaled[trip.Kind(kind)] {
			l.promises(kind)
		}
	})
}

// alwaysJournaled are what people do that never changes nothing: a tip that is chosen
// again, or a new code while one is being made, may be taken without leaving a trace.
var alwaysJournaled = map[trip.Kind]bool{
	trip.SettledBy{}.Kind(): true, trip.CancelAsked{}.Kind(): true, trip.RefundAsked{}.Kind(): true, trip.FareTyped{}.Kind(): true,
}

// promises counts what the car said it has taken: it must be in the journal.
func (l *life) promises(kind string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.promised[kind]++
}

func (l *life) driver() {
	t := l.car.term
	v := l.screen.now()
	switch l.random.IntN(12) {
	case 0, 1, 2:
		l.press(display.ActionNew)
	case 3:
		l.press(display.ActionCancel)
	case 4:
		l.press(l.oneOf(display.ActionCash, display.ActionCard, display.ActionInvoice))
	case 5, 6:
		if len(v.Tips) > 0 {
			tip := v.Tips[l.random.IntN(len(v.Tips))].Tip.Value
			l.truth.tips[tip] = true
			l.hand("tip", string(trip.TipChosen{}.Kind()), func(ctx context.Context) error { return t.Tip(ctx, v.Trip, tip) })
		}
	case 7:
		if v.Trip == "" {
			return // no trip to send anything of
		}
		l.truth.confirms(numberOf(v.Trip)) // who sends an amount has looked at it
		to := display.Recipient{Number: vippstest.DefaultPassenger.Phone}
		l.hand("send", string(trip.SendAsked{}.Kind()), func(ctx context.Context) error { return t.Send(ctx, v.Trip, to) })
	case 8:
		if v.Driver.CanType && l.truth.count+4 < mostAmounts {
			total := l.truth.next(60+l.random.IntN(500), -l.truth.count, false)
			l.hand("type", string(trip.FareTyped{}.Kind()), func(ctx context.Context) error { return t.TypeFare(ctx, v.Trip, total) })
		}
	case 9:
		if lines := v.Driver.Trips; len(lines) > 0 {
			line := lines[l.random.IntN(len(lines))]
			amount := line.Captured.Value / money.Minor(1+l.random.IntN(2))
			l.hand("refund", string(trip.RefundAsked{}.Kind()), func(ctx context.Context) error { return t.Refund(ctx, line.Trip, amount, "soak") })
		}
	case 10:
		l.hand("shift", "", func(ctx context.Context) error { _, err := t.EndShift(ctx); return err })
	case 11:
		l.retry()
	}
}

func (l *life) oneOf(a ...display.Action) display.Action { return a[l.random.IntN(len(a))] }

var kindOf = map[display.Action]trip.Event{
	display.ActionNew: trip.NewAsked{}, display.ActionCancel: trip.CancelAsked{}, display.ActionCash: trip.SettledBy{},
	display.ActionCard: trip.SettledBy{}, display.ActionInvoice: trip.SettledBy{},
}

// press is a button of the driver's screen, meant for the trip that is on it.
func (l *life) press(a display.Action) {
	t, v := l.car.term, l.screen.now()
	if v.Trip == "" {
		return
	}
	switch a {
	case display.ActionNew:
		l.truth.confirms(numberOf(v.Trip))
	case display.ActionCash, display.ActionCard, display.ActionInvoice:
		delete(l.truth.strange, numberOf(v.Trip)) // who takes the amount has looked whose it is
	}
	l.hand(string(a), string(kindOf[a].Kind()), func(ctx context.Context) error { return t.Act(ctx, a, v.Trip) })
}

// retry is the office's word for trips and commands that wait for a person.
func (l *life) retry() {
	t := l.car.term
	for _, number := range slices.Sorted(maps.Keys(l.audit.trips)) {
		if s := l.audit.trips[number]; s.Phase == trip.Parked {
			l.hand("retry", string(trip.RetryAsked{}.Kind()), func(ctx context.Context) error { return t.Retry(ctx, s.ID.Short()) })
		}
	}
}

// passenger does something with a request that is open at the API, in the app.
func (l *life) passenger() {
	var open []string
	for _, p := range l.api.Payments() {
		if p.State == "CREATED" {
			open = append(open, p.Reference)
		}
	}
	if l.gateway != nil && l.chance(15) {
		l.phone()
		return
	}
	if len(open) == 0 {
		return
	}
	ref := open[l.random.IntN(len(open))]
	if !l.reachable(ref) {
		return
	}
	action, after := vippstest.Approve, time.Duration(0)
	switch l.random.IntN(12) {
	case 0:
		action = vippstest.Reject
	case 1:
		action = vippstest.Begin
	case 2:
		action = vippstest.Ignore
	case 3:
		action = vippstest.RefuseSharing
	case 4, 5, 6:
		after = time.Duration(l.random.IntN(20000)) * time.Millisecond
	}
	l.tell("passenger %s %s in %s", action, l.anonymous(ref), after)
	_ = l.api.Act(ref, action, after)
}

// reachable: a passenger can only approve what was shown as a code, or went to a phone by
// itself or from a page.
func (l *life) reachable(ref string) bool {
	p, _ := l.api.Payment(ref)
	if p.Flow == "PUSH_MESSAGE" {
		return true
	}
	bill, err := l.api.Scan(l.screen.now().QR)
	if err == nil && bill.Reference == ref {
		l.opened(ref)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.scanned[ref]
}

// opened: a passenger's phone has the address of a payment.
func (l *life) opened(ref string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.scanned[ref] = true
}
