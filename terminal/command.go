package terminal

import (
	"encoding/json"
	"fmt"

	"taxiterminal/money"
	"taxiterminal/outbox"
	"taxiterminal/trip"
	"taxiterminal/vipps"
)

// order is a trip.Command as the outbox keeps it: everything that its delivery
// needs, and the request to the API byte for byte.
type order struct {
	Version   int            `json:"v"`
	N         int            `json:"n"`
	Reference string         `json:"reference"`
	Currency  money.Currency `json:"currency"`
	Amount    money.Minor    `json:"amount,omitempty"`
	Target    money.Minor    `json:"target,omitempty"`
	// TransactionOnly: an approval that came first ends a cancel.
	TransactionOnly bool `json:"transaction_only,omitempty"`
	// Request is missing if the API's own rules do not allow it; Invalid says why.
	Request json.RawMessage `json:"request,omitempty"`
	Invalid string          `json:"invalid,omitempty"`
}

const orderVersion = 1

// encode writes a command down. It cannot fail: what the API would never take is
// kept as such and comes back as refused.
func (t *Terminal) encode(s trip.State, c trip.Command) outbox.Command {
	o := order{Version: orderVersion, N: c.N, Reference: c.Reference, Currency: c.Currency,
		Amount: c.Amount, Target: c.Target, TransactionOnly: c.TransactionOnly}
	request, err := t.request(s, c)
	if err != nil {
		o.Invalid = err.Error()
		t.log.Error("request against the rules of the API", "reference", c.Reference, "op", c.Op, "err", err)
	}
	o.Request = request
	body, err := json.Marshal(o)
	if err != nil {
		panic(fmt.Sprintf("order cannot be encoded: %v", err)) // numbers, strings and valid JSON only
	}
	return outbox.Command{Kind: string(c.Op), Key: c.Key, Body: body, After: c.After}
}

func (t *Terminal) request(s trip.State, c trip.Command) ([]byte, error) {
	amount := money.Of(c.Amount, c.Currency)
	switch c.Op {
	case trip.OpCreate:
		return vipps.CreatePayment{
			Amount:      amount,
			Reference:   c.Reference,
			Flow:        vipps.QR{},
			Description: t.cfg.Describe(s.ID.Short()),
			Metadata:    map[string]string{"vehicle": s.ID.Vehicle, "trip": s.ID.Short()},
		}.Encode()
	case trip.OpCancel:
		return vipps.Cancellation{TransactionOnly: c.TransactionOnly}.Encode()
	default:
		return vipps.Modification{Amount: amount}.Encode()
	}
}

func decodeOrder(body []byte) (order, error) {
	var o order
	if err := json.Unmarshal(body, &o); err != nil {
		return o, fmt.Errorf("command decode: %w", err)
	}
	if o.Version != orderVersion {
		return o, fmt.Errorf("command decode: version %d, this program knows %d", o.Version, orderVersion)
	}
	return o, nil
}
