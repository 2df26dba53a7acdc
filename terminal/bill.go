package terminal

import (
	"context"
	"math/big"

	"taxiterminal/money"
	"taxiterminal/outbox"
	"taxiterminal/trip"
	"taxiterminal/trip/receipt"
	"taxiterminal/vipps"
)

// Receipt is a trip's receipt as people see it.
func (t *Terminal) Receipt(s trip.State) receipt.Receipt { return receipt.Of(s, t.cfg.Bill.Rules) }

// linesOf are the lines of one payment, which add up to what it asks for.
func (t *Terminal) linesOf(s trip.State, n int) []receipt.Line {
	var earlier []receipt.Bill
	for _, a := range s.Attempts[:n-1] {
		if a.Held() > 0 {
			earlier = append(earlier, receipt.Bill{Fare: a.Fare, Tip: a.Tip})
		}
	}
	return receipt.For(s, n, t.cfg.Bill.Rules, earlier...)
}

// order lines for the payment app; nil if there is nothing to list.
func (t *Terminal) orderLines(s trip.State, lines []receipt.Line) *vipps.Receipt {
	if len(lines) == 0 {
		return nil
	}
	r := &vipps.Receipt{PosID: s.ID.Vehicle, Number: s.ID.Short()}
	for _, l := range lines {
		r.Lines = append(r.Lines, vipps.Line{
			ID: string(l.Item), Name: t.cfg.Bill.Name(l.Item), Total: l.Total, TaxRate: l.Rate, Unit: unitOf(l),
		})
	}
	return r
}

var unitKinds = map[receipt.Unit]vipps.UnitKind{receipt.Kilometres: vipps.Kilometres, receipt.Minutes: vipps.Minutes}

// unitOf is how far the trip went or how long it took, with the price of one that
// this makes. Nothing is computed from it.
func unitOf(l receipt.Line) *vipps.Unit {
	quantity, ok := new(big.Rat).SetString(l.Quantity)
	if !ok || quantity.Sign() <= 0 {
		return nil
	}
	price := new(big.Rat).Quo(new(big.Rat).SetInt64(int64(l.Total)), quantity)
	twice := price.Mul(price, big.NewRat(2, 1)).Add(price, big.NewRat(1, 1)) // rounded half up: (2p + 1) / 2
	rounded := new(big.Int).Quo(twice.Num(), new(big.Int).Mul(twice.Denom(), big.NewInt(2)))
	if !rounded.IsInt64() {
		return nil
	}
	return &vipps.Unit{Price: money.Minor(rounded.Int64()), Quantity: l.Quantity, Kind: unitKinds[l.Unit]}
}

// posting is the request of a receipt that is posted after the capture.
func (t *Terminal) posting(s trip.State, c trip.Command) ([]byte, error) {
	a := s.Attempts[c.N-1]
	lines := receipt.Reduce(t.linesOf(s, c.N), a.Asked-c.Amount)
	r := t.orderLines(s, lines)
	if r == nil {
		r = &vipps.Receipt{}
	}
	return r.Encode(money.Of(c.Amount, c.Currency))
}

// postReceipt ends with the answer, whatever it is: nobody waits for a receipt, and a
// second one is refused.
func (d *delivery) postReceipt(ctx context.Context) outbox.Verdict {
	if d.Invalid != "" {
		return d.finish(outbox.Done, d.Invalid, trip.ReceiptPosted{N: d.N, Code: "invalid"})
	}
	res := d.t.cfg.Payments.PostReceipt(ctx, d.Reference, d.Request)
	switch res.Kind {
	case vipps.Done:
		return d.finish(outbox.Done, "posted", trip.ReceiptPosted{N: d.N})
	case vipps.Rejected:
		d.t.log.Warn("receipt refused", "reference", d.Reference, "err", res.Err, "hint", res.Err.Hint)
		return d.finish(outbox.Done, res.Err.Error(), trip.ReceiptPosted{N: d.N, Code: code(res.Err)})
	}
	return d.later(res)
}
