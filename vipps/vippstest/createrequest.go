package vippstest

import (
	"encoding/json"
	"regexp"
	"slices"
	"unicode/utf8"
)

// createRequest is every member of a create that the specification has and a taxi
// could meet; the others are unknown members here.
type createRequest struct {
	Amount              *amountRequest    `json:"amount"`
	PaymentMethod       *methodRequest    `json:"paymentMethod"`
	Customer            *customerRequest  `json:"customer"`
	CustomerInteraction *string           `json:"customerInteraction"`
	Reference           *string           `json:"reference"`
	UserFlow            *string           `json:"userFlow"`
	ReturnURL           *string           `json:"returnUrl"`
	PaymentDescription  *string           `json:"paymentDescription"`
	Profile             *profileRequest   `json:"profile"`
	QRFormat            *qrRequest        `json:"qrFormat"`
	Receipt             *receiptRequest   `json:"receipt"`
	ReceiptURL          *string           `json:"receiptUrl"`
	Metadata            map[string]string `json:"metadata"`
	ExpiresAt           *string           `json:"expiresAt"`
	MinimumUserAge      *int              `json:"minimumUserAge"`
}

// amountRequest keeps the value raw, to tell a fraction (4040) from a wrong type.
type amountRequest struct {
	Currency *string         `json:"currency"`
	Value    json.RawMessage `json:"value"`
}

type methodRequest struct {
	Type *string `json:"type"`
}

type customerRequest struct {
	PhoneNumber   *string `json:"phoneNumber"`
	PersonalQR    *string `json:"personalQr"`
	CustomerToken *string `json:"customerToken"`
}

type profileRequest struct {
	Scope *string `json:"scope"`
}

type qrRequest struct {
	Format *string `json:"format"`
	Size   *int    `json:"size"`
}

var referencePattern = regexp.MustCompile(`^[a-zA-Z0-9-]{8,64}$`)

// schema checks what the specification's schema says about single members. These
// refusals name the member and carry no domain code.
func (r *createRequest) schema() (field, want string) {
	for _, c := range []struct {
		ok          bool
		field, want string
	}{
		{r.Amount != nil && r.Amount.Currency != nil && r.Amount.Value != nil, "amount", "value and currency"},
		{r.PaymentMethod != nil && oneOf(r.PaymentMethod.Type, "WALLET"), "paymentMethod.type", "WALLET (CARD does not exist in the test environment)"},
		{r.Reference != nil && referencePattern.MatchString(*r.Reference), "reference", referencePattern.String()},
		{oneOf(r.UserFlow, "PUSH_MESSAGE", "NATIVE_REDIRECT", "WEB_REDIRECT", "QR"), "userFlow", "a known flow"},
		{r.CustomerInteraction == nil || oneOf(r.CustomerInteraction, "CUSTOMER_PRESENT", "CUSTOMER_NOT_PRESENT"), "customerInteraction", "CUSTOMER_PRESENT or CUSTOMER_NOT_PRESENT"},
		{r.PaymentDescription == nil || length(*r.PaymentDescription, 3, 100), "paymentDescription", "3 to 100 characters"},
		{r.Profile == nil || r.Profile.Scope != nil, "profile.scope", "required in profile"},
		{r.MinimumUserAge == nil || *r.MinimumUserAge >= 0 && *r.MinimumUserAge <= 100, "minimumUserAge", "0 to 100"},
	} {
		if !c.ok {
			return c.field, c.want
		}
	}
	if field, want := r.qrSchema(); field != "" {
		return field, want
	}
	if r.Customer != nil && r.Customer.count() > 1 {
		return "customer", "only one of phoneNumber, personalQr and customerToken"
	}
	if r.Receipt != nil {
		return r.Receipt.schema()
	}
	return "", ""
}

func (r *createRequest) qrSchema() (field, want string) {
	q := r.QRFormat
	switch {
	case q == nil:
	case *r.UserFlow != "QR":
		return "qrFormat", "only with userFlow QR"
	case !oneOf(q.Format, "TEXT/TARGETURL", "IMAGE/SVG+XML", "IMAGE/PNG"):
		return "qrFormat.format", "a known format"
	case q.Size != nil && *q.Format != "IMAGE/PNG":
		return "qrFormat.size", "only with IMAGE/PNG"
	case q.Size != nil && (*q.Size < 100 || *q.Size > 2000):
		return "qrFormat.size", "100 to 2000"
	}
	return "", ""
}

func (c *customerRequest) count() int {
	n := 0
	for _, id := range []*string{c.PhoneNumber, c.PersonalQR, c.CustomerToken} {
		if id != nil {
			n++
		}
	}
	return n
}

func oneOf(s *string, words ...string) bool { return s != nil && slices.Contains(words, *s) }

func length(s string, least, most int) bool {
	n := utf8.RuneCountInString(s)
	return n >= least && n <= most
}
