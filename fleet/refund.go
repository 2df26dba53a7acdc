package fleet

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"time"

	"taxiterminal/fleet/link"
	"taxiterminal/fleet/office"
	"taxiterminal/fleet/registry"
	"taxiterminal/outbox"
	"taxiterminal/trip"
)

const (
	// refundTime is how long the office waits for the car's journal to show a refund,
	// in seconds.
	refundTime    = 20
	maxRefundTime = 60
	refundLook    = 200 * time.Millisecond
	maxReason     = 200 // bytes
)

// refund lets the car of a trip give money back, as if the driver did: the car decides
// about money, so that its journal stays the whole truth. What the car does is seen in
// that journal.
func (g *Gateway) refund(ctx context.Context, r request) (any, error) {
	q, err := read[office.RefundRequest](r)
	if err != nil {
		return nil, err
	}
	if len(q.Reason) > maxReason {
		return nil, malformed("reason: want at most %d bytes", maxReason)
	}
	if q.Wait < 0 || q.Wait > maxRefundTime {
		return nil, malformed("wait_seconds: want 1 to %d", maxRefundTime)
	}
	s, rows, err := g.trip(ctx, r.PathValue("reference"))
	if err != nil {
		return nil, err
	}
	if why := trip.Check(s, trip.RefundAsked{Amount: q.Amount}); why != trip.Allowed {
		return nil, refundRefused(s, why)
	}
	if s.Refunded() != q.Already {
		return nil, givenBack(s)
	}
	terminal, err := g.refunder(ctx, s.ID)
	if err != nil {
		return nil, err
	}
	if err := g.registry.Note(ctx, r.by, registry.RefundSent, s.ID.String(), q.Amount.Decimal()+" "+string(s.Currency)+" "+q.Reason); err != nil {
		return nil, err
	}
	order := link.Refund{Trip: s.ID.String(), Amount: q.Amount, Already: q.Already, Reason: q.Reason}
	switch err := link.Deliver(ctx, g.hub.Conn(), terminal, link.Hint{Refund: &order}); {
	case errors.Is(err, link.ErrAway):
		return nil, &office.Error{Status: http.StatusBadGateway, Message: "car " + s.ID.Vehicle + " is not connected; nothing was given back", Code: office.Unreachable, Hint: "try again when it is, or refund the payment in the payment portal"}
	case err != nil:
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Duration(cmp.Or(q.Wait, refundTime))*time.Second)
	defer cancel()
	return g.awaitRefund(ctx, order, rows[len(rows)-1].Seq)
}

func givenBack(s trip.State) *office.Error {
	sum := s.Refunded().Decimal()
	return &office.Error{
		Status: http.StatusConflict, Message: "of trip " + s.ID.String() + " " + sum + " " + string(s.Currency) + " was given back before",
		Code: office.GivenBack, Hint: "if this is a further refund, say what was given back before: --already " + sum,
	}
}

func refundRefused(s trip.State, why trip.Refusal) *office.Error {
	e := &office.Error{Status: http.StatusConflict, Message: "refund of trip " + s.ID.String() + " is not possible: " + string(why), Code: string(why)}
	switch {
	case why == trip.TooMuch:
		left := s.Captured() - s.Refunded()
		e.Hint = "of what was paid in the app, " + left.Decimal() + " " + string(s.Currency) + " can still be given back"
	case why == trip.BadAmount:
		e.Hint = "want more than nothing"
	case s.Phase == trip.Parked:
		e.Hint = "the trip waits for a person: taxiterm pay retry in the car, or the payment portal"
	default:
		e.Hint = "another refund of this trip is under way; look again in a minute"
	}
	return e
}

// refunder is the terminal whose journal has the trip, if it is still in the car.
func (g *Gateway) refunder(ctx context.Context, id trip.ID) (string, error) {
	line, ok := g.journals.Line(id.String())
	if !ok {
		return "", notRead
	}
	_, err := g.registry.Active(ctx, line.Terminal)
	var refusal *registry.Refusal
	if errors.As(err, &refusal) {
		return "", &office.Error{Status: http.StatusConflict, Message: "the computer that took this payment is not in car " + id.Vehicle + " any more", Code: office.Unreachable, Hint: "refund it in the payment portal, under " + id.String()}
	}
	return line.Terminal, err
}

// awaitRefund looks into the car's journal until it says how the refund ended.
func (g *Gateway) awaitRefund(ctx context.Context, order link.Refund, after int64) (any, error) {
	tick := time.NewTicker(refundLook)
	defer tick.Stop()
	asked := false
	var last office.Refund
	for {
		s, rows, err := g.journals.Trip(ctx, order.Trip)
		if err == nil {
			asked = asked || refundAsked(rows, after)
			last = office.Refund{Trip: order.Trip, Done: s.Refunded() >= order.Already+order.Amount, Refunded: s.Refunded(), Currency: s.Currency}
			switch {
			case asked && last.Done:
				return last, nil
			case asked && !refunding(s):
				return nil, &office.Error{Status: http.StatusBadGateway, Message: "the payment API did not give it back", Code: office.API, Hint: "taxifleet trips show " + order.Trip + " says why"}
			}
		}
		select {
		case <-tick.C:
			continue
		case <-ctx.Done():
		}
		if asked {
			return last, nil
		}
		return nil, &office.Error{Status: http.StatusGatewayTimeout, Message: "the car of trip " + order.Trip + " did not answer in time", Code: office.NoAnswer, Hint: "it may still do it: look at taxifleet trips show " + order.Trip + " before anything else; the same refund again is not done twice"}
	}
}

func refundAsked(rows []outbox.Link, after int64) bool {
	for _, row := range rows {
		if row.Seq > after && row.Kind == string(trip.RefundAsked{}.Kind()) {
			return true
		}
	}
	return false
}

func refunding(s trip.State) bool {
	for _, a := range s.Attempts {
		if a.Refund.Open {
			return true
		}
	}
	return false
}
