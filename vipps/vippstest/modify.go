package vippstest

import (
	"net/http"
	"strings"
	"time"

	"taxiterminal/money"
)

const (
	capturePeriod = 180 * 24 * time.Hour // from the approval; also for cancels
	refundPeriod  = 365 * 24 * time.Hour // from the approval
	// guarantee is how long a reservation is told to be covered for.
	guarantee = 7 * 24 * time.Hour
)

// get is GET /epayment/v1/payments/{reference}.
func (s *Sim) get(c call) reply {
	p := s.payments[c.reference]
	if p == nil {
		return s.notFound()
	}
	answer := p.summary()
	answer["paymentMethod"] = map[string]any{"type": "WALLET"}
	if p.state == stateAuthorized {
		answer["captureGuaranteedUntil"] = stamp(p.authorizedAt.Add(guarantee))
	}
	s.describeCustomer(p, answer)
	if p.redirectURL != "" && !s.opt.HideRedirectURL {
		answer["redirectUrl"] = p.redirectURL
	}
	if len(p.metadata) > 0 {
		answer["metadata"] = p.metadata
	}
	return jsonReply(http.StatusOK, answer)
}

// getEvents is GET /epayment/v1/payments/{reference}/events.
func (s *Sim) getEvents(c call) reply {
	p := s.payments[c.reference]
	if p == nil {
		return s.notFound()
	}
	list := make([]map[string]any, 0, len(p.events))
	for _, e := range p.events {
		line := map[string]any{
			"reference": p.reference, "pspReference": e.psp, "name": e.name, "success": e.success,
			"amount": amountJSON(e.amount, p.currency), "timestamp": stamp(e.at), "idempotencyKey": nil,
		}
		if e.key != "" {
			line["idempotencyKey"] = e.key
		}
		list = append(list, line)
	}
	return jsonReply(http.StatusOK, list)
}

func (s *Sim) notFound() reply {
	return s.refuse(http.StatusNotFound, "5090", "Reference not found")
}

type modificationRequest struct {
	ModificationAmount *amountRequest `json:"modificationAmount"`
}

// modification reads the body of a capture or refund and finds its payment.
func (s *Sim) modification(c call) (*payment, money.Minor, *reply) {
	var req modificationRequest
	if r := s.decodeStrict(c.body, &req); r != nil {
		return nil, 0, r
	}
	a := req.ModificationAmount
	if a == nil || a.Currency == nil || a.Value == nil {
		r := s.invalid("modificationAmount", "value and currency")
		return nil, 0, &r
	}
	p := s.payments[c.reference]
	if p == nil {
		r := s.notFound()
		return nil, 0, &r
	}
	amount, bad := s.checkAmount(a, false)
	if bad == nil && amount == 0 {
		r := s.refuse(http.StatusBadRequest, "4040", "Invalid amount")
		bad = &r
	}
	return p, amount, bad
}

// capture is POST /epayment/v1/payments/{reference}/capture.
func (s *Sim) capture(c call) reply {
	p, amount, bad := s.modification(c)
	if bad != nil {
		return *bad
	}
	if code, title := s.captureRefusal(p, amount); code != "" {
		p.log(s, "CAPTURED", amount, c.key, false, s.now())
		return s.refuse(http.StatusBadRequest, code, title)
	}
	p.captured += amount
	p.log(s, "CAPTURED", amount, c.key, true, s.now())
	return jsonReply(http.StatusOK, p.summary())
}

func (s *Sim) captureRefusal(p *payment, amount money.Minor) (code, title string) {
	switch {
	case p.state == stateCreated:
		return "6080", "Cannot capture before reservation"
	case p.state == stateTerminated, p.state == stateAuthorized && p.cancelled == p.authorized:
		return "6070", "Cannot capture a cancelled payment"
	case p.state != stateAuthorized:
		return "6200", "Payment cannot be captured"
	case s.now().Sub(p.authorizedAt) > capturePeriod:
		return "6100", "Capture period expired"
	case p.captured == p.authorized:
		return "6170", "Payment already captured"
	case amount > p.rest():
		return "6090", "Capture amount too high"
	case s.opt.FullCaptureOnly && amount != p.authorized:
		return "6140", "Must capture full amount"
	}
	return "", ""
}

// refund is POST /epayment/v1/payments/{reference}/refund.
func (s *Sim) refund(c call) reply {
	p, amount, bad := s.modification(c)
	if bad != nil {
		return *bad
	}
	if code, title := s.refundRefusal(p, amount); code != "" {
		p.log(s, "REFUNDED", amount, c.key, false, s.now())
		return s.refuse(http.StatusBadRequest, code, title)
	}
	p.refunded += amount
	p.log(s, "REFUNDED", amount, c.key, true, s.now())
	return jsonReply(http.StatusOK, p.summary())
}

func (s *Sim) refundRefusal(p *payment, amount money.Minor) (code, title string) {
	switch {
	case p.state == stateCreated:
		return "6020", "Attempted refund before reservation"
	case p.captured == 0:
		return "6210", "Payment cannot be refunded"
	case s.now().Sub(p.authorizedAt) > refundPeriod:
		return "6220", "Refund period expired"
	case p.refunded == p.captured:
		return "6180", "Payment already refunded"
	case amount > p.captured-p.refunded:
		return "6150", "Not enough refundable"
	}
	return "", ""
}

type cancelRequest struct {
	CancelTransactionOnly bool `json:"cancelTransactionOnly"`
}

// cancel is POST /epayment/v1/payments/{reference}/cancel; the body is optional.
func (s *Sim) cancel(c call) reply {
	var req cancelRequest
	if len(strings.TrimSpace(string(c.body))) > 0 {
		if r := s.decodeStrict(c.body, &req); r != nil {
			return *r
		}
	}
	p := s.payments[c.reference]
	if p == nil {
		return s.notFound()
	}
	if code, title := s.cancelRefusal(p, req.CancelTransactionOnly); code != "" {
		return s.refuse(http.StatusBadRequest, code, title)
	}
	if p.state == stateCreated {
		p.state, p.cancelled, p.intent = stateTerminated, p.amount, nil
		p.log(s, stateTerminated, p.amount, c.key, true, s.now())
	} else {
		released := p.rest()
		p.cancelled += released
		p.log(s, "CANCELLED", released, c.key, true, s.now())
	}
	return jsonReply(http.StatusOK, p.summary())
}

func (s *Sim) cancelRefusal(p *payment, transactionOnly bool) (code, title string) {
	switch {
	case p.state == stateCreated && p.approving:
		return "6250", "The customer is approving"
	case p.state == stateCreated:
		return "", ""
	case p.state == stateTerminated:
		return "6190", "Payment cannot be cancelled"
	case p.state != stateAuthorized:
		return "6050", "Cannot cancel a non-reserved payment"
	case transactionOnly:
		return "6060", "Cannot cancel authorized payment"
	case p.captured == p.authorized:
		return "6040", "Cannot cancel a captured payment"
	case p.rest() == 0:
		return "6190", "Payment cannot be cancelled"
	case s.now().Sub(p.authorizedAt) > capturePeriod:
		return "6030", "Cancel period expired"
	}
	return "", ""
}
