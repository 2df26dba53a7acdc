package terminal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"taxiterminal/money"
	"taxiterminal/outbox"
	"taxiterminal/trip"
	"taxiterminal/vipps"
)

// answered is the queued command that a set of events is the outcome of.
type answered struct {
	id    int64
	state outbox.State
	note  string
}

func (a *answered) finish(tx *outbox.Tx) error {
	if a == nil {
		return nil
	}
	return tx.Finish(a.id, a.state, a.note)
}

var (
	errNoKeys    = errors.New("no merchant keys")
	errSetAside  = errors.New("trip is set aside")
	errNotProven = errors.New("the API does not show the effect yet")
)

// noKeysPause is how often a command is looked at while there are no merchant keys;
// only a restart brings some.
const noKeysPause = time.Minute

// delivery is one try of one command.
type delivery struct {
	t *Terminal
	outbox.Delivery
	order
}

// deliver carries out one try. Whenever the command may have been sent before, it
// asks the API what is true before it sends anything.
func (t *Terminal) deliver(ctx context.Context, od outbox.Delivery) outbox.Verdict {
	if t.cfg.Payments == nil {
		return outbox.Again(noKeysPause, errNoKeys)
	}
	if od.Stream == ownStream {
		return t.deliverCode(ctx, od)
	}
	o, err := decodeOrder(od.Body)
	if err != nil {
		t.parkUnreadable(od, err)
		return outbox.Again(noKeysPause, err)
	}
	d := &delivery{t, od, o}
	switch trip.Op(od.Kind) {
	case trip.OpCreate:
		return d.create(ctx)
	case trip.OpCapture:
		return d.modify(ctx, func(p vipps.Payment) bool { return p.Captured >= o.Target }, t.cfg.Payments.Capture)
	case trip.OpRefund:
		return d.modify(ctx, func(p vipps.Payment) bool { return p.Refunded >= o.Target }, t.cfg.Payments.Refund)
	case trip.OpCancel:
		return d.modify(ctx, d.cancelled, t.cfg.Payments.Cancel)
	case trip.OpProfile:
		return d.profile(ctx)
	case trip.OpReceipt:
		return d.postReceipt(ctx)
	}
	err = fmt.Errorf("command of unknown kind %q", od.Kind)
	t.parkUnreadable(od, err)
	return outbox.Again(noKeysPause, err)
}

// cancelled: nothing is left to cancel, or an approval came first and stands.
func (d *delivery) cancelled(p vipps.Payment) bool {
	switch {
	case p.State.Ended():
		return true
	case p.State == vipps.Authorized:
		return d.TransactionOnly || p.Reserved() == 0
	}
	return false
}

// create makes the payment exist, unless nobody wants it any more. One that may be under
// way is wanted in any case: the API may take a request of ours after it has said that
// there is none. So its reference is used up, and then withdrawn.
func (d *delivery) create(ctx context.Context) outbox.Verdict {
	wanted, claimed, err := d.wanted()
	switch {
	case err != nil:
		return outbox.Again(noKeysPause, err)
	case d.Invalid != "":
		return d.finish(outbox.Done, d.Invalid, trip.CreateRejected{N: d.N, Code: "invalid", Without: d.without(nil)})
	case d.Uncertain || claimed: // a phone may carry it too
		return d.createAgain(ctx, wanted)
	case !wanted:
		return d.void()
	}
	return d.send(ctx)
}

// createAgain finds out whether an earlier try has arrived: rule 6.
func (d *delivery) createAgain(ctx context.Context, wanted bool) outbox.Verdict {
	res := d.get(ctx)
	switch {
	case res.Kind == vipps.Done && !d.ours(res.Payment):
		return d.conflict()
	case res.Kind == vipps.Done && res.Payment.State == vipps.Created && res.Payment.RedirectURL == "" && wanted && !d.Push:
		return d.send(ctx) // the same key and body give the code once more
	case res.Kind == vipps.Done:
		return d.adopt(res.Payment)
	case notFound(res):
		return d.send(ctx)
	}
	return d.later(res)
}

func (d *delivery) send(ctx context.Context) outbox.Verdict {
	res := d.t.cfg.Payments.Create(ctx, d.Key, d.Request)
	d.t.heard(vipps.OpCreate, res)
	switch {
	case res.Kind == vipps.Done:
		return d.finish(outbox.Done, "created", trip.Created{N: d.N, RedirectURL: res.Payment.RedirectURL})
	case res.Kind == vipps.Rejected && res.Err.Class == vipps.ClassConflict:
		return d.createConflict(ctx)
	case res.Kind == vipps.Rejected:
		return d.rejected(res.Err)
	}
	return d.later(res)
}

// rejected: a request that goes to a phone or asks to share is made again without,
// whatever was wrong with it. If it was something else, that comes out then.
func (d *delivery) rejected(e *vipps.Error) outbox.Verdict {
	without := d.without(e)
	if without == trip.ExtraPush {
		d.t.do(func() {
			if d.t.own.pushRefused {
				return
			}
			if err := d.t.note(ownPushRefused, struct {
				Code string `json:"code"`
			}{e.Code}); err != nil {
				d.t.log.Error("that requests to phones are refused is not recorded", "err", err)
			}
		})
	}
	return d.finish(outbox.Done, e.Error(), trip.CreateRejected{N: d.N, Code: code(e), Without: without})
}

func (d *delivery) without(e *vipps.Error) trip.Extra {
	switch {
	case d.Push && e != nil && e.Code == vipps.CodePushNotAllowed:
		return trip.ExtraPush
	case d.Push:
		return trip.ExtraRecipient
	case d.Share:
		return trip.ExtraShare
	}
	return ""
}

// createConflict: the reference or the key is taken. It is ours if what the API has
// is what was asked for.
func (d *delivery) createConflict(ctx context.Context) outbox.Verdict {
	switch res := d.get(ctx); {
	case res.Kind == vipps.Done && d.ours(res.Payment):
		return d.adopt(res.Payment)
	case res.Kind == vipps.Done || notFound(res):
		return d.conflict()
	default:
		return outbox.Unclear(res.After, res.Err)
	}
}

func (d *delivery) ours(p vipps.Payment) bool {
	return p.Amount == d.Amount && p.Currency == d.Currency
}

func (d *delivery) adopt(p vipps.Payment) outbox.Verdict {
	return d.finish(outbox.Done, "found created",
		trip.Created{N: d.N, RedirectURL: p.RedirectURL}, trip.Observed{N: d.N, Payment: paymentOf(p)})
}

func (d *delivery) conflict() outbox.Verdict {
	d.t.log.Error("reference belongs to another payment", "reference", d.Reference)
	return d.finish(outbox.Done, "reference taken", trip.CreateRejected{N: d.N, Conflict: true})
}

// void is the one way in which a command ends without an outcome: rule 5.
func (d *delivery) void() outbox.Verdict {
	return d.finish(outbox.Void, "not needed any more, never took effect", trip.CreateVoided{N: d.N})
}

type modification = func(ctx context.Context, reference, key string, body []byte) vipps.Result

// modify captures, cancels or refunds. Only what the API shows for the payment ends
// it, never the status of an answer.
func (d *delivery) modify(ctx context.Context, reached func(vipps.Payment) bool, call modification) outbox.Verdict {
	if d.Uncertain || d.Try > 1 {
		res := d.get(ctx)
		if res.Kind != vipps.Done {
			return d.later(res)
		}
		if reached(res.Payment) {
			return d.observed(res.Payment)
		}
	}
	res := call(ctx, d.Reference, d.Key, d.Request)
	d.t.heard(vipps.Op(d.Kind), res)
	switch res.Kind {
	case vipps.Done:
		if !reached(res.Payment) {
			return outbox.Unclear(0, errNotProven)
		}
		return d.observed(res.Payment)
	case vipps.Rejected:
		return d.refused(ctx, reached, res.Err)
	}
	return d.later(res)
}

// refused looks at what is true after a definite no: often the effect is there
// already, or the passenger was faster.
func (d *delivery) refused(ctx context.Context, reached func(vipps.Payment) bool, e *vipps.Error) outbox.Verdict {
	res := d.get(ctx)
	switch {
	case res.Kind != vipps.Done:
		return outbox.Unclear(res.After, e)
	case reached(res.Payment):
		return d.observed(res.Payment)
	}
	d.t.log.Error("payment operation refused", "reference", d.Reference, "op", d.Kind, "err", e, "hint", e.Hint)
	return d.finish(outbox.Done, e.Error(), trip.CallRejected{
		N: d.N, Op: trip.Op(d.Kind), Code: code(e), Payment: paymentOf(res.Payment)})
}

func (d *delivery) observed(p vipps.Payment) outbox.Verdict {
	return d.finish(outbox.Done, string(p.State),
		trip.Observed{N: d.N, Payment: paymentOf(p), Ends: trip.Op(d.Kind)})
}

// later sorts an outcome that is not one into "certainly without effect" and "may
// have happened".
func (d *delivery) later(res vipps.Result) outbox.Verdict {
	if res.Kind == vipps.Retry {
		return outbox.Again(res.After, res.Err)
	}
	return outbox.Unclear(res.After, res.Err)
}

func (d *delivery) get(ctx context.Context) vipps.Result {
	res := d.t.cfg.Payments.Get(ctx, d.Reference)
	d.t.heard(vipps.OpGet, res)
	return res
}

// wanted asks the loop whether the attempt is still to be created.
func (d *delivery) wanted() (wanted, claimed bool, err error) {
	err = errEnded
	d.t.do(func() {
		var r *ride
		if r, err = d.ride(); err != nil {
			return
		}
		a := r.state.Attempts[d.N-1]
		wanted, claimed, err = a.State == trip.AttemptRequested, a.Claimed, nil
	})
	return wanted, claimed, err
}

// ride is the trip that the command is of. That may be one that is closed already: its
// end was seen before the answer to the command came.
func (d *delivery) ride() (*ride, error) {
	if d.t.broken[d.Stream] != nil {
		return nil, errSetAside
	}
	r, err := d.t.ride(context.Background(), d.Stream)
	if err == nil && (d.N < 1 || d.N > len(r.state.Attempts)) {
		err = errSetAside
	}
	return r, err
}

// finish records the outcome: the events and the end of the command in one commit.
func (d *delivery) finish(state outbox.State, note string, events ...trip.Event) outbox.Verdict {
	return d.finishWith(state, note, func(*commit) ([]trip.Event, error) { return events, nil })
}

func (d *delivery) finishWith(state outbox.State, note string, events source) outbox.Verdict {
	err := errEnded
	d.t.do(func() {
		var r *ride
		if r, err = d.ride(); err != nil {
			return
		}
		err = d.t.commit(r, &answered{d.ID, state, note}, events)
	})
	if err != nil {
		return outbox.Unclear(0, err)
	}
	return outbox.Finished()
}

// parkUnreadable keeps a command that this program cannot read for a person.
func (t *Terminal) parkUnreadable(od outbox.Delivery, why error) {
	t.log.Error("command cannot be read and is parked", "command", od.ID, "err", why)
	t.do(func() {
		err := t.store.Commit(context.Background(), func(tx *outbox.Tx) error {
			if err := appendQueueEvent(tx, od.Stream, "parked", od.ID, why.Error()); err != nil {
				return err
			}
			return tx.Park(od.ID, why.Error())
		})
		t.wrote(err)
	})
}

func appendQueueEvent(tx *outbox.Tx, stream int64, kind string, command int64, reason string) error {
	return appendEvent(tx, stream, queueEvents+kind, struct {
		Command int64  `json:"command"`
		Reason  string `json:"reason,omitempty"`
	}{command, reason})
}

func notFound(res vipps.Result) bool {
	return res.Kind == vipps.Rejected && res.Err.Class == vipps.ClassNotFound
}

func code(e *vipps.Error) string {
	if e.Code != "" {
		return e.Code
	}
	return string(e.Class)
}

func paymentOf(p vipps.Payment) trip.Payment {
	return trip.Payment{State: string(p.State), Authorized: p.Authorized, Captured: p.Captured,
		Cancelled: p.Cancelled, Refunded: min(p.Refunded, money.Minor(p.Captured))}
}
