package vippstest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strconv"
)

// call is one request, as far as it could be understood without judging it.
type call struct {
	op        Op // empty for a path that does not exist
	reference string
	key       string
	header    http.Header
	body      []byte
	request   *http.Request
}

var paymentPath = regexp.MustCompile(`^/epayment/v1/(test/)?payments(?:/([^/]+)(?:/([a-z]+))?)?$`)

// identify finds out what a request asks for.
func identify(r *http.Request, body []byte) call {
	c := call{key: r.Header.Get("Idempotency-Key"), header: r.Header, body: body, request: r}
	if c.elsewhere() {
		return c
	}
	if r.Method == http.MethodPost && (r.URL.Path == "/accesstoken/get" || r.URL.Path == "/accessToken/get") {
		c.op = OpToken
		return c
	}
	m := paymentPath.FindStringSubmatch(r.URL.Path)
	if m == nil {
		return c
	}
	c.reference = m[2]
	switch r.Method + " " + m[1] + m[3] {
	case "GET ":
		c.op = OpGet
	case "GET events":
		c.op = OpEvents
	case "POST ":
		if c.reference == "" {
			c.op, c.reference = OpCreate, referenceIn(body)
		}
	case "POST capture", "POST cancel", "POST refund":
		c.op = Op(m[3])
	case "POST test/approve":
		c.op = OpApprove
	}
	if c.reference == "" && c.op != OpCreate {
		c.op = ""
	}
	return c
}

// referenceIn is the body's reference, or empty if there is no member of exactly
// that name: then all such bodies count as one payment, as at the real API.
func referenceIn(body []byte) string {
	var members map[string]any
	_ = json.Unmarshal(body, &members)
	text, _ := members["reference"].(string)
	return text
}

// ServeHTTP answers one request, or lets it or its answer be lost, which it does by
// the panic that makes net/http cut the connection.
func (s *Sim) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	c := identify(r, body)
	if c.op == OpCodeDownload {
		c.reference = s.linked(r)
	}
	f, state := s.strike(c)
	if state != Up {
		s.drop(r, state == Blackhole)
	}
	if f.Kind == LostRequest {
		s.drop(r, f.Hang)
	}
	s.wait(f.Before.Std())
	s.tap(c, Arrived)
	answer := s.answer(c, f)
	s.tap(c, Executed)
	s.wait(f.After.Std())
	if state := s.Network(); state != Up {
		s.drop(r, state == Blackhole)
	}
	if f.Kind == LostResponse {
		s.drop(r, f.Hang)
	}
	for name, value := range answer.header {
		w.Header().Set(name, value)
	}
	w.Header().Set("Date", s.Now().UTC().Format(http.TimeFormat))
	w.Header().Set("Content-Length", strconv.Itoa(len(answer.body)))
	w.WriteHeader(answer.status)
	_, _ = w.Write(answer.body) // a client that has gone away is no concern of the API
	s.tapAnswered(w, c)
}

// drop cuts the connection, after leaving the client waiting if hang is set.
func (s *Sim) drop(r *http.Request, hang bool) {
	if hang {
		select {
		case <-r.Context().Done():
		case <-s.done:
		}
	}
	panic(http.ErrAbortHandler)
}

// answer does what the call asks for, subject to the fault that has struck it.
func (s *Sim) answer(c call, f Fault) reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle()
	seen := s.count(c)
	seen.Seen++
	if f.Kind == RevokeToken {
		clear(s.tokens)
	}
	if r, ok := s.instead(c, f); ok && !f.Executed {
		seen.Refused++
		if r.status >= 400 {
			s.remember(c, r)
		}
		return r
	}
	before := *seen
	r := s.execute(c, seen)
	if seen.Executed == before.Executed && seen.Replayed == before.Replayed && r.status >= 400 {
		seen.Refused++
	}
	if other, ok := s.instead(c, f); ok {
		return other
	}
	if f.Kind == WrongReference {
		r.body = bytes.ReplaceAll(r.body, []byte(strconv.Quote(c.reference)), []byte(strconv.Quote("someone-elses-payment")))
	}
	return r
}

// execute is the API without faults: gateway, limits, idempotency, operation.
func (s *Sim) execute(c call, seen *Calls) reply {
	switch c.op {
	case "":
		return gateway(http.StatusNotFound, "Resource not found")
	case OpToken:
		return s.operate(c, seen)
	}
	if r := s.admit(c); r != nil {
		return *r
	}
	if r := s.throttle(c); r != nil {
		return *r
	}
	if !c.op.write() {
		return s.operate(c, seen)
	}
	s.noteKey(c)
	if r, ok := s.repeated(c); ok {
		seen.Replayed++
		return r
	}
	r := s.operate(c, seen)
	s.remember(c, r)
	return r
}

// operateElsewhere is the QR API and the Webhooks API.
func (s *Sim) operateElsewhere(c call) reply {
	switch {
	case c.op.callback():
		return s.operateCallback(c)
	case c.op.webhook():
		return s.operateWebhook(c)
	}
	return s.operateCode(c)
}

// operate carries the operation out and counts it if it had an effect.
func (s *Sim) operate(c call, seen *Calls) reply {
	var r reply
	switch c.op {
	case OpToken:
		r = s.issueToken(c.request)
	case OpCreate:
		r = s.create(c)
	case OpGet:
		r = s.get(c)
	case OpEvents:
		r = s.getEvents(c)
	case OpCapture:
		r = s.capture(c)
	case OpCancel:
		r = s.cancel(c)
	case OpRefund:
		r = s.refund(c)
	case OpApprove:
		r = s.forceApprove(c)
	case OpUserinfo:
		r = s.userinfo(c)
	case OpReceipt:
		r = s.postReceipt(c)
	default:
		r = s.operateElsewhere(c)
	}
	if r.status < 300 {
		seen.Executed++
	}
	return r
}
