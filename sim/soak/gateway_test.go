package soak

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"taxiterminal/fleet/carry"
	"taxiterminal/fleet/link"
	"taxiterminal/fleet/relay"
	"taxiterminal/money"
	"taxiterminal/terminal"
	"taxiterminal/vipps"
)

// gateway is the fleet's relay with the merchant's keys, in one of its processes. What
// it knows it has in memory, and a kill takes it; what phones have carried is in the
// bucket.
type gateway struct {
	gates *gates
	relay *relay.Relay
	carry *carry.Carrier
	stop  context.CancelFunc
}

func (l *life) newGateway() *gateway {
	g := &gateway{gates: &gates{}}
	client := l.client(&wire{l: l, gates: g.gates, inner: l.api.Transport()})
	g.relay = relay.New(relay.Config{
		Car: func(context.Context, string) (relay.Car, bool) {
			return relay.Car{Vehicle: "T122", Merchant: "soak", Currency: money.NOK}, true
		},
		Merchant: func(string) (relay.API, bool) { return client, true },
	})
	g.carry = l.newCarrier(g.gates)
	ctx, stop := context.WithCancel(context.Background())
	g.stop = stop
	l.behind.Go(func() { _ = g.carry.Run(ctx) })
	return g
}

// killGateway ends one process and starts the next. Calls that were under way end
// without an answer.
func (l *life) killGateway() {
	l.tell("gateway killed, waiting: %v", l.gateway.gates.waiting())
	l.gateway.end()
	l.kills++
	l.gateway = l.newGateway()
	l.car.term.Linked(false, false)
	l.car.term.Linked(true, false)
}

func (g *gateway) end() {
	g.gates.cut()
	g.stop()
}

// pay executes a car's call, as a gateway does: what the car asks for itself, no phone
// makes any more.
func (g *gateway) pay(ctx context.Context, p link.Pay) link.Outcome {
	if p.Op != vipps.OpCreate {
		return g.relay.Pay(ctx, "terminal", p)
	}
	return link.Outcome{Result: g.carry.Own(ctx, p.Reference, func() vipps.Result { return g.relay.Pay(ctx, "terminal", p).Result })}
}

// linked is the car's way to the API through the gateway: the messages of the link, on
// a line on which each can be lost. Only the NATS connection is not the real one.
type linked struct {
	l     *life
	gates *gates
}

var _ terminal.Payments = linked{}

var errLine = errors.New("the line was lost")

func (c linked) pay(ctx context.Context, p link.Pay) link.Outcome {
	name := c.l.anonymous(string(p.Op) + " " + p.Reference)
	if c.gates.pass(ctx, "send link "+name) != goOn {
		return lost(p.Op, vipps.Retry)
	}
	c.l.lookedFirst(call{op: string(p.Op), reference: p.Reference, key: p.Key})
	arrived, err := link.DecodePay(p.Encode())
	if err != nil {
		c.l.broken("pay message: %v", err)
		return lost(p.Op, vipps.Unknown)
	}
	answers, g := make(chan []byte, 1), c.l.gateway
	c.l.behind.Go(func() { // goes on when the car has given up
		ctx, cancel := context.WithTimeout(context.Background(), 25*time.Second)
		defer cancel()
		o := g.pay(ctx, arrived)
		if made, ok := c.l.api.Payment(p.Reference); ok && made.Flow == "WEB_REDIRECT" && o.Result.Payment.RedirectURL != "" {
			c.l.opened(p.Reference) // the page sends the passenger there
		}
		answers <- o.Encode()
	})
	var answer []byte
	select {
	case answer = <-answers:
	case <-ctx.Done():
		return lost(p.Op, vipps.Unknown)
	}
	if c.gates.pass(ctx, "answer link "+name) != goOn {
		return lost(p.Op, vipps.Unknown)
	}
	o, err := link.DecodeOutcome(p, answer)
	if err != nil {
		c.l.broken("outcome message: %v", err)
	}
	return o
}

// lost is an Outcome without an answer. A read has no effect, so it is never unknown.
func lost(op vipps.Op, kind vipps.Kind) link.Outcome {
	if op == vipps.OpGet || op == vipps.OpUserinfo {
		kind = vipps.Retry
	}
	return link.Outcome{Result: vipps.Result{Kind: kind, Err: &vipps.Error{Class: vipps.ClassNetwork, Op: op, Err: errLine}}}
}

func (c linked) Create(ctx context.Context, key string, body []byte) vipps.Result {
	var b struct{ Reference string }
	_ = json.Unmarshal(body, &b)
	return c.pay(ctx, link.Pay{Op: vipps.OpCreate, Reference: b.Reference, Key: key, Body: body}).Result
}

func (c linked) Get(ctx context.Context, reference string) vipps.Result {
	res := c.pay(ctx, link.Pay{Op: vipps.OpGet, Reference: reference}).Result
	if res.Kind == vipps.Done || res.Kind == vipps.Rejected && res.Err.Class == vipps.ClassNotFound {
		c.l.looked(reference)
	}
	return res
}

func (c linked) Capture(ctx context.Context, reference, key string, body []byte) vipps.Result {
	return c.pay(ctx, link.Pay{Op: vipps.OpCapture, Reference: reference, Key: key, Body: body}).Result
}

func (c linked) Cancel(ctx context.Context, reference, key string, body []byte) vipps.Result {
	return c.pay(ctx, link.Pay{Op: vipps.OpCancel, Reference: reference, Key: key, Body: body}).Result
}

func (c linked) Refund(ctx context.Context, reference, key string, body []byte) vipps.Result {
	return c.pay(ctx, link.Pay{Op: vipps.OpRefund, Reference: reference, Key: key, Body: body}).Result
}

func (c linked) Userinfo(ctx context.Context, sub string) (vipps.Person, vipps.Result) {
	o := c.pay(ctx, link.Pay{Op: vipps.OpUserinfo, Sub: sub})
	return o.Person, o.Result
}

func (c linked) PostReceipt(ctx context.Context, reference string, body []byte) vipps.Result {
	return c.pay(ctx, link.Pay{Op: vipps.OpReceipt, Reference: reference, Body: body}).Result
}

// The car's printed code is no part of a life.

func (c linked) CreateCode(context.Context, vipps.RedirectCode, vipps.CodeFormat) (vipps.Code, vipps.Result) {
	return vipps.Code{}, lost(vipps.OpCodeCreate, vipps.Retry).Result
}

func (c linked) Code(context.Context, string, vipps.CodeFormat) (vipps.Code, vipps.Result) {
	return vipps.Code{}, lost(vipps.OpCodeGet, vipps.Retry).Result
}

func (c linked) RetargetCode(context.Context, vipps.RedirectCode, vipps.CodeFormat) (vipps.Code, vipps.Result) {
	return vipps.Code{}, lost(vipps.OpCodeRetarget, vipps.Retry).Result
}

func (c linked) DestroyCode(context.Context, string) vipps.Result {
	return lost(vipps.OpCodeDestroy, vipps.Retry).Result
}

func (c linked) DownloadCode(context.Context, string) ([]byte, vipps.Result) {
	return nil, lost(vipps.OpCodeDownload, vipps.Retry).Result
}

func (c linked) CloseIdleConnections() {}
