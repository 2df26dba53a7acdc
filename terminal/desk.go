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
	if to.Contact == 0 {
		return t.askWith(ctx, number, trip.SendAsked{To: placeholder(to)}, sendTo(r))
	}
	return t.ask(ctx, number, trip.SendAsked{To: placeholder(to)})
}

// sendTo keeps whom a request goes to, and sends it.
func sendTo(r recipient) source {
	return func(c *commit) ([]trip.Event, error) {
		kept, err := c.keep(r)
		if errors.Is(err, outbox.ErrNoKey) || errors.Is(err, outbox.ErrWrongKey) {
			return nil, &Refused{display.RefusedNoPush, c.state.ID.Short()}
		}
		return []trip.Event{trip.SendAsked{To: kept}}, err
	}
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
	return t.cfg.Phones != nil && t.pushWorks()
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
		err = t.typedFor(r, trip.FareTyped{Total: total})
	})
	return err
}

// typedFor is the fare of a trip that there is. A meter that tells of trips only when
// they are over will not tell the end of this one any more: what it prints next is
// another's.
func (t *Terminal) typedFor(r *ride, fare trip.FareTyped) error {
	if r != t.current || !t.meter.blind {
		return t.askRide(r, fare, nil)
	}
	err := t.askRide(r, fare, func(*commit) ([]trip.Event, error) {
		return []trip.Event{fare, trip.Vacated{}}, nil
	})
	if err == nil {
		t.current, t.shown = nil, r
		t.meter.guessed = true
	}
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
	t.windUp()
	// It is on the disk before the trip that it follows is over: a terminal that comes
	// back between the two must not take the amount on the meter for a new fare.
	r := newRide()
	if err := t.apply(r, nil, t.begun(), fare, trip.Vacated{}); err != nil {
		return err
	}
	t.meter.guessed = true
	if t.current != nil {
		t.vacated(false)
	}
	t.shown = r
	return nil
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
	return t.refund(ctx, number, trip.RefundAsked{Amount: amount, Reason: reason}, func(trip.State) error { return nil })
}

// RefundOrdered is Refund for an order from the office, which may come twice, or late:
// only of a trip in this journal (id is e.g. "T122-K7Q2X-0042"), and only if exactly
// already has been given back of it.
func (t *Terminal) RefundOrdered(ctx context.Context, id string, already, amount money.Minor, reason string) error {
	number := id[strings.LastIndex(id, "-")+1:]
	return t.refund(ctx, number, trip.RefundAsked{Amount: amount, Reason: reason}, func(s trip.State) error {
		switch {
		case s.ID.String() != id:
			return &Refused{display.RefusedUnknownTrip, number}
		case s.Refunded() != already:
			return &Refused{display.RefusedNotNow, number}
		}
		return nil
	})
}

func (t *Terminal) refund(ctx context.Context, number string, e trip.RefundAsked, may func(trip.State) error) error {
	var err error = &Refused{display.RefusedInternal, number}
	t.do(func() {
		var r *ride
		if r, err = t.find(ctx, number); err != nil {
			return
		}
		if err = may(r.state); err != nil {
			return
		}
		if t.tooOld(r.state) {
			err = &Refused{display.RefusedTooOld, number}
			return
		}
		err = t.askRide(r, e, nil)
	})
	return err
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
