package vippstest

import (
	"errors"
	"fmt"
	"time"

	"taxiterminal/money"
)

// Action is what a passenger does with a request in the app.
type Action string

const (
	Approve Action = "approve"
	Reject  Action = "reject"
	Begin   Action = "begin"  // starts to approve (3-D Secure); cancels answer 6250 until Approve or Reject
	Ignore  Action = "ignore" // does nothing, and forgets what was planned
	// RefuseSharing is the no to the question that comes before the payment when
	// it has a profile scope; it aborts the payment. Approve is a yes to both.
	RefuseSharing Action = "refuse_sharing"
)

// Habit is what the passenger does with every new payment, After its creation. The
// zero Habit ignores it.
type Habit struct {
	Action Action   `json:"action"`
	After  Duration `json:"after"`
}

func (h Habit) check() error {
	switch h.Action {
	case "", Approve, Reject, Begin, Ignore, RefuseSharing:
		return nil
	}
	return errUnknownAction(h.Action)
}

func errUnknownAction(a Action) error {
	return fmt.Errorf("passenger action %q: want %s, %s, %s, %s or %s", a, Approve, Reject, Begin, Ignore, RefuseSharing)
}

func (h Habit) intent(now time.Time) *intent {
	if h.Action == "" || h.Action == Ignore {
		return nil
	}
	return &intent{h.Action, now.Add(h.After.Std())}
}

// people are the customers of the simulated world.
type people struct {
	habit     Habit
	strangers map[string]bool   // phone numbers that cannot be asked: 7010
	codes     map[string]string // content of personal QR codes -> phone number
	tokens    map[string]customerToken

	known     map[string]Person          // by phone number
	passenger string                     // phone number of whoever scans the codes
	consents  map[string]map[string]bool // phone number -> scopes that are shared
}

type customerToken struct {
	phone string
	end   time.Time
}

// tokenLifetime is how long a customer token of a check-in lives.
const tokenLifetime = 15 * time.Minute

func newPeople(passenger Person) people {
	return people{
		strangers: map[string]bool{}, codes: map[string]string{}, tokens: map[string]customerToken{},
		known: map[string]Person{passenger.Phone: passenger}, passenger: passenger.Phone,
		consents: map[string]map[string]bool{},
	}
}

// Bill is what the app shows after a scan.
type Bill struct {
	Reference   string         `json:"reference"`
	Amount      money.Minor    `json:"amount"`
	Currency    money.Currency `json:"currency"`
	Description string         `json:"description"`
	Expires     time.Time      `json:"expires"`
	// Asks is what the customer is asked to share before they can pay; empty if
	// nothing, or nothing that they do not share with this sales unit already.
	Asks []string `json:"asks,omitempty"`
}

// ErrNothingToPay is a scan of a code that no open payment has.
var ErrNothingToPay = errors.New("scan code: no open payment has this code")

// Scan looks for the open payment whose redirectUrl is code.
func (s *Sim) Scan(code string) (Bill, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle()
	for _, p := range s.open {
		if code != "" && p.redirectURL == code && p.state == stateCreated {
			return s.bill(p), nil
		}
	}
	return Bill{}, ErrNothingToPay
}

// Pushed are the open requests in the app of a phone number, oldest first.
func (s *Sim) Pushed(phone string) []Bill {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle()
	var bills []Bill
	for _, p := range s.open {
		if p.flow == "PUSH_MESSAGE" && p.phone == phone && p.state == stateCreated {
			bills = append(bills, s.bill(p))
		}
	}
	return bills
}

func (s *Sim) bill(p *payment) Bill {
	return Bill{
		Reference: p.reference, Amount: p.amount, Currency: p.currency, Description: p.description,
		Expires: p.expires.UTC(), Asks: s.asks(p),
	}
}

// Act lets the passenger of a payment do something, now or after a delay on the
// simulator's clock. Whatever was planned before is forgotten. A delayed action
// that has become impossible by then does not happen.
func (s *Sim) Act(reference string, a Action, after time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle()
	p := s.payments[reference]
	if p == nil {
		return fmt.Errorf("%s payment %q: no such reference", a, reference)
	}
	p.intent = nil
	if after <= 0 {
		return p.act(a, s.now(), s)
	}
	p.intent = Habit{a, Duration(after)}.intent(s.now())
	s.poke()
	return nil
}

// SetHabit is for the payments created from now on.
func (s *Sim) SetHabit(h Habit) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.people.habit = h
}

// Stranger makes a phone number one that cannot be asked: unknown, too young,
// blocked, or from another market. The API does not say which (7010).
func (s *Sim) Stranger(phone string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.people.strangers[phone] = true
}

// PersonalQR is the content of the code in the app of a phone number.
func (s *Sim) PersonalQR(phone string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	code := "https://qr.vipps.no/p/" + s.word(24)
	s.people.codes[code] = phone
	return code
}

// CustomerToken is what a check-in at a static code gives, good for 15 minutes.
func (s *Sim) CustomerToken(phone string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.customerToken(phone)
}

func (s *Sim) customerToken(phone string) string {
	token := s.word(44)
	s.people.tokens[token] = customerToken{phone, s.now().Add(tokenLifetime)}
	return token
}
