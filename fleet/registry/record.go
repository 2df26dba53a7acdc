package registry

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"taxiterminal/money"
	"taxiterminal/trip"
)

// Environment is which payment API a merchant's payments are made at.
type Environment string

const (
	Production Environment = "production"
	Test       Environment = "test"
	Simulator  Environment = "simulator"
)

// Merchant is a sales unit of the operator. Its keys are not here.
type Merchant struct {
	Name        string         `json:"name"` // ours, "north"
	MSN         string         `json:"msn"`  // merchant serial number
	Currency    money.Currency `json:"currency"`
	Environment Environment    `json:"environment"`
	URL         string         `json:"url,omitempty"` // of the simulator only
	AmountLimit money.Minor    `json:"amount_limit"`  // most that a car may ask at once
	Added       time.Time      `json:"added"`
}

// Vehicle is a car.
type Vehicle struct {
	ID       string    `json:"id"`                 // as trip.ValidVehicle wants it
	Merchant string    `json:"merchant"`           // by name
	Code     string    `json:"code"`               // page code, 26 characters
	QRID     string    `json:"qr_id,omitempty"`    // of the sticker at the payment API
	Terminal string    `json:"terminal,omitempty"` // the one that is let in
	Added    time.Time `json:"added"`
}

// Terminal is an onboard computer.
type Terminal struct {
	ID       string    `json:"id"` // its public key, "U..."
	Vehicle  string    `json:"vehicle"`
	Name     string    `json:"name,omitempty"` // what the computer calls itself
	Enrolled time.Time `json:"enrolled"`

	Revoked   time.Time `json:"revoked,omitzero"`
	RevokedBy string    `json:"revoked_by,omitempty"`
	Reason    string    `json:"reason,omitempty"`
}

// Token lets one computer become the terminal of one car, once.
type Token struct {
	Hash     string    `json:"hash"`
	Vehicle  string    `json:"vehicle"`
	Replaces string    `json:"replaces,omitempty"` // the terminal that goes when the new one comes
	Expires  time.Time `json:"expires"`
	By       string    `json:"by"`

	Terminal string    `json:"terminal,omitempty"` // who used it
	Used     time.Time `json:"used,omitzero"`
}

// Role is what an administrator may do.
type Role string

const (
	Read    Role = "read"    // look
	Operate Role = "operate" // and change
)

// Admin is a person or a program that administers.
type Admin struct {
	Hash    string    `json:"hash"`
	Name    string    `json:"name"`
	Role    Role      `json:"role"`
	Added   time.Time `json:"added"`
	Removed time.Time `json:"removed,omitzero"`
}

// May returns why not.
func (a Admin) May(role Role) error {
	if role == Operate && a.Role != Operate {
		return refuse(Forbidden, "ask somebody who may operate", "%s may only read", a.Name)
	}
	return nil
}

var (
	validName     = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`).MatchString
	validMSN      = regexp.MustCompile(`^[0-9]{4,7}$`).MatchString
	validTerminal = regexp.MustCompile(`^U[A-Z2-7]{55}$`).MatchString
	validHash     = regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString
	validQRID     = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`).MatchString
)

func (m Merchant) check() error {
	_, err := money.ParseCurrency(string(m.Currency))
	switch {
	case !validName(m.Name):
		return refuse(Malformed, `want up to 32 small letters, digits and hyphens, such as "north"`, "merchant name %q", m.Name)
	case !validMSN(m.MSN):
		return refuse(Malformed, "want its 4 to 7 digits", "merchant serial number %q", m.MSN)
	case err != nil:
		return refuse(Malformed, "want NOK, DKK, EUR or SEK", "currency %q", m.Currency)
	case m.Environment != Production && m.Environment != Test && m.Environment != Simulator:
		return refuse(Malformed, "want production, test or simulator", "environment %q", m.Environment)
	case (m.Environment == Simulator) != (m.URL != ""):
		return refuse(Malformed, "give the address of a simulator, and none otherwise", "environment %s with address %q", m.Environment, m.URL)
	case m.AmountLimit <= 0:
		return refuse(Malformed, "want the most that a car may ask at once, such as 10000.00", "amount limit %s", m.AmountLimit.Decimal())
	}
	return nil
}

// vehicleKey is under which a car is kept: "t122" and "T122" would be taken for one
// another by people, so they are.
func vehicleKey(id string) string { return strings.ToUpper(id) }

func checkVehicle(id string) error {
	if !trip.ValidVehicle(id) {
		return refuse(Malformed, "want a letter, then up to 15 letters and digits", "vehicle %q is no name of a car", shorten(id))
	}
	return nil
}

func checkTerminal(id string) error {
	if !validTerminal(id) {
		return refuse(Malformed, "want the 56 characters of its public key, U...", "terminal %q", shorten(id))
	}
	return nil
}

// shorten keeps what somebody sent out of long errors.
func shorten(s string) string {
	if len(s) > 64 {
		return fmt.Sprintf("%s... (%d bytes)", s[:48], len(s))
	}
	return s
}
