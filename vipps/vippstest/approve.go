package vippstest

import (
	"encoding/json"
	"net/http"
)

// customerBody is the part of a force approve that names the customer.
type customerBody struct {
	Customer *customerRequest `json:"customer"`
	Token    *string          `json:"token"`
}

// forceApprove is the test environment's way to approve without an app.
func (s *Sim) forceApprove(c call) reply {
	var req customerBody
	if r := s.decodeStrict(c.body, &req); r != nil {
		return *r
	}
	p := s.payments[c.reference]
	switch {
	case p == nil:
		return s.refuse(http.StatusNotFound, "5090", "Reference not found")
	case p.state == stateAuthorized:
		return s.refuse(http.StatusBadRequest, "6230", "Payment is already reserved")
	case req.Customer == nil && req.Token == nil:
		return s.refuse(http.StatusBadRequest, "10030", "Identification required")
	case req.Token != nil && *req.Token != p.token:
		return s.refuse(http.StatusBadRequest, "10010", "Approve failed")
	}
	if req.Customer != nil {
		phone, bad := s.findCustomer(req.Customer)
		if bad != nil {
			return *bad
		}
		p.payer = phone
	}
	if err := p.act(Approve, s.now(), s); err != nil {
		return s.refuse(http.StatusBadRequest, "10020", "Approve not allowed")
	}
	return jsonReply(http.StatusOK, json.RawMessage("{}"))
}
