package vippstest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"taxiterminal/money"
)

// reply is a whole HTTP answer.
type reply struct {
	status int
	header map[string]string
	body   []byte
	code   string // domain code in body, for what depends on it
}

func jsonReply(status int, v any) reply {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err) // only our own types come here
	}
	return reply{status: status, header: map[string]string{"Content-Type": "application/json; charset=utf-8"}, body: body}
}

// detail is an entry of extraDetails: a domain code, or a field and what it wants.
type detail struct {
	Name   string `json:"name"`
	Reason string `json:"reason"`
}

// problem is the API's own error shape, RFC 7807 with extras.
func (s *Sim) problem(status int, title string, details ...detail) reply {
	r := jsonReply(status, map[string]any{
		"type":         fmt.Sprintf("https://httpstatuses.io/%d", status),
		"title":        title,
		"status":       status,
		"traceId":      fmt.Sprintf("00-%016x%016x-%016x-01", s.rng.Uint64(), s.rng.Uint64(), s.rng.Uint64()),
		"extraDetails": details,
	})
	r.header["Content-Type"] = "application/problem+json"
	return r
}

// refuse is a problem with a domain code.
func (s *Sim) refuse(status int, code, title string) reply {
	r := s.problem(status, title, detail{"ErrorCode", code})
	r.code = code
	return r
}

// invalid is a problem about a field, without a code.
func (s *Sim) invalid(field, want string) reply {
	return s.problem(http.StatusBadRequest, "Invalid request", detail{field, want})
}

// problemIn is a problem in the shape of the API that op belongs to. Those other than
// ePayment have an instance instead of a traceId, and invalidParams.
func (s *Sim) problemIn(op Op, status int, title string, params ...detail) reply {
	if !op.elsewhere() {
		return s.problem(status, title, params...)
	}
	r := jsonReply(status, map[string]any{
		"type": fmt.Sprintf("https://httpstatuses.io/%d", status), "title": title, "detail": http.StatusText(status),
		"instance":      fmt.Sprintf("00-%016x%016x-%016x-00", s.rng.Uint64(), s.rng.Uint64(), s.rng.Uint64()),
		"invalidParams": params,
	})
	r.header["Content-Type"] = "application/problem+json"
	return r
}

// invalidIn is problemIn about one field.
func (s *Sim) invalidIn(op Op, field, want string) reply {
	return s.problemIn(op, http.StatusBadRequest, "Invalid request", detail{field, want})
}

// gateway is the error shape of the gateway in front of the API.
func gateway(status int, message string) reply {
	return jsonReply(status, map[string]any{"statusCode": status, "message": message})
}

// gatewayHas says that the gateway answers with this status by itself.
func gatewayHas(status int) bool {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusUnprocessableEntity, http.StatusTooManyRequests:
		return true
	}
	return false
}

// stampLayout has the seven digits of the API's own time stamps.
const stampLayout = "2006-01-02T15:04:05.0000000Z07:00"

func stamp(t time.Time) string { return t.UTC().Format(stampLayout) }

func amountJSON(v money.Minor, c money.Currency) map[string]any {
	return map[string]any{"value": v, "currency": c}
}

// summary is what capture, cancel and refund answer, and most of what get does.
func (p *payment) summary() map[string]any {
	return map[string]any{
		"reference":    p.reference,
		"state":        p.state,
		"pspReference": p.psp,
		"amount":       amountJSON(p.amount, p.currency),
		"aggregate": map[string]any{
			"authorizedAmount": amountJSON(p.authorized, p.currency),
			"capturedAmount":   amountJSON(p.captured, p.currency),
			"cancelledAmount":  amountJSON(p.cancelled, p.currency),
			"refundedAmount":   amountJSON(p.refunded, p.currency),
		},
	}
}
