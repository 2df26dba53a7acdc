package vipps

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
)

// Calls of the QR API have no Idempotency-Key and need none. What they ask for is a
// state and not a step: the code of this id exists, it leads there, it is gone. Each
// may be repeated after any outcome, and says in its own way that it was done before.

const codesPath = "/qr/v1/merchant-redirect"

// CreateCode makes a code that lives until it is destroyed. If there is one of that
// id, which may be our own after an answer that was lost, it is Rejected with
// ClassConflict and nothing has changed: read it with Client.Code and adopt it if
// its Target is ours.
func (c *Client) CreateCode(ctx context.Context, code RedirectCode, f CodeFormat) (Code, Result) {
	r := codeRequest(OpCodeCreate, http.MethodPost, "", f)
	r.reference, r.private = code.ID, []string{code.Target}
	r.body, _ = json.Marshal(wireNewCode(code)) // two texts always can
	var bad problems
	code.check(&bad)
	return c.oneCode(ctx, r, f, bad)
}

// Code reads a code: its target, and a fresh URL in the format asked for.
func (c *Client) Code(ctx context.Context, id string, f CodeFormat) (Code, Result) {
	var bad problems
	checkCodeID(&bad, id)
	return c.oneCode(ctx, codeRequest(OpCodeGet, http.MethodGet, id, f), f, bad)
}

// RetargetCode lets an existing code lead to another target, at once and on all
// paper that it is printed on. To do so twice is to do it once.
func (c *Client) RetargetCode(ctx context.Context, code RedirectCode, f CodeFormat) (Code, Result) {
	r := codeRequest(OpCodeRetarget, http.MethodPut, code.ID, f)
	r.private = []string{code.Target}
	r.body, _ = json.Marshal(wireNewCode{Target: code.Target}) // a text always can
	var bad problems
	code.check(&bad)
	return c.oneCode(ctx, r, f, bad)
}

// Codes lists all codes of the sales unit, those of other systems included.
func (c *Client) Codes(ctx context.Context, f CodeFormat) ([]Code, Result) {
	var bad problems
	checkFormat(&bad, f)
	r := codeRequest(OpCodeList, http.MethodGet, "", f)
	if e := notSent(r.op, bad.err(string(r.op))); e != nil {
		return nil, Result{Kind: Rejected, Err: e}
	}
	var codes []Code
	res := c.call(ctx, r, func(body []byte) (p Payment, err error) {
		codes, err = decodeCodes(body)
		return Payment{}, err
	})
	return codes, res
}

// DestroyCode kills a code on all paper for ever; creating one of the same id makes
// another code. Think of RetargetCode first. Rejected with ClassNotFound says that
// there is none, which is also how a repetition is answered.
func (c *Client) DestroyCode(ctx context.Context, id string) Result {
	var bad problems
	checkCodeID(&bad, id)
	r := codeRequest(OpCodeDestroy, http.MethodDelete, id, CodeText)
	if e := notSent(r.op, bad.err(string(r.op))); e != nil {
		return Result{Kind: Rejected, Err: e}
	}
	return c.call(ctx, r, func(body []byte) (Payment, error) { return Payment{}, acceptAnyJSON(body) })
}

type wireNewCode struct {
	ID     string `json:"id,omitempty"`
	Target string `json:"redirectUrl"`
}

// codeRequest is a request about one code, or about none if id is empty. The API
// wants the format in the Accept header, also where it has no use for one.
func codeRequest(op Op, method, id string, f CodeFormat) request {
	r := request{op: op, method: method, path: codesPath, reference: id, accept: string(f)}
	if id != "" {
		r.path += "/" + url.PathEscape(id)
	}
	return r
}

// oneCode sends r unless it is bad, and reads a code from the answer.
func (c *Client) oneCode(ctx context.Context, r request, f CodeFormat, bad problems) (Code, Result) {
	checkFormat(&bad, f)
	if e := notSent(r.op, bad.err(string(r.op))); e != nil {
		return Code{}, Result{Kind: Rejected, Err: e}
	}
	var code Code
	res := c.call(ctx, r, func(body []byte) (p Payment, err error) {
		code, err = decodeCode(r.reference, body)
		return Payment{}, err
	})
	return code, res
}
