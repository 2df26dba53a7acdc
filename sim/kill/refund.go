package kill

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"taxiterminal/money"
	"taxiterminal/trip"
)

// orders is the name of what the office does, as of a button.
const orders = "office refund"

// byOffice: the office gives money back through the car, once.
func byOffice(ctx context.Context, t *taxi, p plan) (expected, error) {
	back := p.fare
	if p.more%4 > 0 {
		back = min(p.fare/3, p.more) // so little that it could be given back again
	}
	return expected{ways: []way{paidWay}, captured: p.fare, refunded: back}, steps(
		func() error { return t.ride(ctx, p) },
		func() error { _, err := t.pay(ctx, p.fare); return err },
		func() error { return t.leave(ctx) },
		func() error { return t.order(ctx, back) },
	)
}

// order lets the office ask for a refund until its books have it. Whoever gets no answer
// looks into the books before asking again, as the answer says.
func (t *taxi) order(ctx context.Context, amount money.Minor) error {
	reference := ""
	for _, p := range t.Payments() {
		if id, _, err := parse(p.Reference); err == nil && id.Number == t.number {
			reference = id.String()
		}
	}
	return until(ctx, fmt.Sprintf("trip %s: %d given back by the office", reference, amount), func() (bool, error) {
		var books struct {
			Refunded money.Minor `json:"refunded"`
		}
		if t.desk.Gateway.Ask(ctx, http.MethodGet, "/v1/trips/"+reference, nil, &books) != nil {
			return false, nil // away, or it has not heard of the trip yet
		}
		if books.Refunded != 0 {
			if books.Refunded != amount {
				return false, fmt.Errorf("the books have %d", books.Refunded)
			}
			return true, nil
		}
		if p, ok := t.traps.sprung(Act, orders, "sent"); ok {
			time.AfterFunc(p.After, func() { t.kill(p) })
		}
		var given struct {
			Done bool `json:"done"`
		}
		order := map[string]any{"amount": amount, "reason": "detour", "wait_seconds": 2}
		if t.desk.Gateway.Ask(ctx, http.MethodPost, "/v1/trips/"+reference+"/refund", order, &given) == nil && given.Done {
			t.seen.told(word{t.number, trip.RefundAsked{}.Kind(), 1})
			t.strike(Act, orders, "answered")
		}
		return false, nil // the books have the last word
	})
}
