package vippstest

import (
	"bytes"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"taxiterminal/money"
)

// amountFloor is the smallest amount that can be asked for, in minor units.
var amountFloor = map[money.Currency]money.Minor{money.NOK: 100, money.DKK: 1, money.EUR: 1}

const amountCeiling = 65_000_000

// checkAmount reads an amount of the sales unit's currency; asked adds the rule
// about the smallest one.
func (s *Sim) checkAmount(a *amountRequest, asked bool) (money.Minor, *reply) {
	var r reply
	value, err := strconv.ParseInt(string(a.Value), 10, 64)
	switch {
	case bytes.HasPrefix(a.Value, []byte(`"`)), bytes.Equal(a.Value, []byte("null")):
		r = s.refuse(http.StatusInternalServerError, "3010", "Internal error")
	case !slices.Contains([]string{"NOK", "DKK", "EUR"}, *a.Currency):
		r = s.invalid("amount.currency", "NOK, DKK or EUR")
	case err != nil || value < 0 || value > amountCeiling:
		r = s.refuse(http.StatusBadRequest, "4040", "Invalid amount")
	case *a.Currency != string(s.opt.Currency):
		r = s.refuse(http.StatusBadRequest, "5040", "Invalid currency for merchant")
	case asked && money.Minor(value) < amountFloor[s.opt.Currency]:
		r = s.refuse(http.StatusBadRequest, "6010", "Amount too small")
	default:
		return money.Minor(value), nil
	}
	return 0, &r
}

// checkRules checks what depends on more than one member or on the sales unit.
func (s *Sim) checkRules(req *createRequest) *reply {
	for _, check := range []func(*createRequest) *reply{s.checkFlow, s.checkScope, s.checkMetadata, s.checkExpiry} {
		if r := check(req); r != nil {
			return r
		}
	}
	return nil
}

func (s *Sim) checkFlow(req *createRequest) *reply {
	var r reply
	switch flow := *req.UserFlow; {
	case strings.HasSuffix(flow, "_REDIRECT") && req.ReturnURL == nil:
		r = s.refuse(http.StatusBadRequest, "4140", "Missing required parameter returnUrl")
	case req.ReturnURL != nil && !validReturn(*req.ReturnURL):
		r = s.refuse(http.StatusBadRequest, "4090", "Invalid URL")
	case flow == "PUSH_MESSAGE" && (req.Customer == nil || req.Customer.count() == 0):
		r = s.refuse(http.StatusBadRequest, "4140", "Missing required parameter customer")
	case flow == "PUSH_MESSAGE" && s.opt.NoPush:
		r = s.refuse(http.StatusForbidden, "5080", "PUSH_MESSAGE not allowed")
	case req.Customer != nil:
		_, bad := s.findCustomer(req.Customer)
		return bad
	default:
		return nil
	}
	return &r
}

// validReturn takes https and custom schemes, but not plain http.
func validReturn(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Scheme != "" && u.Scheme != "http" && len(text) <= 2500 && (u.Host != "" || u.Scheme != "https")
}

var phonePattern = regexp.MustCompile(`^\d{9,15}$`)

// findCustomer gives the phone number of whoever is meant.
func (s *Sim) findCustomer(c *customerRequest) (phone string, bad *reply) {
	var r reply
	switch {
	case c.PhoneNumber != nil:
		if phone = *c.PhoneNumber; !phonePattern.MatchString(phone) {
			r = s.refuse(http.StatusBadRequest, "4070", "Invalid phone number")
			return "", &r
		}
	case c.PersonalQR != nil:
		if phone = s.people.codes[*c.PersonalQR]; phone == "" || !length(*c.PersonalQR, 5, 255) {
			r = s.refuse(http.StatusBadRequest, "4060", "Invalid PersonalQr")
			return "", &r
		}
	case c.CustomerToken != nil:
		t := s.people.tokens[*c.CustomerToken]
		if phone = t.phone; phone == "" || !s.now().Before(t.end) {
			r = s.refuse(http.StatusBadRequest, "4050", "Invalid CustomerToken")
			return "", &r
		}
	}
	if s.people.strangers[phone] {
		r = s.refuse(http.StatusBadRequest, "7010", "Customer not found")
		return "", &r
	}
	return phone, nil
}

func (s *Sim) checkScope(req *createRequest) *reply {
	if req.Profile == nil {
		return nil
	}
	for _, word := range strings.Fields(*req.Profile.Scope) {
		switch word {
		case "name", "address", "email", "phoneNumber", "birthDate":
			continue
		case "nin":
			if s.opt.NationalID {
				continue
			}
			r := s.refuse(http.StatusForbidden, "5030", "Illegal scope")
			return &r
		}
		r := s.refuse(http.StatusBadRequest, "4080", "Invalid scope")
		return &r
	}
	return nil
}

func (s *Sim) checkMetadata(req *createRequest) *reply {
	if len(req.Metadata) > 5 {
		r := s.refuse(http.StatusBadRequest, "4100", "Metadata capacity exceeded")
		return &r
	}
	for key, value := range req.Metadata {
		if !length(key, 0, 100) {
			r := s.refuse(http.StatusBadRequest, "4120", "Metadata key length exceeded")
			return &r
		}
		if !length(value, 0, 500) {
			r := s.refuse(http.StatusBadRequest, "4130", "Metadata value length exceeded")
			return &r
		}
	}
	return nil
}

// checkExpiry checks the rules of long-living payments.
func (s *Sim) checkExpiry(req *createRequest) *reply {
	if req.ExpiresAt == nil {
		return nil
	}
	var r reply
	at, err := time.Parse(time.RFC3339, *req.ExpiresAt)
	switch ahead := at.Sub(s.now()); {
	case err != nil:
		r = s.invalid("expiresAt", "RFC 3339 with offset")
	case strings.HasSuffix(*req.UserFlow, "_REDIRECT"):
		r = s.invalid("expiresAt", "only with PUSH_MESSAGE or QR")
	case !s.opt.LongLiving:
		r = s.refuse(http.StatusForbidden, "5050", "Long-living payment not allowed")
	case req.Receipt == nil:
		r = s.refuse(http.StatusBadRequest, "6130", "Long-living payments require a receipt")
	case ahead <= 10*time.Minute:
		r = s.refuse(http.StatusBadRequest, "6120", "Expiration date is too soon")
	case ahead >= 60*24*time.Hour:
		r = s.refuse(http.StatusBadRequest, "6110", "Expiration date is too late")
	default:
		return nil
	}
	return &r
}
