// Package relay makes a car's payment calls with the merchant's keys. The keys stay
// at the gateway; what a car can do is what this package lets through:
//
//   - payments whose reference begins with the car's own vehicle, under keys that
//     begin with that reference, so that no car can read, change or get in the way of
//     another's;
//   - amounts up to a limit, in the merchant's currency, by code, by request to a
//     phone or from a page, asking to share at most name and phone number;
//   - printed codes that are the car's, and ways back from the app, leading to where
//     the operator allows;
//   - pictures behind links that the API has just given out for such a code.
//
// Bodies are read strictly, because they are passed on byte for byte: a member that
// is unknown here, or there twice, could mean one thing to this program and another
// to the API.
//
// What is let through ends as it ends at the API, see [vipps.Kind]. What is not is
// Rejected with ClassNotPermitted, without a status, and has not been sent. What
// cannot be decided now (the car is not known here yet, its merchant has no keys) is
// Retry, because a command about money must not die of a gateway's start-up.
//
// The same call may come twice, through two gateways even. It carries the car's key
// and the car's bytes, so the API executes it once.
//
// What a customer shares is asked for by an identifier (sub) that only the answer
// about a payment contains. It is not tied to a vehicle here: whoever has it has read
// the payment.
package relay

import (
	"context"
	"log/slog"
	"time"

	"taxiterminal/fleet/link"
	"taxiterminal/money"
	"taxiterminal/vipps"
)

// API is the payment API of one merchant; *vipps.Client is one.
type API interface {
	Create(ctx context.Context, key string, body []byte) vipps.Result
	Get(ctx context.Context, reference string) vipps.Result
	Capture(ctx context.Context, reference, key string, body []byte) vipps.Result
	Cancel(ctx context.Context, reference, key string, body []byte) vipps.Result
	Refund(ctx context.Context, reference, key string, body []byte) vipps.Result
	Userinfo(ctx context.Context, sub string) (vipps.Person, vipps.Result)
	PostReceipt(ctx context.Context, reference string, body []byte) vipps.Result
	CreateCode(ctx context.Context, code vipps.RedirectCode, f vipps.CodeFormat) (vipps.Code, vipps.Result)
	Code(ctx context.Context, id string, f vipps.CodeFormat) (vipps.Code, vipps.Result)
	RetargetCode(ctx context.Context, code vipps.RedirectCode, f vipps.CodeFormat) (vipps.Code, vipps.Result)
	DestroyCode(ctx context.Context, id string) vipps.Result
	DownloadCode(ctx context.Context, link string) ([]byte, vipps.Result)
}

// Car is what the registry says of a terminal.
type Car struct {
	Vehicle  string // trip.ValidVehicle
	Merchant string
	// Currency and Limit of one payment in minor units. An empty currency is not
	// checked; a zero limit is Config.Limit.
	Currency money.Currency
	Limit    money.Minor
	// Codes are the ids of printed codes that are this car's, beside those that it
	// names after itself.
	Codes []string
}

// Config is what a Relay needs.
type Config struct {
	// Car finds the car of a terminal; ok is false if there is none, or not now.
	Car func(ctx context.Context, terminal string) (car Car, ok bool)
	// Merchant gives the one client of a merchant; ok is false if it has no keys here.
	Merchant func(name string) (api API, ok bool)
	// Limit of one payment in minor units, for cars without one of their own; 0 is
	// the API's.
	Limit money.Minor
	// Target says whether a car's printed code, or the app after a payment, may lead
	// there; nil for anywhere.
	Target func(car Car, target string) bool

	Log *slog.Logger // nil: nothing is logged
	// Observe is told of each call when it is over; nil for none. refused: it was not
	// let through.
	Observe func(merchant string, op vipps.Op, kind vipps.Kind, refused bool, took time.Duration)
}

// Relay makes the calls. Its methods may be called from several goroutines.
type Relay struct {
	cfg   Config
	log   *slog.Logger
	links links
}

// New makes one.
func New(cfg Config) *Relay {
	r := &Relay{cfg: cfg, log: cfg.Log}
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	if r.cfg.Observe == nil {
		r.cfg.Observe = func(string, vipps.Op, vipps.Kind, bool, time.Duration) {}
	}
	if r.cfg.Target == nil {
		r.cfg.Target = func(Car, string) bool { return true }
	}
	return r
}

const (
	// unknownPause is how long a car waits that the registry does not know (yet), or
	// whose merchant has no keys.
	unknownPause = 30 * time.Second
	hintRegistry = "bind this terminal to a vehicle in the gateway's registry"
	hintKeys     = "give the gateway this merchant's keys"
)

// Pay makes one call for a terminal. It is the Pay of a link.Handler.
func (r *Relay) Pay(ctx context.Context, terminal string, p link.Pay) link.Outcome {
	start := time.Now()
	car, ok := r.cfg.Car(ctx, terminal)
	if !ok {
		return link.NotNow(p.Op, vipps.ClassUnavailable, unknownPause, hintRegistry, "the gateway knows no vehicle of this terminal")
	}
	api, ok := r.cfg.Merchant(car.Merchant)
	if !ok {
		return link.NotNow(p.Op, vipps.ClassCredentials, unknownPause, hintKeys, "the gateway has no keys of this car's merchant")
	}
	o, why := r.try(ctx, car, api, p)
	if why != nil {
		o = link.Refused(p.Op, vipps.ClassNotPermitted, "report this if the terminal was not tampered with", "gateway: %w", why)
		r.log.Warn("payment call not permitted", "terminal", terminal, "vehicle", car.Vehicle, "op", known(p.Op), "why", why)
	}
	ours(o.Result.Err)
	r.cfg.Observe(car.Merchant, known(p.Op), o.Result.Kind, why != nil, time.Since(start))
	return o
}

// ours: a wrong clock or an interception at the gateway is nothing that a driver can
// mend, and is not to be taken for the car's.
func ours(e *vipps.Error) {
	if e == nil {
		return
	}
	switch e.Class {
	case vipps.ClassCertificate, vipps.ClassClock:
		e.Hint = "between the gateway and the payment API (" + string(e.Class) + "): " + e.Hint
		e.Class = vipps.ClassUnavailable
	}
}

// known keeps what a car makes up out of logs and metrics.
func known(op vipps.Op) vipps.Op {
	switch op {
	case vipps.OpCreate, vipps.OpGet, vipps.OpCapture, vipps.OpCancel, vipps.OpRefund, vipps.OpUserinfo, vipps.OpReceipt,
		vipps.OpCodeCreate, vipps.OpCodeGet, vipps.OpCodeRetarget, vipps.OpCodeDestroy, vipps.OpCodeDownload:
		return op
	}
	return "other"
}

// try makes the call, or says why it is not let through.
func (r *Relay) try(ctx context.Context, car Car, api API, p link.Pay) (o link.Outcome, why error) {
	if why := r.check(car, p); why != nil {
		return o, why
	}
	switch p.Op {
	case vipps.OpCreate:
		o.Result = api.Create(ctx, p.Key, p.Body)
	case vipps.OpGet:
		o.Result = api.Get(ctx, p.Reference)
	case vipps.OpCapture:
		o.Result = api.Capture(ctx, p.Reference, p.Key, p.Body)
	case vipps.OpCancel:
		o.Result = api.Cancel(ctx, p.Reference, p.Key, p.Body)
	case vipps.OpRefund:
		o.Result = api.Refund(ctx, p.Reference, p.Key, p.Body)
	case vipps.OpUserinfo:
		o.Person, o.Result = api.Userinfo(ctx, p.Sub)
	case vipps.OpReceipt:
		o.Result = api.PostReceipt(ctx, p.Reference, p.Body)
	case vipps.OpCodeDownload:
		o = r.download(ctx, car, api, p)
	default:
		o = r.code(ctx, car, api, p)
	}
	return o, nil
}

func (r *Relay) code(ctx context.Context, car Car, api API, p link.Pay) (o link.Outcome) {
	code := vipps.RedirectCode{ID: p.Code.ID, Target: p.Code.Target}
	switch p.Op {
	case vipps.OpCodeCreate:
		o.Code, o.Result = api.CreateCode(ctx, code, p.As)
	case vipps.OpCodeGet:
		o.Code, o.Result = api.Code(ctx, code.ID, p.As)
	case vipps.OpCodeRetarget:
		o.Code, o.Result = api.RetargetCode(ctx, code, p.As)
	case vipps.OpCodeDestroy:
		o.Result = api.DestroyCode(ctx, code.ID)
	}
	if o.Result.Kind == vipps.Done && p.As == vipps.CodeSVG {
		r.links.add(car.Vehicle, o.Code.URL, time.Now())
	}
	return o
}

// download gets a picture only from where the API has said that it is: this program
// stands in a network where other addresses are reachable, too.
func (r *Relay) download(ctx context.Context, car Car, api API, p link.Pay) (o link.Outcome) {
	if !r.links.has(car.Vehicle, p.Link, time.Now()) {
		return link.Refused(p.Op, vipps.ClassNotFound, "", "this gateway has not given out the link lately; read the code again")
	}
	o.Picture, o.Result = api.DownloadCode(ctx, p.Link)
	return o
}
