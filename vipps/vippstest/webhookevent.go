package vippstest

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// tell puts a payment's newest log line on its way to the receivers of webhooks.
func (s *Sim) tell(p *payment, e event) {
	s.emit("epayments.payment."+strings.ToLower(e.name)+".v1", p.reference, e.at, func() []byte { return s.eventBody(p, e) })
}

// eventBody is a line of a payment's log as webhooks tell it.
func (s *Sim) eventBody(p *payment, e event) []byte {
	body := map[string]any{
		"msn": s.opt.MSN, "reference": p.reference, "pspReference": e.psp, "name": e.name, "success": e.success,
		"amount": amountJSON(e.amount, p.currency), "timestamp": stamp(e.at), "idempotencyKey": nil,
	}
	if e.key != "" {
		body["idempotencyKey"] = e.key
	}
	if e.name == stateAuthorized && e.success {
		body["captureGuaranteedUntil"] = stamp(e.at.Add(guarantee))
		if p.scope != "" {
			body["sub"] = s.sub(p.payer)
			body["userDetails"] = s.people.person(p.payer).details(p.scope)
		}
	}
	return mustJSON(body)
}

// tellCheckIn says that somebody has scanned a callback code. The member with the
// sales unit's number has had two names; here it is the present one, or the old one
// with Options.OldCheckIn.
func (s *Sim) tellCheckIn(id, token string, at time.Time) {
	msn := "msn"
	if s.opt.OldCheckIn {
		msn = "merchantSerialNumber"
	}
	s.emit(eventCheckIn, fmt.Sprintf("check-in %s %d", id, at.UnixNano()), at, func() []byte {
		return mustJSON(map[string]any{msn: s.opt.MSN, "merchantQrId": id, "customerToken": token, "initiatedAt": stamp(at)})
	})
}

func mustJSON(v any) []byte {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err) // only our own maps come here
	}
	return body
}
