package terminal

import (
	"context"

	"taxiterminal/vipps"
)

// Payments is the way to the payment API: the API itself, or whoever calls it for
// this car. Bodies and keys come from the outbox and are sent as they are.
type Payments interface {
	Create(ctx context.Context, key string, body []byte) vipps.Result
	Get(ctx context.Context, reference string) vipps.Result
	Capture(ctx context.Context, reference, key string, body []byte) vipps.Result
	Cancel(ctx context.Context, reference, key string, body []byte) vipps.Result
	Refund(ctx context.Context, reference, key string, body []byte) vipps.Result
	// Userinfo is what the passenger of an approved payment has shared.
	Userinfo(ctx context.Context, sub string) (vipps.Person, vipps.Result)
	// PostReceipt adds the order lines to a payment that has none.
	PostReceipt(ctx context.Context, reference string, body []byte) vipps.Result
	Codes
	// CloseIdleConnections drops connections that a lost network has left dead.
	CloseIdleConnections()
}

// Codes are the printed codes at the payment API.
type Codes interface {
	CreateCode(ctx context.Context, code vipps.RedirectCode, f vipps.CodeFormat) (vipps.Code, vipps.Result)
	Code(ctx context.Context, id string, f vipps.CodeFormat) (vipps.Code, vipps.Result)
	RetargetCode(ctx context.Context, code vipps.RedirectCode, f vipps.CodeFormat) (vipps.Code, vipps.Result)
	DestroyCode(ctx context.Context, id string) vipps.Result
	DownloadCode(ctx context.Context, link string) ([]byte, vipps.Result)
}
