package vippstest

import (
	"net/http"
	"time"

	"taxiterminal/money"
)

// create is POST /epayment/v1/payments.
func (s *Sim) create(c call) reply {
	var req createRequest
	if r := s.decodeStrict(c.body, &req); r != nil {
		return *r
	}
	if field, want := req.schema(); field != "" {
		return s.invalid(field, want)
	}
	if *req.Reference != c.reference {
		return s.invalid("reference", "spelled exactly so")
	}
	amount, bad := s.checkAmount(req.Amount, true)
	if bad == nil {
		bad = s.checkRules(&req)
	}
	if bad != nil {
		return *bad
	}
	if s.payments[*req.Reference] != nil {
		return s.refuse(http.StatusConflict, "4150", "Reference exists")
	}
	p := s.newPayment(&req, amount)
	p.log(s, stateCreated, amount, c.key, true, p.created)
	p.keys = append(p.keys, KeyUse{Op: OpCreate, Key: c.key, Times: 1})
	answer := map[string]any{"reference": p.reference}
	if p.redirectURL != "" {
		answer["redirectUrl"] = p.redirectURL
	}
	return jsonReply(http.StatusCreated, answer)
}

// newPayment stores a payment whose request was found good.
func (s *Sim) newPayment(req *createRequest, amount money.Minor) *payment {
	now := s.now()
	p := &payment{
		reference: *req.Reference, psp: s.uuid(), flow: *req.UserFlow, metadata: req.Metadata,
		currency: s.opt.Currency, amount: amount, state: stateCreated,
		created: now, expires: now.Add(s.opt.PaymentLifetime), token: s.word(32),
		receipt: req.Receipt,
	}
	if req.PaymentDescription != nil {
		p.description = *req.PaymentDescription
	}
	if req.Profile != nil {
		p.scope = *req.Profile.Scope
	}
	if req.ExpiresAt != nil {
		p.expires, _ = time.Parse(time.RFC3339, *req.ExpiresAt) // was read before
	}
	if req.Customer != nil {
		p.phone, _ = s.findCustomer(req.Customer) // was found before
	}
	p.redirectURL = redirectURL(req, p.token)
	p.intent = s.people.habit.intent(now)
	s.payments[p.reference] = p
	s.order = append(s.order, p)
	s.open = append(s.open, p)
	s.poke() // it ends by itself one day
	return p
}

// redirectURL is what the customer scans or is sent to.
func redirectURL(req *createRequest, token string) string {
	switch {
	case *req.UserFlow == "PUSH_MESSAGE":
		return ""
	case *req.UserFlow != "QR":
		return "https://pay.vipps.no/landing?v=2&token=" + token
	case req.QRFormat == nil || *req.QRFormat.Format == "IMAGE/SVG+XML":
		return "https://qr.vipps.no/generate/qr.svg?token=" + token
	case *req.QRFormat.Format == "IMAGE/PNG":
		return "https://qr.vipps.no/generate/qr.png?token=" + token
	}
	return "https://qr.vipps.no/o/" + token
}
