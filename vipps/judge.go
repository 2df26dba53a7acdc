package vipps

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// judge says what an answer that is no success means. The caller has fetched a new
// token already if that was worth trying.
func judge(a answer, private []string) (Kind, *Error) {
	f := readFault(a.body)
	r := ruleFor(a, f)
	return r.kind, &Error{
		Class:   r.class,
		Status:  a.status,
		Code:    f.code,
		Title:   scrubText(f.title, private),
		Detail:  scrubText(f.detail, private),
		TraceID: f.traceID,
		Raw:     []byte(cut(scrub(string(a.body[:min(len(a.body), 4*rawMax)]), private), rawMax)),
		Hint:    r.hint,
	}
}

// ruleFor finds the rule of an answer: first by the platform's code, then by status.
func ruleFor(a answer, f faultBody) rule {
	byCode, coded := codeRules[f.code]
	byStatus, known := statusRules[a.status]
	switch {
	case a.status >= 400 && a.status < 500 && coded:
		return byCode
	case a.status >= 500 && coded && byCode.kind == Retry:
		return byCode
	case known && byStatus.kind != Rejected:
		return byStatus
	case a.status >= 500:
		return rule{Unknown, ClassUnavailable, hintVipps}
	case a.status < 400 || !fromPlatform(a, f):
		// A page, a redirect: whoever wrote this, it does not speak for the
		// API, which may have got the request nevertheless.
		return rule{Unknown, ClassPortal, hintPortal}
	case known:
		return byStatus
	}
	return rule{Rejected, ClassInvalid, hintBug}
}

// fromPlatform says whether a refusal can be believed: its body has one of the
// platform's shapes, or it has none, as gateways do.
func fromPlatform(a answer, f faultBody) bool {
	return f.object || len(bytes.TrimSpace(a.body)) == 0
}

// misread is the error of a 2xx that cannot be used.
func misread(a answer, cause error) *Error {
	e := &Error{
		Class:  ClassGarbled,
		Status: a.status,
		Detail: fmt.Sprintf("%d bytes of %q", len(a.body), contentType(a.header)),
		Hint:   "report this: the API has changed or an answer was damaged",
		Err:    cause,
	}
	if trimmed := bytes.TrimSpace(a.body); len(trimmed) > 0 && trimmed[0] == '<' {
		e.Class, e.Hint = ClassPortal, hintPortal
	}
	return e
}

func contentType(h http.Header) string {
	kind, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	return cut(strings.TrimSpace(kind), 40)
}

// retryAfterMax bounds what a stranger's Retry-After can do to a terminal.
const retryAfterMax = 5 * time.Minute

// retryAfter reads the header of that name, RFC 9110 section 10.2.3. A date is
// compared with the answer's own Date, because the clock of a car may be wrong; a
// date without one is ignored.
func retryAfter(h http.Header) time.Duration {
	text := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.Duration(max(0, min(seconds, int64(retryAfterMax/time.Second)))) * time.Second
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	sent, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return 0
	}
	return max(0, min(at.Sub(sent), retryAfterMax))
}
