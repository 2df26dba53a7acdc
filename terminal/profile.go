package terminal

import (
	"context"
	"errors"
	"time"

	"taxiterminal/outbox"
	"taxiterminal/trip"
	"taxiterminal/vipps"
)

var errNotSharedYet = errors.New("what the passenger shared is not there yet")

const (
	// profileWindow is how long the API tells what was shared, with a day's margin
	// for a clock that was off.
	profileWindow = 8 * 24 * time.Hour
	// profilePause is the longest pause between two looks.
	profilePause = 15 * time.Minute
)

// profile finds out what the passenger has shared and keeps it together with the
// event that says so. It moves no money and holds up nothing that does.
func (d *delivery) profile(ctx context.Context) outbox.Verdict {
	res := d.t.cfg.Payments.Get(ctx, d.Reference)
	if res.Kind != vipps.Done {
		return d.profileLater(res)
	}
	if res.Payment.Metadata[trip.Carried] != "" {
		return d.finish(outbox.Done, "not asked", trip.Profiled{N: d.N, Reason: "not_asked"})
	}
	person, sub := res.Payment.Person, res.Payment.Sub
	if person.Phone() == "" && sub != "" {
		var info vipps.Person
		if info, res = d.t.cfg.Payments.Userinfo(ctx, sub); res.Kind != vipps.Done {
			return d.profileRefused(res, sub)
		}
		person = info
	}
	if person.Phone() == "" {
		return d.profileLater(vipps.Result{Kind: vipps.Retry})
	}
	return d.finishWith(outbox.Done, "shared", func(c *commit) ([]trip.Event, error) {
		scope := c.state.Attempts[d.N-1].Share
		id, err := c.learn(person, sub, scope)
		if errors.Is(err, outbox.ErrNoKey) || errors.Is(err, outbox.ErrWrongKey) {
			return []trip.Event{trip.Profiled{N: d.N, Reason: "no_key"}}, nil
		}
		return []trip.Event{trip.Profiled{N: d.N, Contact: id}}, err
	})
}

// profileRefused: a passenger who has withdrawn the consent is forgotten.
func (d *delivery) profileRefused(res vipps.Result, sub string) outbox.Verdict {
	if res.Kind != vipps.Rejected || res.Err.Class != vipps.ClassNotPermitted {
		return d.profileLater(res)
	}
	d.t.do(func() {
		if known := d.t.book.find(sub, ""); known != nil {
			if err := d.t.forget(known.ID, "withdrawn"); err != nil {
				d.t.log.Error("contact not forgotten", "contact", known.ID, "err", err)
			}
			d.t.scrubLater()
		}
	})
	return d.finish(outbox.Done, "not shared", trip.Profiled{N: d.N, Reason: "not_shared"})
}

// profileLater tries again, ever more rarely, until the API no longer tells.
func (d *delivery) profileLater(res vipps.Result) outbox.Verdict {
	if d.windowOver() {
		return d.finish(outbox.Done, "window over", trip.Profiled{N: d.N, Reason: "window_over"})
	}
	pause := min(time.Second<<min(d.Try, 12), profilePause)
	if res.Err == nil {
		return outbox.Again(pause, errNotSharedYet)
	}
	return outbox.Again(max(pause, res.After), res.Err)
}

// windowOver goes by what the API said the time was and is; without that, by how long
// this process has tried. The car's own clock may have jumped by years in between.
func (d *delivery) windowOver() bool {
	if now, trusted := d.t.Clock(); trusted && !d.Asked.IsZero() {
		return now.Sub(d.Asked) > profileWindow
	}
	return time.Since(d.Since) > profileWindow
}
