package link

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"taxiterminal/vipps"
)

// Create and its siblings are the calls of a direct client, made by the gateway with
// the merchant's keys.
func (c *Car) Create(ctx context.Context, key string, body []byte) vipps.Result {
	var w struct {
		Reference string `json:"reference"`
	}
	_ = json.Unmarshal(body, &w) // the gateway says what is wrong with it
	return c.pay(ctx, Pay{Op: vipps.OpCreate, Reference: w.Reference, Key: key, Body: body}).Result
}

func (c *Car) Get(ctx context.Context, reference string) vipps.Result {
	return c.pay(ctx, Pay{Op: vipps.OpGet, Reference: reference}).Result
}

func (c *Car) Capture(ctx context.Context, reference, key string, body []byte) vipps.Result {
	return c.pay(ctx, Pay{Op: vipps.OpCapture, Reference: reference, Key: key, Body: body}).Result
}

func (c *Car) Cancel(ctx context.Context, reference, key string, body []byte) vipps.Result {
	return c.pay(ctx, Pay{Op: vipps.OpCancel, Reference: reference, Key: key, Body: body}).Result
}

func (c *Car) Refund(ctx context.Context, reference, key string, body []byte) vipps.Result {
	return c.pay(ctx, Pay{Op: vipps.OpRefund, Reference: reference, Key: key, Body: body}).Result
}

func (c *Car) Userinfo(ctx context.Context, sub string) (vipps.Person, vipps.Result) {
	o := c.pay(ctx, Pay{Op: vipps.OpUserinfo, Sub: sub})
	return o.Person, o.Result
}

func (c *Car) PostReceipt(ctx context.Context, reference string, body []byte) vipps.Result {
	return c.pay(ctx, Pay{Op: vipps.OpReceipt, Reference: reference, Body: body}).Result
}

func (c *Car) CreateCode(ctx context.Context, code vipps.RedirectCode, f vipps.CodeFormat) (vipps.Code, vipps.Result) {
	return c.code(ctx, Pay{Op: vipps.OpCodeCreate, Code: &Code{ID: code.ID, Target: code.Target}, As: f})
}

func (c *Car) Code(ctx context.Context, id string, f vipps.CodeFormat) (vipps.Code, vipps.Result) {
	return c.code(ctx, Pay{Op: vipps.OpCodeGet, Code: &Code{ID: id}, As: f})
}

func (c *Car) RetargetCode(ctx context.Context, code vipps.RedirectCode, f vipps.CodeFormat) (vipps.Code, vipps.Result) {
	return c.code(ctx, Pay{Op: vipps.OpCodeRetarget, Code: &Code{ID: code.ID, Target: code.Target}, As: f})
}

func (c *Car) DestroyCode(ctx context.Context, id string) vipps.Result {
	return c.pay(ctx, Pay{Op: vipps.OpCodeDestroy, Code: &Code{ID: id}}).Result
}

func (c *Car) DownloadCode(ctx context.Context, link string) ([]byte, vipps.Result) {
	o := c.pay(ctx, Pay{Op: vipps.OpCodeDownload, Link: link})
	return o.Picture, o.Result
}

func (c *Car) code(ctx context.Context, p Pay) (vipps.Code, vipps.Result) {
	o := c.pay(ctx, p)
	return o.Code, o.Result
}

const (
	hintNetwork = "check the car's mobile network; the terminal goes on by itself when it is back"
	hintGateway = "the gateway is not running; the terminal goes on by itself when it is back"
)

var (
	errNoLink   = errors.New("no connection to the gateway")
	errLinkLost = errors.New("the connection to the gateway ended before the answer")
)

// pay asks the gateway and sorts what can go wrong on the way there.
func (c *Car) pay(ctx context.Context, p Pay) Outcome {
	b, certain, err := c.request(ctx, PaySubject(c.cfg.Terminal), p.Encode())
	if err == nil {
		o, err := DecodeOutcome(p, b)
		if err != nil {
			return failed(p.Op, vipps.Unknown, vipps.ClassGarbled, "update the terminal or the gateway, whichever is older", err)
		}
		return o
	}
	kind := vipps.Unknown
	if certain {
		kind = vipps.Retry
	}
	switch {
	case errors.Is(err, context.Canceled):
		return failed(p.Op, kind, vipps.ClassInterrupted, "", err)
	case errors.Is(err, nats.ErrMaxPayload):
		return Refused(p.Op, vipps.ClassInvalid, "report this: a request is larger than the link takes", "%w", err)
	case errors.Is(err, nats.ErrNoResponders):
		return failed(p.Op, kind, vipps.ClassUnavailable, hintGateway, err)
	}
	class, hint := c.away(err)
	return failed(p.Op, kind, class, hint, err)
}

// away says what stands between this car and its gateway. Without a connection that is
// why the last attempt to make one failed.
func (c *Car) away(err error) (vipps.Class, string) {
	if why := c.State().Err; errors.Is(err, errNoLink) && why != nil {
		if e := vipps.Wire(why, c.cfg.peer()); e.Class == vipps.ClassCertificate || e.Class == vipps.ClassClock {
			return e.Class, e.Hint
		}
	}
	return vipps.ClassNetwork, hintNetwork
}

// request sends one message and waits for its answer. Without one, certain says that
// nobody can have got it.
func (c *Car) request(ctx context.Context, subject string, data []byte) (answer []byte, certain bool, err error) {
	if err := ctx.Err(); err != nil {
		return nil, true, err
	}
	nc, session := c.current()
	if session == nil {
		return nil, true, errNoLink
	}
	ctx, cancel := context.WithTimeoutCause(ctx, c.cfg.Timeout, fmt.Errorf("no answer from the gateway within %v: %w", c.cfg.Timeout, context.DeadlineExceeded))
	defer cancel()
	got := make(chan reply, 1)
	go func() { // writing may wait for a dial that is under way
		m, err := nc.RequestWithContext(ctx, subject, data)
		got <- reply{m, err}
	}()
	select {
	case r := <-got:
		if r.err != nil {
			return nil, unsent(r.err), cause(ctx, r.err)
		}
		c.heard.Store(int64(time.Since(c.start)))
		return r.msg.Data, false, nil
	case <-session:
		return nil, false, errLinkLost
	case <-ctx.Done():
		return nil, false, context.Cause(ctx)
	}
}

type reply struct {
	msg *nats.Msg
	err error
}

// unsent: the errors of the NATS client that come before anything is written, and the
// server's word that nobody is there to take it.
func unsent(err error) bool {
	return errors.Is(err, nats.ErrReconnectBufExceeded) || errors.Is(err, nats.ErrConnectionDraining) ||
		errors.Is(err, nats.ErrMaxPayload) || errors.Is(err, nats.ErrNoResponders)
}

func cause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// Hello tells the gateway who is there and asks for the settings and for what it has
// of this car's journal.
func (c *Car) Hello(ctx context.Context, h Hello) (Welcome, error) {
	b, _, err := c.request(ctx, HelloSubject(c.cfg.Terminal), h.Encode())
	if err != nil {
		return Welcome{}, fmt.Errorf("gateway hello: %w", err)
	}
	w, err := DecodeWelcome(b)
	if err != nil {
		return Welcome{}, fmt.Errorf("gateway hello: %w", err)
	}
	if w.Problem != "" {
		return Welcome{}, fmt.Errorf("gateway hello: %s", w.Problem)
	}
	return w, nil
}
