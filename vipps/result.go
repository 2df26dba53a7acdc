package vipps

import "time"

// Result is how a call ended. Callers switch over Kind.
type Result struct {
	Kind Kind

	// Payment is set when Kind is Done and the operation has one.
	Payment Payment

	// After is how long to wait at least before the next try, when that is known:
	// from the API's Retry-After, or because the call would have gone over a
	// limit. Zero leaves the back-off to the caller.
	After time.Duration

	// Date is the time of day that the answer carried, UTC; zero without an answer.
	Date time.Time

	// Err says what happened; nil if and only if Kind is Done.
	Err *Error
}

// Kind is the closed set of outcomes.
type Kind string

const (
	// Done: a 2xx whose body was understood and is about the reference asked for.
	// Whether the money moved is for Payment's amounts to say, not for the status.
	Done Kind = "done"

	// Retry: certainly without effect, and worth repeating with the same key and
	// bytes: no connection, no token, a lock or a rate limit in the way.
	Retry Kind = "retry"

	// Rejected: a definite answer that will be the same for ever under this key,
	// or a request so wrong that it was not sent (Err.Status is 0).
	Rejected Kind = "rejected"

	// Unknown: it may have happened or not. Repeat with the same key and bytes, or
	// read the payment, before deciding anything. Never the kind of a read.
	Unknown Kind = "unknown"
)

// Op names an API operation in results, log records and metrics.
type Op string

const (
	OpToken   Op = "token"
	OpCreate  Op = "create"
	OpGet     Op = "get"
	OpEvents  Op = "events"
	OpCapture Op = "capture"
	OpCancel  Op = "cancel"
	OpRefund  Op = "refund"

	OpUserinfo Op = "userinfo" // Userinfo API: what a customer shares
	OpReceipt  Op = "receipt"  // Order Management API: a receipt after the fact

	// QR API: printed codes that open an address.
	OpCodeCreate   Op = "code_create"
	OpCodeGet      Op = "code_get"
	OpCodeList     Op = "code_list"
	OpCodeRetarget Op = "code_retarget"
	OpCodeDestroy  Op = "code_destroy"
	OpCodeDownload Op = "code_download" // of the picture, from wherever the API says

	// Webhooks API: where the API tells what has happened.
	OpWebhookRegister Op = "webhook_register"
	OpWebhookList     Op = "webhook_list"
	OpWebhookDelete   Op = "webhook_delete"
)

// read says that the operation changes nothing.
func (o Op) read() bool {
	switch o {
	case OpGet, OpEvents, OpUserinfo, OpCodeGet, OpCodeList, OpCodeDownload, OpWebhookList:
		return true
	}
	return false
}

// keyed says that the operation moves money and carries an Idempotency-Key.
func (o Op) keyed() bool {
	switch o {
	case OpCreate, OpCapture, OpCancel, OpRefund:
		return true
	}
	return false
}

// perMinute is the API's published limit for one reference, 0 where there is none.
func (o Op) perMinute() int {
	switch {
	case o.keyed():
		return writesPerMinute
	case o == OpGet || o == OpEvents:
		return readsPerMinute
	}
	return 0
}
