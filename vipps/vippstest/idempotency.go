package vippstest

import (
	"crypto/sha256"
	"net/http"
)

// answeredKey is the scope of an Idempotency-Key: one operation. Not documented.
type answeredKey struct {
	op  Op
	key string
}

// answered is what a key was answered with the first time.
type answered struct {
	request [sha256.Size]byte // of reference and body
	reply   reply
}

func digest(c call) [sha256.Size]byte {
	return sha256.Sum256([]byte(c.reference + "\n" + string(c.body)))
}

// repeated gives the original answer to a key that was used before, or a conflict
// if the request is another one. How long keys are remembered is not documented;
// here it is for ever.
func (s *Sim) repeated(c call) (reply, bool) {
	a := s.answered[answeredKey{c.op, c.key}]
	if a == nil {
		return reply{}, false
	}
	if a.request == digest(c) {
		return a.reply, true
	}
	switch c.op {
	case OpCapture:
		return s.refuse(http.StatusConflict, "4010", "Capture idempotency conflict"), true
	case OpRefund:
		return s.refuse(http.StatusConflict, "4150", "Refund idempotency conflict"), true
	}
	return s.refuse(http.StatusConflict, "4020", "Idempotency key exists"), true
}

// remember keeps the answer to a write for its key, unless it says to try again.
func (s *Sim) remember(c call, r reply) {
	switch r.code {
	case "6160", "6250", "6280":
		return
	}
	switch {
	case !c.op.write(), c.key == "", r.status >= 500, r.status < 200,
		r.status == http.StatusUnauthorized, r.status == http.StatusLocked, r.status == http.StatusTooManyRequests:
		return
	}
	k := answeredKey{c.op, c.key}
	if s.answered[k] == nil {
		s.answered[k] = &answered{request: digest(c), reply: r}
	}
}
