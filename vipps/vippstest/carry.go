package vippstest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"taxiterminal/money"
)

// Carry makes a payment and lets the passenger approve it, as a gateway does for a
// car that has no network. The car's own network stays as it is.
func (s *Sim) Carry(reference string, amount money.Minor) error {
	err := s.byGateway(OpCreate, reference, map[string]any{
		"amount":        s.amountOf(amount),
		"paymentMethod": map[string]any{"type": "WALLET"}, "customerInteraction": "CUSTOMER_PRESENT",
		"userFlow": "WEB_REDIRECT", "returnUrl": "https://fleet.example/r/" + reference, "reference": reference,
		"metadata": map[string]string{"carried": "yes"},
	})
	if err != nil {
		return err
	}
	return s.Act(reference, Approve, 0)
}

// CarryHome captures what was carried, which a gateway does as soon as it is approved.
func (s *Sim) CarryHome(reference string, amount money.Minor) error {
	return s.byGateway(OpCapture, reference, map[string]any{"modificationAmount": s.amountOf(amount)})
}

func (s *Sim) amountOf(amount money.Minor) map[string]any {
	return map[string]any{"currency": s.opt.Currency, "value": amount}
}

// byGateway executes a call that does not come over the car's network.
func (s *Sim) byGateway(op Op, reference string, request map[string]any) error {
	body, err := json.Marshal(request)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle()
	c := call{op: op, reference: reference, key: "carry-" + string(op) + "-" + reference, header: http.Header{}, body: body}
	seen := s.count(c)
	seen.Seen++
	if r := s.operate(c, seen); r.status >= 300 {
		return fmt.Errorf("carry %s: %w: status %d", op, errNotCarried, r.status)
	}
	return nil
}

var errNotCarried = errors.New("not done")
