package vippstest

import (
	"fmt"
	"time"

	"taxiterminal/money"
)

// The states of a payment.
const (
	stateCreated    = "CREATED"
	stateAuthorized = "AUTHORIZED"
	stateAborted    = "ABORTED"
	stateExpired    = "EXPIRED"
	stateTerminated = "TERMINATED"
)

// payment is one payment of the sales unit. Amounts are in minor units of the sales
// unit's currency.
type payment struct {
	reference   string
	psp         string
	flow        string
	description string
	scope       string
	metadata    map[string]string
	receipt     *receiptRequest // nil for none
	posted      int             // how often one came by the Order Management API
	redirectURL string          // text or link; empty for a push message
	token       string          // inside redirectURL
	phone       string          // of the customer named in the create
	payer       string          // phone number of whoever approved
	currency    money.Currency

	state      string
	approving  bool // the passenger is in the middle of it
	amount     money.Minor
	authorized money.Minor
	captured   money.Minor
	cancelled  money.Minor
	refunded   money.Minor

	created      time.Time
	expires      time.Time
	authorizedAt time.Time
	events       []event
	intent       *intent // what the passenger will do
	keys         []KeyUse
}

// event is one line of the payment's log.
type event struct {
	psp     string
	name    string
	amount  money.Minor
	at      time.Time
	key     string
	success bool
}

// intent is a passenger's action that is still to come.
type intent struct {
	action Action
	at     time.Time
}

func (p *payment) log(s *Sim, name string, amount money.Minor, key string, success bool, at time.Time) {
	e := event{psp: s.uuid(), name: name, amount: amount, at: at, key: key, success: success}
	p.events = append(p.events, e)
	s.tell(p, e)
}

// settle lets happen what was due by now: the passenger's intent if it came before
// the end of the payment, then the end.
func (p *payment) settle(now time.Time, s *Sim) {
	if in := p.intent; in != nil && !in.at.After(now) {
		p.intent = nil
		_ = p.act(in.action, in.at, s) // what is not possible any more does not happen
	}
	if p.state == stateCreated && !now.Before(p.expires.Add(s.opt.ExpiryLag)) {
		p.state, p.approving, p.intent = stateExpired, false, nil
		p.log(s, stateExpired, p.amount, "", true, p.expires)
	}
}

// act is what a passenger does in the app.
func (p *payment) act(a Action, at time.Time, s *Sim) error {
	if p.state != stateCreated || !at.Before(p.expires) {
		return fmt.Errorf("%s payment %s: it is over (%s)", a, p.reference, p.state)
	}
	switch a {
	case Approve:
		p.payer = s.payerOf(p)
		s.people.consent(p.payer, p.scope)
		p.state, p.approving = stateAuthorized, false
		p.authorized, p.authorizedAt = p.amount, at
		p.log(s, stateAuthorized, p.amount, "", true, at)
	case Reject, RefuseSharing:
		if a == RefuseSharing && len(s.asks(p)) == 0 {
			return fmt.Errorf("%s payment %s: there is no question about sharing", a, p.reference)
		}
		p.state, p.approving = stateAborted, false
		p.log(s, stateAborted, p.amount, "", true, at)
	case Begin:
		p.approving = true
	case Ignore:
	default:
		return errUnknownAction(a)
	}
	return nil
}

// rest is what can still be captured.
func (p *payment) rest() money.Minor { return p.authorized - p.captured - p.cancelled }

// uuid is a random id in the usual shape.
func (s *Sim) uuid() string {
	a, b := s.rng.Uint64(), s.rng.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", a>>32, a>>16&0xffff, a&0xfff, 0x8000|b>>48&0x3fff, b&0xffffffffffff)
}

// word is n random characters that may stand in a link.
func (s *Sim) word(n int) string {
	const letters = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789"
	b := make([]byte, n)
	for i := range b {
		b[i] = letters[s.rng.IntN(len(letters))]
	}
	return string(b)
}
