package trip

import (
	"fmt"

	"taxiterminal/money"
)

// ledger is the payment API reduced to what a payment can do: the truth against
// which the properties hold. It knows nothing of trips.
type ledger struct {
	payments map[string]*payment
	answers  map[string]Command // by idempotency key: the command first seen with it
}

type payment struct {
	state                                            string
	asked, authorized, captured, cancelled, refunded money.Minor
}

func newLedger() *ledger {
	return &ledger{payments: map[string]*payment{}, answers: map[string]Command{}}
}

// call carries out a command at most once per key. An error is a domain refusal.
func (l *ledger) call(c Command) error {
	c.After = 0
	if first, seen := l.answers[c.Key]; seen {
		if first != c {
			return fmt.Errorf("key %s reused with another body: %+v, then %+v", c.Key, first, c)
		}
		return nil
	}
	p := l.payments[c.Reference]
	if p == nil && c.Op != OpCreate {
		return fmt.Errorf("%s of unknown %s", c.Op, c.Reference)
	}
	switch c.Op {
	case OpCreate:
		if p != nil {
			return fmt.Errorf("reference %s created twice", c.Reference)
		}
		l.payments[c.Reference] = &payment{state: "CREATED", asked: c.Amount}
	case OpCapture:
		if p.state != "AUTHORIZED" || p.captured+c.Amount+p.cancelled > p.authorized {
			return fmt.Errorf("capture of %d exceeds %+v", c.Amount, *p)
		}
		p.captured += c.Amount
	case OpCancel:
		switch {
		case p.state == "CREATED":
			p.state = "TERMINATED"
			p.cancelled = p.asked // as the API reports it
		case p.state == "AUTHORIZED" && !c.TransactionOnly:
			p.cancelled = p.authorized - p.captured
		}
	case OpRefund:
		if p.refunded+c.Amount > p.captured {
			return fmt.Errorf("refund of %d exceeds %+v", c.Amount, *p)
		}
		p.refunded += c.Amount
	}
	l.answers[c.Key] = c
	return nil
}

func (p *payment) approve() {
	if p.state == "CREATED" {
		p.state, p.authorized = "AUTHORIZED", p.asked
	}
}

func (p *payment) end(state string) {
	if p.state == "CREATED" {
		p.state = state
	}
}

func (p *payment) seen() Payment {
	return Payment{State: p.state, Authorized: p.authorized, Captured: p.captured,
		Cancelled: p.cancelled, Refunded: p.refunded}
}

// answer is the event that tells the outcome of a command, as the terminal's
// delivery reads it from the API.
func (l *ledger) answer(c Command) Event {
	p := l.payments[c.Reference]
	switch {
	case c.Op == OpProfile:
		return Profiled{N: c.N, Contact: 7}
	case c.Op == OpReceipt:
		return ReceiptPosted{N: c.N}
	case c.Op == OpCreate:
		return Created{N: c.N, RedirectURL: "https://qr.example/" + c.Reference}
	default:
		return Observed{N: c.N, Payment: p.seen(), Ends: c.Op}
	}
}
