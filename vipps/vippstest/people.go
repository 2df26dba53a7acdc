package vippstest

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Person is somebody with the app. None of them exists.
type Person struct {
	Phone     string `json:"phone"` // MSISDN, 9 to 15 digits
	FirstName string `json:"first_name,omitempty"`
	LastName  string `json:"last_name,omitempty"`
	Email     string `json:"email,omitempty"`
}

// DefaultPassenger scans the codes unless Options say otherwise.
var DefaultPassenger = Person{Phone: "4790000001", FirstName: "Kari", LastName: "Nordmann", Email: "kari.nordmann@example.com"}

// sharingPeriod is how long after the approval the customer's data can be read.
const sharingPeriod = 168 * time.Hour

func (p Person) check() error {
	if !phonePattern.MatchString(p.Phone) {
		return errors.New("person: phone: want country code and number, 9 to 15 digits")
	}
	return nil
}

// AddPerson gives a phone number a name. Numbers without one belong to people called
// Test Passenger.
func (s *Sim) AddPerson(p Person) error {
	if err := p.check(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.people.known[p.Phone] = p
	return nil
}

// SetPassenger is who scans the codes from now on.
func (s *Sim) SetPassenger(p Person) error {
	if err := s.AddPerson(p); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.people.passenger = p.Phone
	return nil
}

// WithdrawConsent ends what a person shares with the sales unit: the next payment
// asks again. Data of earlier payments can still be read until its time is over, and
// the person's sub stays the same.
func (s *Sim) WithdrawConsent(phone string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.people.consents, phone)
}

func (w *people) person(phone string) Person {
	if p, ok := w.known[phone]; ok {
		return p
	}
	return Person{Phone: phone, FirstName: "Test", LastName: "Passenger", Email: "passenger@example.com"}
}

func (w *people) consent(phone, scope string) {
	if w.consents[phone] == nil {
		w.consents[phone] = map[string]bool{}
	}
	for _, word := range strings.Fields(scope) {
		w.consents[phone][word] = true
	}
}

// payerOf is whoever pays, or would if they acted now.
func (s *Sim) payerOf(p *payment) string { return cmp.Or(p.payer, p.phone, s.people.passenger) }

// asks is what the app asks the customer to share before they can pay.
func (s *Sim) asks(p *payment) []string {
	if p.state != stateCreated {
		return nil
	}
	var missing []string
	for _, word := range strings.Fields(p.scope) {
		if !s.people.consents[s.payerOf(p)][word] {
			missing = append(missing, word)
		}
	}
	return missing
}

// sub is the identifier of a person at this sales unit: for ever the same there, and
// another at every other.
func (s *Sim) sub(phone string) string {
	h := sha256.Sum256([]byte("sub " + s.opt.MSN + " " + phone))
	return fmt.Sprintf("%x-%x-%x-%x-%x", h[:4], h[4:6], h[6:8], h[8:10], h[10:16])
}

// describeCustomer adds to a get what it tells of the customer.
func (s *Sim) describeCustomer(p *payment, answer map[string]any) {
	profile := map[string]any{}
	answer["profile"] = profile
	since := s.now().Sub(p.authorizedAt)
	if p.state != stateAuthorized || p.scope == "" || since < s.opt.ProfileLag {
		return
	}
	profile["sub"] = s.sub(p.payer)
	if s.opt.HideUserDetails || since > sharingPeriod {
		return
	}
	answer["userDetails"] = s.people.person(p.payer).details(p.scope)
}

// details is a person in the words of the ePayment API.
func (p Person) details(scope string) map[string]any {
	d := map[string]any{}
	for _, word := range strings.Fields(scope) {
		switch word {
		case "name":
			d["firstName"], d["lastName"] = p.FirstName, p.LastName
		case "phoneNumber":
			d["mobileNumber"] = p.Phone
		case "email":
			d["email"] = p.Email
		case "address":
			d["addresses"] = []any{map[string]any{"addressLine1": "Testveien 1", "postCode": "0001", "city": "Oslo", "country": "NO"}}
		case "birthDate":
			d["dateOfBirth"] = "1990-01-01"
		}
	}
	return d
}
