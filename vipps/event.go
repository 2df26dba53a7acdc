package vipps

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"taxiterminal/money"
)

// PaymentEvent is one line of a payment's history at the API, the record of
// everything that was done to it from any side, the merchant portal included.
type PaymentEvent struct {
	Reference      string
	PSPReference   string // of this event; other than the payment's own
	Name           string // CREATED, AUTHORIZED, ABORTED, EXPIRED, TERMINATED, CANCELLED, CAPTURED, REFUNDED or newer
	Amount         money.Amount
	Time           time.Time // UTC; zero if it could not be read
	IdempotencyKey string    // of the request that caused it, empty if none did
	Success        bool      // false: it was tried and nothing changed
}

type wireEvent struct {
	Reference      string        `json:"reference"`
	PSPReference   loose[string] `json:"pspReference"`
	Name           string        `json:"name"`
	Amount         *wireAmount   `json:"amount"`
	Timestamp      stamp         `json:"timestamp"`
	IdempotencyKey loose[string] `json:"idempotencyKey"`
	Success        *bool         `json:"success"`
}

// decodeEvents reads the event log of one payment.
func decodeEvents(reference string, body []byte) ([]PaymentEvent, error) {
	var list []wireEvent
	if err := json.Unmarshal(body, &list); err != nil {
		return nil, fmt.Errorf("read events: %w", shapeOnly(err))
	}
	if list == nil {
		return nil, errors.New("read events: not a list")
	}
	events := make([]PaymentEvent, 0, len(list))
	for i, w := range list {
		e, err := w.event(reference)
		if err != nil {
			return nil, fmt.Errorf("read events: event %d: %w", i, err)
		}
		events = append(events, e)
	}
	return events, nil
}

func (w wireEvent) event(reference string) (PaymentEvent, error) {
	switch {
	case w.Reference != reference:
		return PaymentEvent{}, errors.New("about another reference")
	case w.Name == "":
		return PaymentEvent{}, errors.New("name missing")
	case w.Success == nil:
		return PaymentEvent{}, errors.New("success missing")
	}
	e := PaymentEvent{
		Reference: w.Reference, PSPReference: w.PSPReference.value, Name: w.Name,
		Time: time.Time(w.Timestamp), IdempotencyKey: w.IdempotencyKey.value, Success: *w.Success,
	}
	if err := w.Amount.read(&e.Amount.Value, &e.Amount.Currency); err != nil {
		return PaymentEvent{}, fmt.Errorf("amount: %w", err)
	}
	return e, nil
}
