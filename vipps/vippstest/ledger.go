package vippstest

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"taxiterminal/money"
)

// Calls counts the requests of one operation and reference.
type Calls struct {
	Seen     int `json:"seen"`     // arrived at the API
	Executed int `json:"executed"` // had their effect, or for reads were answered
	Replayed int `json:"replayed"` // repeated a key and got the first answer again, or a conflict
	Refused  int `json:"refused"`
	Lost     int `json:"lost"` // taken away on the way there; the API knows nothing of them
}

func (s *Sim) count(c call) *Calls {
	ops := s.traffic[c.reference]
	if ops == nil {
		ops = map[Op]*Calls{}
		s.traffic[c.reference] = ops
	}
	if ops[c.op] == nil {
		ops[c.op] = &Calls{}
	}
	return ops[c.op]
}

// KeyUse is an idempotency key that came with a payment's requests.
type KeyUse struct {
	Op    Op     `json:"op"`
	Key   string `json:"key"`
	Times int    `json:"times"`
}

// noteKey remembers which keys a payment has seen. The first create is noted where
// the payment is made.
func (s *Sim) noteKey(c call) {
	p := s.payments[c.reference]
	if p == nil {
		return
	}
	for i := range p.keys {
		if p.keys[i].Op == c.op && p.keys[i].Key == c.key {
			p.keys[i].Times++
			return
		}
	}
	p.keys = append(p.keys, KeyUse{Op: c.op, Key: c.key, Times: 1})
}

// Payment is what the ledger says about one payment.
type Payment struct {
	Reference   string         `json:"reference"`
	State       string         `json:"state"`
	Approving   bool           `json:"approving,omitempty"`
	Flow        string         `json:"flow"`
	Description string         `json:"description,omitempty"`
	Currency    money.Currency `json:"currency"`
	Amount      money.Minor    `json:"amount"`
	Authorized  money.Minor    `json:"authorized"`
	Captured    money.Minor    `json:"captured"`
	Cancelled   money.Minor    `json:"cancelled"`
	Refunded    money.Minor    `json:"refunded"`
	Created     time.Time      `json:"created"`
	Expires     time.Time      `json:"expires"`
	// ReceiptShown is set when there is a receipt whose lines add up to the
	// amount; with any other the app shows no lines.
	ReceiptShown bool         `json:"receipt_shown"`
	Receipt      *Receipt     `json:"receipt,omitempty"`
	Scope        string       `json:"scope,omitempty"` // that the merchant asked for
	Asks         []string     `json:"asks,omitempty"`  // what the customer is being asked to share
	Shared       bool         `json:"shared"`          // the customer shares what was asked for
	RedirectURL  string       `json:"redirect_url,omitempty"`
	Calls        map[Op]Calls `json:"calls"`
	Keys         []KeyUse     `json:"keys"`
}

// Payments lists all payments as they were created.
func (s *Sim) Payments() []Payment {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle()
	list := make([]Payment, 0, len(s.order))
	for _, p := range s.order {
		list = append(list, s.entry(p))
	}
	return list
}

// Payment looks up one payment. ok is false if the API has none of that reference.
func (s *Sim) Payment(reference string) (entry Payment, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle()
	p := s.payments[reference]
	if p == nil {
		return Payment{}, false
	}
	return s.entry(p), true
}

func (s *Sim) entry(p *payment) Payment {
	return Payment{
		Reference: p.reference, State: p.state, Approving: p.approving, Flow: p.flow, Description: p.description,
		Currency: p.currency, Amount: p.amount, Authorized: p.authorized, Captured: p.captured,
		Cancelled: p.cancelled, Refunded: p.refunded, Created: p.created.UTC(), Expires: p.expires.UTC(),
		ReceiptShown: p.receiptShown(), Receipt: p.receiptEntry(), RedirectURL: p.redirectURL,
		Scope: p.scope, Asks: s.asks(p), Shared: p.scope != "" && p.state == stateAuthorized,
		Calls: s.calls(p.reference), Keys: slices.Clone(p.keys),
	}
}

func (s *Sim) calls(reference string) map[Op]Calls {
	calls := map[Op]Calls{}
	for op, n := range s.traffic[reference] {
		calls[op] = *n
	}
	return calls
}

// Calls counts one operation's requests for a reference, also for one that has no
// payment. The token operation has no reference.
func (s *Sim) Calls(op Op, reference string) Calls {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls(reference)[op]
}

// Ledger is the whole of the money, for one look at the end of a test.
type Ledger struct {
	Payments   int         `json:"payments"`
	Authorized money.Minor `json:"authorized"`
	Captured   money.Minor `json:"captured"`
	Cancelled  money.Minor `json:"cancelled"`
	Refunded   money.Minor `json:"refunded"`
	Open       int         `json:"open"`     // CREATED
	Reserved   money.Minor `json:"reserved"` // approved, neither captured nor released
	Broken     []string    `json:"broken"`   // rules that do not hold; none in a sound ledger
}

// Ledger adds everything up and checks it.
func (s *Sim) Ledger() Ledger {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle()
	l := Ledger{Payments: len(s.order), Broken: []string{}}
	for _, p := range s.order {
		l.Authorized += p.authorized
		l.Captured += p.captured
		l.Cancelled += p.cancelled
		l.Refunded += p.refunded
		if p.state == stateCreated {
			l.Open++
		}
		if p.state == stateAuthorized {
			l.Reserved += p.rest()
		}
		l.Broken = append(l.Broken, s.broken(p)...)
	}
	return l
}

// Check is Ledger for tests: nil, or every rule that does not hold.
func (s *Sim) Check() error {
	var all []error
	for _, b := range s.Ledger().Broken {
		all = append(all, errors.New(b))
	}
	return errors.Join(all...)
}

// broken lists the rules that a payment breaks. They hold over any order of calls
// and faults.
func (s *Sim) broken(p *payment) []string {
	sums := map[string]money.Minor{}
	for _, e := range p.events {
		if e.success {
			sums[e.name] += e.amount
		}
	}
	calls := s.calls(p.reference)
	terminated := p.state == stateTerminated
	rules := map[string]bool{
		"authorized is nothing or the amount":    p.authorized == 0 || p.authorized == p.amount,
		"authorized if and only if AUTHORIZED":   (p.authorized > 0) == (p.state == stateAuthorized),
		"captured <= authorized":                 p.captured <= p.authorized,
		"captured + cancelled <= authorized":     terminated || p.captured+p.cancelled <= p.authorized,
		"terminated is wholly cancelled":         !terminated || p.cancelled == p.amount,
		"refunded <= captured":                   p.refunded <= p.captured,
		"nothing is negative":                    min(p.amount, p.authorized, p.captured, p.cancelled, p.refunded) >= 0,
		"captured is the sum of its events":      p.captured == sums["CAPTURED"],
		"refunded is the sum of its events":      p.refunded == sums["REFUNDED"],
		"cancelled is the sum of its events":     p.cancelled == sums["CANCELLED"]+sums[stateTerminated],
		"authorized is the sum of its events":    p.authorized == sums[stateAuthorized],
		"created exactly once":                   calls[OpCreate].Executed == 1 && sums[stateCreated] == p.amount,
		"no more executed than seen":             noMoreExecuted(calls),
		"captured money has an executed capture": (calls[OpCapture].Executed > 0) == (p.captured > 0),
	}
	var list []string
	for _, rule := range slices.Sorted(maps.Keys(rules)) {
		if !rules[rule] {
			list = append(list, fmt.Sprintf("payment %s: does not hold: %s", p.reference, rule))
		}
	}
	return list
}

func noMoreExecuted(calls map[Op]Calls) bool {
	for _, n := range calls {
		if n.Executed+n.Replayed+n.Refused > n.Seen {
			return false
		}
	}
	return true
}
