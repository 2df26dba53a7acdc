package vipps

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
)

// PostReceipt attaches a receipt to a payment that was created without one, with a
// body made by Receipt.Encode, once the amount is final.
//
// A payment has one receipt and keeps it: a second one is refused as a conflict, and
// so is a repetition of the first. Either way the payment has a receipt, and the
// result is Done. This makes the call safe to repeat without an Idempotency-Key,
// and there is no need to ask first whether a receipt is there: after an Unknown,
// post again.
//
// Rejected with ClassNotFound comes for a payment that does not exist and wherever
// the Order Management API does not exist, as in the test environment.
func (c *Client) PostReceipt(ctx context.Context, reference string, body []byte) Result {
	r := request{
		op: OpReceipt, method: http.MethodPost, path: "/order-management/v2/ECOM/receipts/" + reference,
		reference: reference, body: body,
	}
	res := c.write(ctx, r, func(body []byte) (Payment, error) { return Payment{}, acceptAnyJSON(body) })
	if res.Err != nil && res.Err.Status == http.StatusConflict && res.Err.Class == ClassConflict {
		return Result{Kind: Done}
	}
	return res
}

// acceptAnyJSON reads the answer of a call that tells nothing but that it worked. A
// page of a public network is not such an answer.
func acceptAnyJSON(body []byte) error {
	if len(bytes.TrimSpace(body)) > 0 && !json.Valid(body) {
		return errors.New("read answer: not the expected JSON")
	}
	return nil
}
