package webhook

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"regexp"
	"time"

	"taxiterminal/money"
	"taxiterminal/vipps"
)

// Event is what a webhook said, as far as it is kept. It holds nothing about people.
type Event struct {
	V    int    `json:"v"` // of this form: 1
	MSN  string `json:"msn"`
	Kind Kind   `json:"kind"`

	// Of a payment's event: as in vipps.PaymentEvent. The amount is the event's own.
	Reference    string       `json:"reference,omitempty"`
	PSPReference string       `json:"psp_reference,omitempty"`
	Name         string       `json:"name,omitempty"` // CREATED, AUTHORIZED, ... or newer
	Amount       money.Amount `json:"amount,omitzero"`
	Success      bool         `json:"success,omitempty"` // false: it was tried and nothing changed

	// QR is the merchantQrId that a check-in is about.
	QR string `json:"qr,omitempty"`
	// Token is the customer of a check-in. It is never stored.
	Token vipps.Secret `json:"-"`

	Time     time.Time `json:"time,omitzero"` // when it happened, by the API; zero if it does not say
	Received time.Time `json:"received"`
	Digest   string    `json:"digest"` // SHA-256 of the body, hexadecimal
}

// Kind is what an event is about.
type Kind string

const (
	Payment Kind = "payment"
	CheckIn Kind = "check_in" // somebody has scanned a callback code and waits
	Other   Kind = "other"    // nothing that is understood here
)

// TokenLifetime is how long the customer token of a check-in lives.
const TokenLifetime = 15 * time.Minute

// plain is what may stand in a message id and a log line.
var plain = regexp.MustCompile(`^[A-Za-z0-9._-]{1,128}$`).MatchString

// Read reads the body of a webhook of a sales unit. It cannot fail: what is not
// understood is Other.
func Read(msn string, body []byte, now time.Time) Event {
	sum := sha256.Sum256(body)
	e := Event{V: 1, MSN: msn, Kind: Other, Received: now.UTC(), Digest: hex.EncodeToString(sum[:])}
	var members map[string]json.RawMessage
	if json.Unmarshal(body, &members) != nil {
		return e
	}
	if of := read(members, "msn") + read(members, "merchantSerialNumber"); of != "" && of != msn {
		return e // well signed, and about another sales unit: not for the cars of this one
	}
	switch {
	case plain(read(members, "reference")) && plain(read(members, "name")):
		e.readPayment(members)
	case plain(read(members, "merchantQrId")) && read(members, "customerToken") != "":
		e.Kind, e.QR, e.Token = CheckIn, read(members, "merchantQrId"), vipps.NewSecret(read(members, "customerToken"))
		e.Time = readTime(read(members, "initiatedAt"))
	}
	return e
}

func (e *Event) readPayment(members map[string]json.RawMessage) {
	e.Kind, e.Reference, e.Name = Payment, read(members, "reference"), read(members, "name")
	if psp := read(members, "pspReference"); plain(psp) {
		e.PSPReference = psp
	}
	e.Time = readTime(read(members, "timestamp"))
	_ = json.Unmarshal(members["success"], &e.Success) // false is the careful reading
	var amount money.Amount
	if json.Unmarshal(members["amount"], &amount) == nil {
		if currency, err := money.ParseCurrency(string(amount.Currency)); err == nil && amount.Value >= 0 {
			e.Amount = money.Of(amount.Value, currency)
		}
	}
}

// read is a member that is a text, or a number as it is written.
func read(members map[string]json.RawMessage, name string) string {
	var text string
	if json.Unmarshal(members[name], &text) == nil {
		return text
	}
	var number json.Number
	_ = json.Unmarshal(members[name], &number) // whatever else it is counts as none
	return number.String()
}

func readTime(text string) time.Time {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}
	}
	return at.UTC()
}

// MsgID is the same for an event however often it comes, and by whatever
// registration.
func (e Event) MsgID() string {
	switch {
	case e.Kind == Payment && e.PSPReference != "":
		return e.PSPReference + "/" + e.Name
	case e.Kind == CheckIn:
		sum := sha256.Sum256([]byte("check-in\x00" + e.Token.Reveal()))
		return "check-in/" + hex.EncodeToString(sum[:16])
	}
	return "body/" + e.Digest
}

// expired says that the customer of a check-in does not wait any more.
func (e Event) expired(now time.Time) bool {
	return e.Kind == CheckIn && !e.Time.IsZero() && now.Sub(e.Time) > TokenLifetime
}
