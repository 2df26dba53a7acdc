package vipps

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
)

const paymentsPath = "/epayment/v1/payments"

// Create sends a body made by CreatePayment.Encode under an idempotency key of 1 to
// 50 visible ASCII characters. Done carries Reference and RedirectURL only, and
// that is also how the repetition of an earlier, successful create is answered: it
// does not mean that the payment is still open.
func (c *Client) Create(ctx context.Context, key string, body []byte) Result {
	r := request{op: OpCreate, method: http.MethodPost, path: paymentsPath, key: key, body: body}
	r.reference, r.private = readCreate(body)
	return c.write(ctx, r, decodeCreated(r.reference))
}

// Get reads a payment. Rejected with ClassNotFound means that the sales unit has no
// such reference, which after a Create of Unknown outcome says that it has not
// arrived so far.
func (c *Client) Get(ctx context.Context, reference string) Result {
	r := request{op: OpGet, method: http.MethodGet, path: paymentsPath + "/" + reference, reference: reference}
	if e := c.malformed(r); e != nil {
		return Result{Kind: Rejected, Err: e}
	}
	return c.call(ctx, r, decodePayment(reference))
}

// Events reads everything that was done to a payment, oldest first as the API
// gives it.
func (c *Client) Events(ctx context.Context, reference string) ([]PaymentEvent, Result) {
	r := request{op: OpEvents, method: http.MethodGet, path: paymentsPath + "/" + reference + "/events", reference: reference}
	if e := c.malformed(r); e != nil {
		return nil, Result{Kind: Rejected, Err: e}
	}
	var events []PaymentEvent
	res := c.call(ctx, r, func(body []byte) (p Payment, err error) {
		events, err = decodeEvents(reference, body)
		return Payment{}, err
	})
	return events, res
}

// Capture takes reserved money, with a body made by Modification.Encode. It worked
// if Payment.Captured says so.
func (c *Client) Capture(ctx context.Context, reference, key string, body []byte) Result {
	return c.modify(ctx, OpCapture, reference, key, body)
}

// Cancel ends a payment or releases its rest, with a body made by
// Cancellation.Encode. The repetition of a cancel that worked may be answered with
// CodeNotReserved or CodeNotCancellable; read the payment then.
func (c *Client) Cancel(ctx context.Context, reference, key string, body []byte) Result {
	return c.modify(ctx, OpCancel, reference, key, body)
}

// Refund pays back captured money, with a body made by Modification.Encode. It
// worked if Payment.Refunded says so.
func (c *Client) Refund(ctx context.Context, reference, key string, body []byte) Result {
	return c.modify(ctx, OpRefund, reference, key, body)
}

// modify relies on the operations' names being the last element of their paths.
func (c *Client) modify(ctx context.Context, op Op, reference, key string, body []byte) Result {
	r := request{
		op: op, method: http.MethodPost, path: paymentsPath + "/" + reference + "/" + string(op),
		reference: reference, key: key, body: body,
	}
	return c.write(ctx, r, decodePayment(reference))
}

func (c *Client) write(ctx context.Context, r request, read accept) Result {
	if e := c.malformed(r); e != nil {
		return Result{Kind: Rejected, Err: e}
	}
	return c.call(ctx, r, read)
}

// keyMax is the longest Idempotency-Key.
const keyMax = 50

// malformed finds what must not be sent at all: it would reach another payment, or
// be a write that cannot be repeated safely.
func (c *Client) malformed(r request) *Error {
	var bad problems
	bad.check(anyReference.MatchString(r.reference), "reference", "want 8 to 64 of a-z, A-Z, 0-9 and hyphen")
	if r.op.keyed() {
		bad.check(headerSafe(r.key) && len(r.key) <= keyMax, "Idempotency-Key", "want 1 to %d visible ASCII characters", keyMax)
	}
	if !r.op.read() {
		bad.check(isObject(r.body), "body", "want what Encode gave")
	}
	return notSent(r.op, bad.err(string(r.op)))
}

// notSent is the error of a call that is too wrong to be made, or nil without a why.
func notSent(op Op, why error) *Error {
	if why == nil {
		return nil
	}
	return &Error{Class: ClassInvalid, Op: op, Hint: hintBug, Err: why}
}

func isObject(body []byte) bool {
	var members map[string]json.RawMessage
	return json.Unmarshal(body, &members) == nil && members != nil
}

// readCreate finds in a kept body what the call needs to know about it: the
// reference, and the customer identifiers that must stay out of errors. From a body
// that Encode did not make it finds what it can.
func readCreate(body []byte) (reference string, private []string) {
	var w struct {
		Reference string        `json:"reference"`
		Customer  *wireCustomer `json:"customer"`
	}
	var kind *json.UnmarshalTypeError
	if err := json.Unmarshal(body, &w); err != nil && !errors.As(err, &kind) {
		return "", nil
	}
	if w.Customer != nil {
		private = []string{w.Customer.PhoneNumber, w.Customer.PersonalQR, w.Customer.CustomerToken}
	}
	return w.Reference, private
}
