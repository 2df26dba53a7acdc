package terminal

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"taxiterminal/device/vehicle"
	"taxiterminal/outbox"
	"taxiterminal/vipps"
)

// codeLane is where commands about the car's code wait, and the prefix of their kind.
const codeLane = "code"

// VehicleCode is the SVG picture of the car's own code; nil if the version is not the
// one that there is. It is part of display.Desk.
func (t *Terminal) VehicleCode(version string) (svg []byte) {
	t.do(func() {
		if version != "" && version == t.own.code.Version() {
			svg = []byte(t.own.code.SVG)
		}
	})
	return svg
}

// CarCode is everything known about the car's code.
func (t *Terminal) CarCode() (c vehicle.Code) {
	t.do(func() { c = t.own.code })
	return c
}

// CodeRefused is why something that a person asked of the car's code was not done.
type CodeRefused struct{ Refusal vehicle.Refusal }

func (r *CodeRefused) Error() string { return "code: refused: " + string(r.Refusal) }

// AskCode does what a person wants of the car's code. The error is a *CodeRefused if
// it cannot be done now. Vehicle and File of a vehicle.CodeAsked are filled in.
func (t *Terminal) AskCode(e vehicle.Event) error {
	if asked, ok := e.(vehicle.CodeAsked); ok {
		asked.Vehicle, asked.File = t.cfg.Vehicle, t.store.ID()
		e = asked
	}
	err := errEnded
	t.do(func() {
		if refusal := vehicle.Check(t.own.code, e); refusal != vehicle.Allowed {
			err = &CodeRefused{refusal}
			return
		}
		err = t.codeStep(nil, e)
	})
	return err
}

// codeStep is the one way in which the car's code changes.
func (t *Terminal) codeStep(a *answered, e vehicle.Event) error {
	next := t.own.code
	err := t.store.Commit(context.Background(), func(tx *outbox.Tx) error {
		var cmds []vehicle.Command
		next, cmds = vehicle.Step(t.own.code, tx.Now(), e)
		if !next.Equal(t.own.code) || len(cmds) > 0 {
			if err := appendEvent(tx, ownStream, string(e.Kind()), e); err != nil {
				return err
			}
		}
		for _, cmd := range cmds {
			body, err := json.Marshal(cmd)
			if err != nil {
				return err
			}
			c := outbox.Command{Kind: codeLane + "." + string(cmd.Op), Key: cmd.Key, Body: body, Lane: codeLane, After: cmd.After}
			if err := tx.Enqueue(ownStream, c); err != nil {
				return err
			}
		}
		return a.finish(tx)
	})
	t.wrote(err)
	if err != nil {
		return fmt.Errorf("code commit: %w", err)
	}
	if next.Phase != t.own.code.Phase || next.Problem != t.own.code.Problem {
		t.log.Info("car's code", "code", next.ID, "phase", next.Phase, "problem", next.Problem.Kind, "reason", next.Problem.Code)
	}
	t.own.code = next
	return nil
}

// codeDelivery is one try of a command about the car's code. Its calls ask for a
// state, so each may be repeated after any outcome.
type codeDelivery struct {
	t *Terminal
	outbox.Delivery
	vehicle.Command
}

func (t *Terminal) deliverCode(ctx context.Context, od outbox.Delivery) outbox.Verdict {
	d := codeDelivery{t: t, Delivery: od}
	if err := json.Unmarshal(od.Body, &d.Command); err != nil {
		t.parkUnreadable(od, fmt.Errorf("command decode: %w", err))
		return outbox.Again(noKeysPause, err)
	}
	switch vehicle.Op(strings.TrimPrefix(od.Kind, codeLane+".")) {
	case vehicle.OpCreate:
		return d.create(ctx)
	case vehicle.OpRetarget:
		code, res := t.cfg.Payments.RetargetCode(ctx, vipps.RedirectCode{ID: d.Command.ID, Target: d.Target}, vipps.CodeText)
		return d.answer(res, vehicle.Retargeted{N: d.N, Target: code.Target})
	case vehicle.OpFetch:
		return d.fetch(ctx)
	case vehicle.OpDestroy:
		return d.answer(t.cfg.Payments.DestroyCode(ctx, d.Command.ID), vehicle.Gone{N: d.N})
	}
	err := fmt.Errorf("command of unknown kind %q", od.Kind)
	t.parkUnreadable(od, err)
	return outbox.Again(noKeysPause, err)
}

// create looks first when an earlier try may have arrived, and takes over what exists
// already; whether it is the car's, vehicle.Step decides.
func (d codeDelivery) create(ctx context.Context) outbox.Verdict {
	if !d.Uncertain {
		code, res := d.t.cfg.Payments.CreateCode(ctx, vipps.RedirectCode{ID: d.Command.ID, Target: d.Target}, vipps.CodeText)
		if res.Kind != vipps.Rejected || res.Err.Class != vipps.ClassConflict {
			return d.answer(res, vehicle.Made{N: d.N, Target: code.Target})
		}
	}
	code, res := d.t.cfg.Payments.Code(ctx, d.Command.ID, vipps.CodeText)
	if notFound(res) {
		code, res = d.t.cfg.Payments.CreateCode(ctx, vipps.RedirectCode{ID: d.Command.ID, Target: d.Target}, vipps.CodeText)
	}
	return d.answer(res, vehicle.Made{N: d.N, Target: code.Target, Existed: true})
}

// fetch brings the picture and the text at once: the link to the picture dies.
func (d codeDelivery) fetch(ctx context.Context) outbox.Verdict {
	text, res := d.t.cfg.Payments.Code(ctx, d.Command.ID, vipps.CodeText)
	if res.Kind != vipps.Done {
		return d.answer(res, nil)
	}
	link, res := d.t.cfg.Payments.Code(ctx, d.Command.ID, vipps.CodeSVG)
	if res.Kind != vipps.Done {
		return d.answer(res, nil)
	}
	svg, res := d.t.cfg.Payments.DownloadCode(ctx, link.URL)
	if notFound(res) { // the picture, not the code
		return d.finish(vehicle.Failed{N: d.N, Code: code(res.Err)})
	}
	return d.answer(res, vehicle.Fetched{N: d.N, Target: text.Target, SVG: string(svg), Text: text.URL})
}

// answer turns an outcome into the event that it is.
func (d codeDelivery) answer(res vipps.Result, done vehicle.Event) outbox.Verdict {
	switch {
	case res.Kind == vipps.Done:
		return d.finish(done)
	case notFound(res):
		return d.finish(vehicle.Gone{N: d.N})
	case res.Kind == vipps.Rejected:
		return d.finish(vehicle.Failed{N: d.N, Code: code(res.Err)})
	case res.Kind == vipps.Retry:
		return outbox.Again(res.After, res.Err)
	}
	return outbox.Unclear(res.After, res.Err)
}

func (d codeDelivery) finish(e vehicle.Event) outbox.Verdict {
	err := errEnded
	d.t.do(func() { err = d.t.codeStep(&answered{d.Delivery.ID, outbox.Done, string(e.Kind())}, e) })
	if err != nil {
		return outbox.Unclear(0, err)
	}
	return outbox.Finished()
}
