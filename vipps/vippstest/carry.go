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
	body, err := json.Marshal(map[string]any{
		"amount":        map[string]any{"currency": s.opt.Currency, "value": amount},
		"paymentMethod": map[string]any{"type": "WALLET"}, "customerInteraction": "CUSTOMER_PRESENT",
		"userFlow": "WEB_REDIRECT", "returnUrl": "https://fleet.example/r/" + reference, "reference": reference,
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.settle()
	c := call{op: OpCreate, reference: reference, key: "carry-" + reference, header: http.Header{}, body: body}
	seen := s.count(c)
	seen.Seen++
	r := s.operate(c, seen)
	s.mu.Unlock()
	if r.status >= 300 {
		return fmt.Errorf("carry: %w: status %d", errNotCarried, r.status)
	}
	return s.Act(reference, Approve, 0)
}

var errNotCarried = errors.New("payment not made")
