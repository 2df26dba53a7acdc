package vippstest

import (
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Op names an operation in faults, counts and the ledger.
type Op string

const (
	OpToken   Op = "token"
	OpCreate  Op = "create"
	OpGet     Op = "get"
	OpEvents  Op = "events"
	OpCapture Op = "capture"
	OpCancel  Op = "cancel"
	OpRefund  Op = "refund"
	OpApprove Op = "approve" // force approve, of the test environment

	OpUserinfo Op = "userinfo" // the reference is the sub
	OpReceipt  Op = "receipt"  // of the Order Management API

	// The QR API; the reference is the code's id.
	OpCodeCreate   Op = "code_create"
	OpCodeGet      Op = "code_get"
	OpCodeList     Op = "code_list" // without a reference
	OpCodeRetarget Op = "code_retarget"
	OpCodeDestroy  Op = "code_destroy"
	OpCodeDownload Op = "code_download" // of the picture

	// Callback codes of the QR API; the reference is the merchantQrId.
	OpCallbackPut    Op = "callback_put"
	OpCallbackGet    Op = "callback_get"
	OpCallbackList   Op = "callback_list"
	OpCallbackDelete Op = "callback_delete"

	// The Webhooks API; the reference is the id of a registration.
	OpWebhookRegister Op = "webhook_register"
	OpWebhookList     Op = "webhook_list"
	OpWebhookDelete   Op = "webhook_delete"
	// OpWebhookPost is a request of the API's own, to a receiver of webhooks; the
	// reference is the payment's.
	OpWebhookPost Op = "webhook_post"
)

// write says that the operation carries an Idempotency-Key and counts as a write of
// the ePayment API.
func (o Op) write() bool {
	switch o {
	case OpCreate, OpCapture, OpCancel, OpRefund:
		return true
	}
	return false
}

func (o Op) known() bool {
	switch o {
	case OpToken, OpGet, OpEvents, OpApprove:
		return true
	}
	return o.write() || o.elsewhere() || o == OpWebhookPost
}

// elsewhere says that the operation is not one of the ePayment API: it has errors of
// another shape, and no published limits.
func (o Op) elsewhere() bool {
	switch o {
	case OpUserinfo, OpReceipt:
		return true
	}
	return o.code() || o.callback() || o.webhook()
}

// code says that the operation is one of the QR API.
func (o Op) code() bool {
	switch o {
	case OpCodeCreate, OpCodeGet, OpCodeList, OpCodeRetarget, OpCodeDestroy, OpCodeDownload:
		return true
	}
	return false
}

// callback says that the operation is about callback codes.
func (o Op) callback() bool {
	switch o {
	case OpCallbackPut, OpCallbackGet, OpCallbackList, OpCallbackDelete:
		return true
	}
	return false
}

// webhook says that the operation is one of the Webhooks API.
func (o Op) webhook() bool {
	switch o {
	case OpWebhookRegister, OpWebhookList, OpWebhookDelete:
		return true
	}
	return false
}

// issueToken is the access token endpoint. Its errors have the shape of the
// directory service behind it.
func (s *Sim) issueToken(r *http.Request) reply {
	if r.Header.Get("Ocp-Apim-Subscription-Key") != s.opt.SubscriptionKey {
		return gateway(http.StatusUnauthorized, "Access denied: invalid subscription key")
	}
	if r.Header.Get("client_id") != s.opt.ClientID {
		return s.directoryError(http.StatusBadRequest, "unauthorized_client", 700016)
	}
	if r.Header.Get("client_secret") != s.opt.ClientSecret {
		return s.directoryError(http.StatusUnauthorized, "invalid_client", 7000215)
	}
	now := s.now()
	for t, end := range s.tokens {
		if !now.Before(end) {
			delete(s.tokens, t)
		}
	}
	// Real tokens are signed and long; header buffers have to bear it.
	token := "eyJ" + s.word(1200)
	end := now.Add(s.opt.TokenLifetime)
	s.tokens[token] = end
	seconds := int64(s.opt.TokenLifetime / time.Second)
	figure := func(n int64) any {
		if s.opt.TokenNumbers {
			return n
		}
		return strconv.FormatInt(n, 10)
	}
	return jsonReply(http.StatusOK, map[string]any{
		"token_type": "Bearer", "access_token": token, "resource": "00000002-0000-0000-c000-000000000000",
		"expires_in": figure(seconds), "ext_expires_in": figure(seconds),
		"expires_on": figure(end.Unix()), "not_before": figure(now.Unix()),
	})
}

func (s *Sim) directoryError(status int, kind string, number int) reply {
	return jsonReply(status, map[string]any{
		"error": kind, "error_description": fmt.Sprintf("AADSTS%d: the application is not known or its secret is wrong", number),
		"error_codes": []int{number}, "timestamp": s.now().UTC().Format("2006-01-02 15:04:05Z"),
		"trace_id": s.uuid(), "correlation_id": s.uuid(),
	})
}

// admit checks the headers of a call. nil lets it pass.
func (s *Sim) admit(c call) *reply {
	h := c.header
	var r reply
	switch token, bearer := strings.CutPrefix(h.Get("Authorization"), "Bearer "); {
	case c.op == OpCodeDownload:
		return nil // whoever has the link may see the picture
	case !s.admitsKey(c.op, h.Get("Ocp-Apim-Subscription-Key")):
		r = gateway(http.StatusUnauthorized, "Access denied: invalid subscription key")
	case !bearer || !s.now().Before(s.tokens[token]):
		r = gateway(http.StatusUnauthorized, "Unauthorized: invalid or expired token")
	case h.Get("Merchant-Serial-Number") == "" && c.op != OpUserinfo && !c.op.code() && !c.op.webhook():
		r = s.invalidIn(c.op, "Merchant-Serial-Number", "required header")
	case h.Get("Merchant-Serial-Number") != "" && h.Get("Merchant-Serial-Number") != s.opt.MSN:
		r = gateway(http.StatusForbidden, "Forbidden: the keys are not of this sales unit")
	case c.op.write() && (c.key == "" || len(c.key) > 50):
		r = s.invalid("Idempotency-Key", "required header of 1 to 50 characters")
	case tooLongSystem(h) != "":
		r = s.invalidIn(c.op, tooLongSystem(h), "at most 30 characters")
	case len(c.body) > 0 && !isJSON(h), c.op.code() && codeFormat(h.Get("Accept")) == "":
		r = s.problemIn(c.op, http.StatusUnsupportedMediaType, "Unsupported media type")
	default:
		return nil
	}
	return &r
}

// admitsKey says whether the subscription key is as the API behind op wants it.
func (s *Sim) admitsKey(op Op, key string) bool {
	if op == OpUserinfo {
		switch s.opt.UserinfoKey {
		case KeyForbidden:
			return key == ""
		case KeyIndifferent:
			return key == "" || key == s.opt.SubscriptionKey
		}
	}
	return key == s.opt.SubscriptionKey
}

func tooLongSystem(h http.Header) string {
	for _, part := range []string{"Name", "Version", "Plugin-Name", "Plugin-Version"} {
		if name := "Vipps-System-" + part; len(h.Get(name)) > 30 {
			return name
		}
	}
	return ""
}

func isJSON(h http.Header) bool {
	kind, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	return err == nil && kind == "application/json"
}

// RevokeTokens makes every access token invalid at once.
func (s *Sim) RevokeTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}

// windowKey is what a rate limit counts by.
type windowKey struct {
	op        Op
	reference string
}

// throttle counts the call against the limits: 5 a minute for each write, 120 for
// each read, by operation and reference. nil lets it pass.
func (s *Sim) throttle(c call) *reply {
	most := 120
	switch {
	case c.op.write():
		most = 5
	case c.op == OpApprove, c.op.elsewhere():
		return nil
	}
	k, now := windowKey{c.op, c.reference}, s.now()
	times := s.windows[k]
	for len(times) > 0 && now.Sub(times[0]) >= time.Minute {
		times = times[1:]
	}
	if len(times) < most {
		s.windows[k] = append(times, now)
		return nil
	}
	s.windows[k] = times
	r := gateway(http.StatusTooManyRequests, "Rate limit is exceeded")
	if s.opt.RetryAfter {
		wait := time.Minute - now.Sub(times[0])
		r.header["Retry-After"] = strconv.Itoa(int((wait + time.Second - 1) / time.Second))
	}
	return &r
}
