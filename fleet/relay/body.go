package relay

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"taxiterminal/money"
)

// amount tells a missing value from a zero.
type amount struct {
	Currency money.Currency `json:"currency"`
	Value    *money.Minor   `json:"value"`
}

// create is what decides in a create. Members that only concern what the customer
// sees are taken as they are.
type create struct {
	Amount      amount          `json:"amount"`
	Method      method          `json:"paymentMethod"`
	Interaction string          `json:"customerInteraction"`
	Customer    json.RawMessage `json:"customer"`
	UserFlow    string          `json:"userFlow"`
	ReturnURL   string          `json:"returnUrl"`
	QRFormat    json.RawMessage `json:"qrFormat"`
	Reference   string          `json:"reference"`
	Description string          `json:"paymentDescription"`
	Profile     profile         `json:"profile"`
	Receipt     json.RawMessage `json:"receipt"`
	Metadata    json.RawMessage `json:"metadata"`
}

type method struct {
	Type string `json:"type"`
}

type profile struct {
	Scope string `json:"scope"`
}

// readCreate reads the body of a create that a car may send.
func readCreate(body []byte) (c create, err error) {
	if err := strictly(body, &c); err != nil {
		return c, err
	}
	if c.Method.Type != "WALLET" || c.Interaction != "CUSTOMER_PRESENT" {
		return c, errors.New("body: want a payment in the app by a customer who is present")
	}
	switch c.UserFlow {
	case "QR", "PUSH_MESSAGE", "WEB_REDIRECT":
	default:
		return c, errors.New("body: userFlow: want QR, PUSH_MESSAGE or WEB_REDIRECT")
	}
	if (c.UserFlow == "WEB_REDIRECT") != (c.ReturnURL != "") {
		return c, errors.New("body: returnUrl: want one with WEB_REDIRECT, and only then")
	}
	for _, word := range strings.Fields(c.Profile.Scope) {
		if word != "name" && word != "phoneNumber" {
			return c, errors.New("body: profile.scope: want at most name and phoneNumber")
		}
	}
	return c, nil
}

// readModification reads the body of a capture or refund.
func readModification(body []byte) (amount, error) {
	var m struct {
		Amount amount `json:"modificationAmount"`
	}
	err := strictly(body, &m)
	return m.Amount, err
}

// readCancel reads the body of a cancel.
func readCancel(body []byte) error {
	var c struct {
		TransactionOnly bool `json:"cancelTransactionOnly"`
	}
	return strictly(body, &c)
}

var (
	errBody  = errors.New("body: not what a terminal of this version sends; update the gateway before the cars")
	errTwice = errors.New("body: a member is there twice, or has no plain name")
)

// strictly reads a JSON object that means the same to whoever reads it.
func strictly(body []byte, into any) error {
	if err := unambiguous(body); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if d.Decode(into) != nil {
		return errBody // the cause would quote the body
	}
	return nil
}

// unambiguous: one JSON object and nothing after it, in which no object has a member
// twice, also not in other letter case, and no name has letters that only look like
// others or are taken for them.
func unambiguous(body []byte) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return errBody
	}
	if err := members(d, 0); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errBody
	}
	return nil
}

// maxDepth bounds nesting; a receipt has three levels.
const maxDepth = 16

func members(d *json.Decoder, depth int) error {
	if depth > maxDepth {
		return errBody
	}
	seen := map[string]bool{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return errBody
		}
		name := strings.ToLower(t.(string)) // what stands before a colon is a string
		if seen[name] || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r > '~' }) {
			return errTwice
		}
		seen[name] = true
		if err := value(d, depth); err != nil {
			return err
		}
	}
	_, err := d.Token()
	return shape(err)
}

func value(d *json.Decoder, depth int) error {
	t, err := d.Token()
	switch {
	case err != nil:
		return errBody
	case t == json.Delim('{'):
		return members(d, depth+1)
	case t != json.Delim('['):
		return nil
	case depth > maxDepth:
		return errBody
	}
	for d.More() {
		if err := value(d, depth+1); err != nil {
			return err
		}
	}
	_, err = d.Token()
	return shape(err)
}

func shape(err error) error {
	if err != nil {
		return errBody
	}
	return nil
}
