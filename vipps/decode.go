package vipps

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"taxiterminal/money"
)

// wireAmount tells a missing member from a zero. A value with a fraction or in
// quotes is refused by encoding/json, because the member is an integer.
type wireAmount struct {
	Currency money.Currency `json:"currency"`
	Value    *money.Minor   `json:"value"`
}

type wirePayment struct {
	Reference string      `json:"reference"`
	State     State       `json:"state"`
	Amount    *wireAmount `json:"amount"`
	Aggregate *struct {
		Authorized *wireAmount `json:"authorizedAmount"`
		Cancelled  *wireAmount `json:"cancelledAmount"`
		Captured   *wireAmount `json:"capturedAmount"`
		Refunded   *wireAmount `json:"refundedAmount"`
	} `json:"aggregate"`
	PSPReference           loose[string]            `json:"pspReference"`
	RedirectURL            loose[string]            `json:"redirectUrl"`
	Profile                loose[wireProfile]       `json:"profile"`
	UserDetails            loose[wireUserDetails]   `json:"userDetails"`
	CaptureGuaranteedUntil stamp                    `json:"captureGuaranteedUntil"`
	Metadata               loose[map[string]string] `json:"metadata"`
}

type wireProfile struct {
	Sub string `json:"sub"`
}

// loose is a member that no decision about money hangs on: if it has changed its
// shape it is left out, and does not make the whole answer unreadable.
type loose[T any] struct{ value T }

func (l *loose[T]) UnmarshalJSON(raw []byte) error {
	var v T
	if json.Unmarshal(raw, &v) == nil {
		l.value = v
	}
	return nil
}

// decodePayment reads the answer to get, capture, cancel and refund. It is lenient
// about what is unknown and strict about money: without all four aggregates in one
// currency there is no truth to act upon.
func decodePayment(reference string) accept {
	return func(body []byte) (Payment, error) {
		var w wirePayment
		if err := json.Unmarshal(body, &w); err != nil {
			return Payment{}, fmt.Errorf("read payment: %w", shapeOnly(err))
		}
		if w.Reference != reference {
			return Payment{}, errOtherReference
		}
		return w.payment()
	}
}

var errOtherReference = errors.New("read payment: the answer is about another reference")

func (w wirePayment) payment() (Payment, error) {
	if w.State == "" {
		return Payment{}, errors.New("read payment: state missing")
	}
	if w.Aggregate == nil {
		return Payment{}, errors.New("read payment: aggregate missing")
	}
	p := Payment{
		Reference: w.Reference, State: w.State,
		PSPReference: w.PSPReference.value, RedirectURL: w.RedirectURL.value, Sub: w.Profile.value.Sub,
		Person:                 w.UserDetails.value.person(),
		CaptureGuaranteedUntil: time.Time(w.CaptureGuaranteedUntil), Metadata: w.Metadata.value,
	}
	for _, a := range []struct {
		name string
		from *wireAmount
		to   *money.Minor
	}{
		{"amount", w.Amount, &p.Amount},
		{"authorizedAmount", w.Aggregate.Authorized, &p.Authorized},
		{"cancelledAmount", w.Aggregate.Cancelled, &p.Cancelled},
		{"capturedAmount", w.Aggregate.Captured, &p.Captured},
		{"refundedAmount", w.Aggregate.Refunded, &p.Refunded},
	} {
		if err := a.from.read(a.to, &p.Currency); err != nil {
			return Payment{}, fmt.Errorf("read payment: %s: %w", a.name, err)
		}
	}
	return p, nil
}

// read stores the value, and the currency if it is the first one seen.
func (a *wireAmount) read(to *money.Minor, currency *money.Currency) error {
	switch {
	case a == nil || a.Value == nil || a.Currency == "":
		return errors.New("missing")
	case *a.Value < 0:
		return errors.New("negative")
	case *currency != "" && *currency != a.Currency:
		return errors.New("in another currency than the payment")
	}
	*to, *currency = *a.Value, a.Currency
	return nil
}

// decodeCreated reads the answer to create: the reference, and the link unless the
// flow is a push message.
func decodeCreated(reference string) accept {
	return func(body []byte) (Payment, error) {
		var w struct {
			Reference   string        `json:"reference"`
			RedirectURL loose[string] `json:"redirectUrl"`
		}
		if err := json.Unmarshal(body, &w); err != nil {
			return Payment{}, fmt.Errorf("read payment: %w", shapeOnly(err))
		}
		if w.Reference != reference {
			return Payment{}, errOtherReference
		}
		return Payment{Reference: w.Reference, RedirectURL: w.RedirectURL.value}, nil
	}
}

// stamp is a time as the API writes it: RFC 3339 with any number of fractional
// digits, Z or an offset. One that cannot be read is zero; no decision about money
// hangs on it.
type stamp time.Time

func (s *stamp) UnmarshalJSON(raw []byte) error {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05"} {
		if t, err := time.Parse(layout, text); err == nil {
			*s = stamp(t.UTC())
			return nil
		}
	}
	return nil
}

// shapeOnly keeps an error of encoding/json from quoting the text that it read.
func shapeOnly(err error) error {
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) {
		return fmt.Errorf("%s: unexpected %s", kind.Field, firstWord(kind.Value))
	}
	return errors.New("not the expected JSON")
}

// firstWord drops the digits that encoding/json appends to "number".
func firstWord(s string) string {
	word, _, _ := strings.Cut(s, " ")
	return word
}
