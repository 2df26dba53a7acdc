package vipps

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"taxiterminal/money"
)

// CreatePayment asks for money. What is the same for every payment in a car is not
// here: the payment method is WALLET and the customer is present.
type CreatePayment struct {
	// Amount is what is asked for, tip included; see AmountLimits.
	Amount money.Amount
	// Reference names the payment for ever, for the customer too: 8 to 50 of
	// a-z, A-Z, 0-9 and hyphen, starting with a letter. It is unique among all cars
	// of the sales unit and never used twice.
	Reference string
	Flow      Flow
	// Description is what the customer reads in the app, 3 to 100 characters, or
	// empty. Nothing personal goes in here: it ends up in settlement files.
	Description string
	// Scope asks the customer to share data. Refusing it ends the payment, so ask
	// for nothing without a purpose.
	Scope []Scope
	// Receipt is shown in the app. It cannot be changed later: leave it out if the
	// amount is not final.
	Receipt *Receipt
	// Metadata comes back with every Get: at most 5 pairs, keys of at most 100 and
	// values of at most 500 characters, nothing personal.
	Metadata map[string]string
}

// Scope is one kind of data that the customer can share.
type Scope string

const (
	ScopeName        Scope = "name"
	ScopeAddress     Scope = "address"
	ScopeEmail       Scope = "email"
	ScopePhoneNumber Scope = "phoneNumber"
	ScopeBirthDate   Scope = "birthDate"
)

// amountMax is the largest amount of one payment in any currency, in minor units.
const amountMax = money.Minor(65_000_000)

// AmountLimits are the smallest and the largest amount that can be asked for in a
// currency, in minor units. ok is false if the API does not know the currency.
func AmountLimits(c money.Currency) (least, most money.Minor, ok bool) {
	switch c {
	case money.NOK:
		return 100, amountMax, true
	case money.DKK, money.EUR:
		return 1, amountMax, true
	}
	return 0, 0, false
}

type wireMoney struct {
	Currency money.Currency `json:"currency"`
	Value    money.Minor    `json:"value"`
}

type wireCreate struct {
	Amount              wireMoney         `json:"amount"`
	PaymentMethod       wireMethod        `json:"paymentMethod"`
	CustomerInteraction string            `json:"customerInteraction"`
	Customer            *wireCustomer     `json:"customer,omitempty"`
	UserFlow            string            `json:"userFlow"`
	QRFormat            *wireQR           `json:"qrFormat,omitempty"`
	ReturnURL           string            `json:"returnUrl,omitempty"`
	Reference           string            `json:"reference"`
	Description         string            `json:"paymentDescription,omitempty"`
	Profile             *wireScope        `json:"profile,omitempty"`
	Receipt             *wireReceipt      `json:"receipt,omitempty"`
	Metadata            map[string]string `json:"metadata,omitempty"`
}

type wireMethod struct {
	Type string `json:"type"`
}

type wireCustomer struct {
	PhoneNumber   string `json:"phoneNumber,omitempty"`
	PersonalQR    string `json:"personalQr,omitempty"`
	CustomerToken string `json:"customerToken,omitempty"`
}

type wireQR struct {
	Format QRFormat `json:"format"`
	Size   int      `json:"size,omitempty"`
}

type wireScope struct {
	Scope string `json:"scope"`
}

// Encode checks p against every published limit and gives the body to keep and to
// send. The same p gives the same bytes. The error is an *InvalidError with all
// problems.
func (p CreatePayment) Encode() ([]byte, error) {
	var bad problems
	w := wireCreate{
		Amount:              wireMoney{p.Amount.Currency, p.Amount.Value},
		PaymentMethod:       wireMethod{"WALLET"},
		CustomerInteraction: "CUSTOMER_PRESENT",
		Reference:           p.Reference,
		Description:         p.Description,
		Metadata:            p.Metadata,
	}
	checkAsked(&bad, p.Amount)
	checkNewReference(&bad, p.Reference)
	if p.Flow == nil {
		bad.add("userFlow", "missing; use QR when the customer sees a screen")
	} else {
		p.Flow.encode(&w, &bad)
	}
	if p.Description != "" {
		bad.check(within(p.Description, 3, 100), "paymentDescription", "want 3 to 100 characters, or leave it empty")
	}
	w.Profile = encodeScope(&bad, p.Scope, w.Customer)
	if p.Receipt != nil {
		w.Receipt = p.Receipt.encode(&bad, p.Amount)
	}
	checkMetadata(&bad, p.Metadata)
	if err := bad.err("create payment"); err != nil {
		return nil, err
	}
	return json.Marshal(w)
}

func checkAsked(bad *problems, a money.Amount) {
	least, most, ok := AmountLimits(a.Currency)
	if !ok {
		bad.add("amount.currency", "want NOK, DKK or EUR, got %q", a.Currency)
		return
	}
	bad.check(a.Value >= least, "amount.value", "%s is less than the smallest amount that can be asked, %s", a, money.Of(least, a.Currency))
	bad.check(a.Value <= most, "amount.value", "%s is more than the largest amount that can be asked, %s", a, money.Of(most, a.Currency))
}

var (
	// newReference fits the 50 characters of the older specification as well as
	// the 64 of the newer. The first character is a letter, so that spreadsheets
	// and number parsers leave the reference as it is.
	newReference = shaped(8, 50, `^[A-Za-z][A-Za-z0-9-]*$`)
	anyReference = shaped(8, 64, `^[A-Za-z0-9-]+$`)
)

func checkNewReference(bad *problems, reference string) {
	bad.check(newReference.MatchString(reference), "reference",
		"want 8 to 50 of a-z, A-Z, 0-9 and hyphen, starting with a letter, got %q", cut(reference, 64))
}

func encodeScope(bad *problems, scope []Scope, customer *wireCustomer) *wireScope {
	if len(scope) == 0 {
		return nil
	}
	known := []Scope{ScopeName, ScopeAddress, ScopeEmail, ScopePhoneNumber, ScopeBirthDate}
	words := make([]string, len(scope))
	for i, s := range scope {
		words[i] = string(s)
		bad.check(slices.Contains(known, s), "profile.scope", "%q is none of %v", s, known)
		bad.check(!slices.Contains(scope[:i], s), "profile.scope", "%q is there twice", s)
	}
	if customer != nil && customer.PhoneNumber != "" {
		bad.check(!slices.Contains(scope, ScopePhoneNumber), "profile.scope",
			"asks for the phone number that the request is sent to; leave phoneNumber out")
	}
	return &wireScope{Scope: strings.Join(words, " ")}
}

func checkMetadata(bad *problems, pairs map[string]string) {
	bad.check(len(pairs) <= 5, "metadata", "want at most 5 pairs, got %d", len(pairs))
	for _, key := range slices.Sorted(maps.Keys(pairs)) {
		value := pairs[key]
		bad.check(within(key, 1, 100), "metadata", "want keys of 1 to 100 characters, got %q", cut(key, 120))
		bad.check(within(value, 0, 500), "metadata."+cut(key, 100), "want at most 500 characters")
	}
}

// within says that s is valid UTF-8 and has from least to most characters. The
// schema's lengths are counted in code points by its definition and in UTF-16 units
// by some implementations; what passes here is within bounds either way.
func within(s string, least, most int) bool {
	return utf8.ValidString(s) && utf8.RuneCountInString(s) >= least && len(utf16.Encode([]rune(s))) <= most
}
