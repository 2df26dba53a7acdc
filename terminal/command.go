package terminal

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

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
	// Push and Share: the create goes to a phone, asks to share. It can do without.
	Push  bool `json:"push,omitempty"`
	Share bool `json:"share,omitempty"`
	// Asked is when a profile was first wanted, UTC, by the API's word; zero if that had
	// not said the time.
	Asked time.Time `json:"asked,omitzero"`
	// Request is missing if the API's own rules do not allow it; Invalid says why.
	Request json.RawMessage `json:"request,omitempty"`
	Invalid string          `json:"invalid,omitempty"`
}

const orderVersion = 1

// encode writes a command down. What the API would never take is kept as such and
// comes back as refused; an error means that the disk cannot be read. A command with
// a phone number in it is private.
func (c *commit) encode(cmd trip.Command) (outbox.Command, error) {
	o := order{Version: orderVersion, N: cmd.N, Reference: cmd.Reference, Currency: cmd.Currency,
		Amount: cmd.Amount, Target: cmd.Target, TransactionOnly: cmd.TransactionOnly}
	if cmd.Op == trip.OpCreate {
		a := c.state.Attempts[cmd.N-1]
		o.Push, o.Share = !a.To.Nobody(), a.Share != ""
	}
	if now, trusted := c.t.clock.Now(time.Now()); trusted && cmd.Op == trip.OpProfile {
		o.Asked = now.Truncate(time.Second)
	}
	request, err := c.request(cmd)
	var invalid *vipps.InvalidError
	switch {
	case errors.As(err, &invalid), errors.Is(err, errForgotten):
		o.Invalid = err.Error()
		c.t.log.Error("request against the rules of the API", "reference", cmd.Reference, "op", cmd.Op, "err", err)
	case err != nil:
		return outbox.Command{}, err
	}
	o.Request = request
	body, err := json.Marshal(o)
	if err != nil {
		panic(fmt.Sprintf("order cannot be encoded: %v", err)) // numbers, strings and valid JSON only
	}
	return outbox.Command{Kind: string(cmd.Op), Key: cmd.Key, Body: body, After: cmd.After, Lane: cmd.Lane(), Private: o.Push}, nil
}

func (c *commit) request(cmd trip.Command) ([]byte, error) {
	switch cmd.Op {
	case trip.OpCreate:
		return c.create(cmd)
	case trip.OpCancel:
		return vipps.Cancellation{TransactionOnly: cmd.TransactionOnly}.Encode()
	case trip.OpProfile:
		return nil, nil
	case trip.OpReceipt:
		return c.t.posting(c.state, cmd)
	}
	return vipps.Modification{Amount: money.Of(cmd.Amount, cmd.Currency)}.Encode()
}

func (c *commit) create(cmd trip.Command) ([]byte, error) {
	s, a := c.state, c.state.Attempts[cmd.N-1]
	p := vipps.CreatePayment{
		Amount:      money.Of(cmd.Amount, cmd.Currency),
		Reference:   cmd.Reference,
		Flow:        vipps.QR{},
		Description: c.t.cfg.Describe(s.ID.Short()),
		Metadata:    map[string]string{"vehicle": s.ID.Vehicle, "trip": s.ID.Short()},
	}
	if !a.To.Nobody() {
		customer, err := c.customer(a.To)
		if err != nil {
			return nil, err
		}
		p.Flow = vipps.Push{Customer: customer}
	}
	if a.ReturnURL != "" {
		p.Flow = vipps.WebRedirect{ReturnURL: a.ReturnURL}
	}
	for _, word := range strings.Fields(a.Share) {
		p.Scope = append(p.Scope, vipps.Scope(word))
	}
	if !a.Receipted {
		return p.Encode()
	}
	plain := p
	p.Receipt = c.t.orderLines(s, c.t.linesOf(s, cmd.N))
	body, err := p.Encode()
	if err == nil {
		return body, nil
	}
	// No fare is lost over a receipt.
	c.t.log.Error("payment is asked for without its receipt", "reference", cmd.Reference, "err", err)
	return plain.Encode()
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
