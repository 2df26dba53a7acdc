package terminal

import (
	"context"
	"errors"
	"strings"
	"time"

	"taxiterminal/display"
	"taxiterminal/money"
	"taxiterminal/outbox"
	"taxiterminal/trip"
)

// The Terminal is what people at the screens talk to.
var _ display.Desk = (*Terminal)(nil)

// Tip adds the passenger's tip to the trip on the screen.
func (t *Terminal) Tip(ctx context.Context, number string, tip money.Minor) error {
	return t.ask(ctx, number, trip.TipChosen{Tip: tip})
}

// Send lets the request of a trip go to a phone.
func (t *Terminal) Send(ctx context.Context, number string, to display.Recipient) error {
	r, err := t.recipientOf(to)
	if err != nil {
		return err
	}
	return t.askWith(ctx, number, trip.SendAsked{To: placeholder(to)}, func(c *commit) ([]trip.Event, error) {
		if to.Contact != 0 {
			return []trip.Event{trip.SendAsked{To: trip.Recipient{Kind: trip.ToContact, ID: to.Contact}}}, nil
		}
		kept, err := c.keep(r)
		if errors.Is(err, outbox.ErrNoKey) || errors.Is(err, outbox.ErrWrongKey) {
			return nil, &Refused{display.RefusedNoPush, c.state.ID.Short()}
		}
		return []trip.Event{trip.SendAsked{To: kept}}, err
	})
}

// placeholder stands for a recipient that is not written yet, for Check.
func placeholder(to display.Recipient) trip.Recipient {
	if to.Contact != 0 {
		return trip.Recipient{Kind: trip.ToContact, ID: to.Contact}
	}
	return trip.Recipient{Kind: trip.ToTyped, ID: -1}
}

// Lengths of what the code in a passenger's app may contain.
const leastQR, mostQR = 5, 255

// recipientOf checks what was typed or scanned, at the edge.
func (t *Terminal) recipientOf(to display.Recipient) (recipient, error) {
	var known, refused bool
	if !t.do(func() {
		known = t.book.contacts[to.Contact] != nil
		refused = !t.canPush()
	}) {
		return recipient{}, &Refused{Refusal: display.RefusedInternal}
	}
	switch qr := strings.TrimSpace(to.PersonalQR); {
	case refused:
		return recipient{}, &Refused{Refusal: display.RefusedNoPush}
	case to.Contact != 0 && !known:
		return recipient{}, &Refused{Refusal: display.RefusedNoContact}
	case to.Contact != 0:
		return recipient{}, nil
	case qr != "" && (len(qr) < leastQR || len(qr) > mostQR):
		return recipient{}, &Refused{Refusal: display.RefusedBadNumber}
	case qr != "":
		return recipient{PersonalQR: qr}, nil
	}
	number, err := t.cfg.Phones.Parse(to.Number)
	if err != nil {
		t.log.Info("number not taken", "err", err)
		return recipient{}, &Refused{Refusal: display.RefusedBadNumber}
	}
	return recipient{Number: number}, nil
}

// canPush: requests may go to phones, and there is a place to keep a number.
func (t *Terminal) canPush() bool {
	return t.cfg.Phones != nil && !t.own.pushRefused && t.book.err == nil && t.cfg.Payments != nil
}

// TypeFare takes the driver's word for what the meter showed. For a trip that is over
// and settled, as for none at all, it is the fare of a new one.
func (t *Terminal) TypeFare(ctx context.Context, number string, total money.Minor) error {
	var err error = &Refused{display.RefusedInternal, number}
	t.do(func() {
		if !t.cfg.FareByHand || !t.meterGone() {
			err = &Refused{display.RefusedNotAllowed, number}
			return
		}
		r := t.onScreen()
		if r != nil && number != "" && r.state.ID.Short() != number {
			err = &Refused{display.RefusedOtherTrip, number}
			return
		}
		if r == nil || over(r.state) {
			err = t.typedTrip(total)
			return
		}
		err = t.askRide(r, trip.FareTyped{Total: total}, nil)
	})
	return err
}

// over: the next amount is another trip's.
func over(s trip.State) bool { return s.Phase == trip.Settled && s.Settlement != trip.Void }

// typedTrip is a trip that the meter knows nothing of. It is over for the meter from
// the start.
func (t *Terminal) typedTrip(total money.Minor) error {
	fare := trip.FareTyped{Total: total}
	if refusal := trip.Check(trip.State{Phase: trip.Hired}, fare); refusal != trip.Allowed {
		return &Refused{Refusal: display.Refusal(refusal)}
	}
	if t.current != nil {
		t.vacated(false)
	}
	t.windUp()
	r := newRide()
	t.shown = r
	t.meter.guessed = true
	return t.apply(r, nil, t.begun(), fare, trip.Vacated{})
}

// Trip is one trip of the driver's list.
func (t *Terminal) Trip(ctx context.Context, number string) (d display.TripDetail, err error) {
	err = &Refused{display.RefusedInternal, number}
	t.do(func() {
		var r *ride
		if r, err = t.find(ctx, number); err == nil {
			d = t.detail(r)
		}
	})
	return d, err
}

func (t *Terminal) detail(r *ride) display.TripDetail {
	s := r.state
	d := display.TripDetail{
		Line: t.tripLine(r), Receipt: t.Receipt(s), Actions: actionsOf(s),
		CanRetry: s.Phase == trip.Parked, CanPrint: t.cfg.Print != nil,
	}
	if left := s.Captured() - s.Refunded(); left > 0 && trip.Check(s, trip.RefundAsked{Amount: left}) == trip.Allowed && !t.tooOld(s) {
		d.Refundable = t.amount(left)
	}
	return d
}

// refundWindow is how long the API gives captured money back.
const refundWindow = 365 * 24 * time.Hour

// tooOld goes by a time of day that is known to be right; with any other the API says
// itself what is too old.
func (t *Terminal) tooOld(s trip.State) bool {
	now, trusted := t.clock.Now(time.Now())
	return trusted && s.SettledAt.After(clockEra) && now.Sub(s.SettledAt) > refundWindow
}

// Refund gives captured money of a trip back.
func (t *Terminal) Refund(ctx context.Context, number string, amount money.Minor, reason string) error {
	old := false
	t.do(func() {
		r, err := t.find(ctx, number)
		old = err == nil && t.tooOld(r.state)
	})
	if old {
		return &Refused{display.RefusedTooOld, number}
	}
	return t.ask(ctx, number, trip.RefundAsked{Amount: amount, Reason: reason})
}

// Retry lets a parked trip try again.
func (t *Terminal) Retry(ctx context.Context, number string) error {
	return t.ask(ctx, number, trip.RetryAsked{})
}

// Print prints the receipt of a trip, from the second time on as a copy.
func (t *Terminal) Print(ctx context.Context, number string) error {
	if t.cfg.Print == nil {
		return &Refused{display.RefusedNoPrinter, number}
	}
	d, err := t.Trip(ctx, number)
	if err != nil {
		return err
	}
	var again bool
	t.do(func() { again = t.printed[d.Line.Trip]; t.printed[d.Line.Trip] = true })
	if err := t.cfg.Print(ctx, d.Receipt, again); err != nil {
		t.log.Error("receipt not printed", "trip", d.Line.Trip, "err", err)
		return &Refused{display.RefusedPrinter, number}
	}
	return nil
}
