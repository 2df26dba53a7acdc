package sim

import (
	"context"
	"errors"
	"time"

	"taxiterminal/vipps/vippstest"
)

// fare is what the trips of the scenarios cost.
const fare = 28650

func paidOnce() Result {
	return Result{Asked: fare, Authorized: fare, Captured: fare, Captures: 1, Phase: "paid"}
}

// Scenarios are all that taxisim demo can play, in the order of its table.
func Scenarios() []Scenario {
	return []Scenario{
		{Name: "paid", About: "the ordinary way", Want: paidOnce(), Play: paid},
		{Name: "offline-at-stop", About: "no network when the meter stops", Want: paidOnce(), Play: offlineAtStop},
		{Name: "offline-before-capture", About: "the network goes after the approval", Want: paidOnce(), Play: offlineBeforeCapture},
		{Name: "lost-create-response", About: "the answer to the create is lost", Want: paidOnce(), Play: lost(vippstest.OpCreate)},
		{Name: "lost-capture-response", About: "the answer to the capture is lost", Want: paidOnce(), Play: lost(vippstest.OpCapture)},
		{Name: "killed-while-due", About: "kill -9 while the code stands", Want: paidOnce(), Play: killedWhileDue},
		{Name: "killed-after-approval", About: "kill -9 while the capture is under way", Want: paidOnce(), Play: killedAfterApproval},
		{Name: "rejected-then-paid", About: "the passenger says no, then takes a new code", Want: paidOnce(), Play: rejectedThenPaid},
		{Name: "expired-then-paid", About: "nobody scans for ten minutes", Want: paidOnce(), Play: expiredThenPaid},
		{Name: "cash", About: "the passenger pays in cash", Play: cash,
			Want: Result{Asked: fare, Phase: "otherwise:cash"}},
		{Name: "cash-after-approval", About: "cash, after an approval that the car has not seen", Play: cashAfterApproval,
			Want: Result{Asked: fare, Authorized: fare, Phase: "otherwise:cash"}},
		{Name: "resumed", About: "the trip goes on after PAID", Play: resumed, Needs: NeedsStop,
			Want: Result{Asked: fare + 5000, Authorized: fare + 5000, Captured: fare + 5000, Captures: 2, Phase: "paid"}},
		{Name: "corrected-down", About: "the total goes down after the approval", Play: correctedDown, Needs: NeedsStop,
			Want: Result{Asked: fare, Authorized: fare, Captured: fare - 2000, Captures: 1, Phase: "paid"}},
		{Name: "cable-pulled", About: "the meter's cable comes out, twice", Want: paidOnce(), Play: cablePulled},
		{Name: "cancelled-too-late", About: "the driver cancels, the passenger was faster", Want: paidOnce(), Play: cancelledTooLate},
		{Name: "vacant-unpaid", About: "the meter goes vacant and nobody pays", Play: vacantUnpaid,
			Options: func(o *Options) { o.Grace = "10s" },
			Want:    Result{Asked: fare, Phase: "otherwise:unpaid"}},
		{Name: "fare-at-vacant", About: "a meter that tells the fare only at vacant", Want: paidOnce(), Play: fareAtVacant, Needs: NeedsMDT,
			Options: func(o *Options) { o.Meter.FareAtVacant = true }},
		{Name: "shared-number", About: "the passenger shares the number; the next request goes to the phone", Play: sharedNumber, Options: share(nil),
			Want: Result{Asked: 2 * fare, Authorized: 2 * fare, Captured: 2 * fare, Captures: 2, Phase: "paid"}},
		{Name: "refused-sharing", About: "the passenger will not share: a code without the question", Want: paidOnce(), Play: refusedSharing, Options: share(nil)},
		{Name: "userinfo-late", About: "what was shared comes late, PAID does not", Want: paidOnce(), Play: userinfoLate,
			Options: share(func(o *Options) {
				o.API.HideUserDetails, o.API.ProfileLag, o.API.UserinfoLag = true, time.Minute, 10*time.Minute
			})},
		{Name: "push", About: "the driver types a number, the request goes to the phone", Want: paidOnce(), Play: push, Options: send(nil)},
		{Name: "push-not-enabled", About: "the sales unit may not do that: back to the code", Want: paidOnce(), Play: pushNotEnabled,
			Options: send(func(o *Options) { o.API.NoPush = true })},
		{Name: "tip", About: "the passenger adds ten per cent, then thinks better of it", Play: tip,
			Options: func(o *Options) { o.More += "[tip]\npercent = [5, 10]\n" },
			Want:    Result{Asked: fare + 1400, Authorized: fare + 1400, Captured: fare + 1400, Captures: 1, Phase: "paid"}},
		{Name: "refund", About: "all of it is given back", Play: refund(fare),
			Want: Result{Asked: fare, Authorized: fare, Captured: fare, Captures: 1, Refunded: fare, Phase: "paid"}},
		{Name: "partial-refund", About: "a part is given back, the answer is lost", Play: refund(5000),
			Want: Result{Asked: fare, Authorized: fare, Captured: fare, Captures: 1, Refunded: 5000, Phase: "paid"}},
		{Name: "typed-fare", About: "the cable is out for good, the driver types the fare", Want: paidOnce(), Play: typedFare,
			Options: func(o *Options) { o.PIN, o.FareByHand = "4711", true }},
		{Name: "meter-power-cut", About: "the meter loses the trip: nobody is charged", Play: meterPowerCut, Needs: NeedsMDT,
			Want: Result{Phase: "void"}},
	}
}

// Find gives the scenario of that name.
func Find(name string) (Scenario, bool) {
	for _, s := range Scenarios() {
		if s.Name == name {
			return s, true
		}
	}
	return Scenario{}, false
}

// play runs steps one after the other until one fails.
func play(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// finish sees PAID on both screens and lets the passenger out.
func finish(ctx context.Context, t *Trip) error {
	return play(
		func() error { return t.Shows(ctx, "paid") },
		t.Leave,
	)
}

func paid(ctx context.Context, t *Trip) error {
	return play(
		func() error { return t.Ride(ctx, fare) },
		func() error { return t.Approve(ctx) },
		func() error { return finish(ctx, t) },
	)
}

func offlineAtStop(ctx context.Context, t *Trip) error {
	return play(
		func() error { return t.Board(ctx) },
		func() error { return t.Network(vippstest.Refused) },
		func() error { return t.Stop(fare) },
		func() error { return t.Shows(ctx, "connecting") },
		func() error { return t.Network(vippstest.Up) },
		func() error { return t.Approve(ctx) },
		func() error { return finish(ctx, t) },
	)
}

func offlineBeforeCapture(ctx context.Context, t *Trip) error {
	// The capture's request is lost on its way and the network with it.
	_, err := t.API.AddFault(vippstest.Fault{Op: vippstest.OpCapture, Kind: vippstest.LostRequest, Times: vippstest.Forever})
	return play(
		func() error { return err },
		func() error { return t.Ride(ctx, fare) },
		func() error { return t.Approve(ctx) },
		func() error { return t.Shows(ctx, "approved") },
		func() error { return t.Network(vippstest.Refused) },
		func() error { t.API.RemoveFault(0); return nil },
		func() error { return t.Network(vippstest.Up) },
		func() error { return finish(ctx, t) },
	)
}

func lost(op vippstest.Op) func(context.Context, *Trip) error {
	return func(ctx context.Context, t *Trip) error {
		_, err := t.API.AddFault(vippstest.Fault{Op: op, Kind: vippstest.LostResponse})
		return errors.Join(err, paid(ctx, t))
	}
}

func killedWhileDue(ctx context.Context, t *Trip) error {
	return play(
		func() error { return t.Ride(ctx, fare) },
		func() error { _, err := t.Scan(ctx); return err },
		t.Daemon.Kill,
		func() error { return t.Daemon.Start(ctx) },
		func() error { return t.Approve(ctx) },
		func() error { return finish(ctx, t) },
	)
}

func killedAfterApproval(ctx context.Context, t *Trip) error {
	// The daemon dies while it waits for the answer to the capture.
	_, err := t.API.AddFault(vippstest.Fault{Op: vippstest.OpCapture, Kind: vippstest.Delay,
		After: vippstest.Duration(3 * time.Second)})
	return play(
		func() error { return err },
		func() error { return t.Ride(ctx, fare) },
		func() error { return t.Approve(ctx) },
		func() error { return t.Seen(ctx, vippstest.OpCapture, 1) },
		func() error { return t.Restart(ctx) },
		func() error { return finish(ctx, t) },
	)
}

func rejectedThenPaid(ctx context.Context, t *Trip) error {
	return play(
		func() error { return t.Ride(ctx, fare) },
		func() error { return t.Reject(ctx) },
		func() error { return t.Shows(ctx, "failed") },
		func() error { return t.Press(ctx, "new") },
		func() error { return t.Approve(ctx) },
		func() error { return finish(ctx, t) },
	)
}

func expiredThenPaid(ctx context.Context, t *Trip) error {
	return play(
		func() error { return t.Ride(ctx, fare) },
		func() error { _, err := t.Scan(ctx); return err },
		func() error { t.API.Advance(11 * time.Minute); return nil },
		func() error { return t.Approve(ctx) }, // a new code, made by itself
		func() error { return finish(ctx, t) },
	)
}

func cash(ctx context.Context, t *Trip) error {
	return play(
		func() error { return t.Ride(ctx, fare) },
		func() error { _, err := t.Scan(ctx); return err },
		func() error { return t.Press(ctx, "cash") },
		func() error { return t.Shows(ctx, "settled") },
		t.Leave,
	)
}

func cashAfterApproval(ctx context.Context, t *Trip) error {
	var reference string
	return play(
		func() error { return t.Ride(ctx, fare) },
		func() (err error) { reference, err = t.Scan(ctx); return err },
		func() error { return t.Network(vippstest.Refused) },
		func() error { return t.API.Act(reference, vippstest.Approve, 0) },
		func() error { return t.Press(ctx, "cash") },
		func() error { return t.Shows(ctx, "settled") },
		t.Leave,
		func() error { return t.Network(vippstest.Up) },
	)
}

func resumed(ctx context.Context, t *Trip) error {
	return play(
		func() error { return t.Ride(ctx, fare) },
		func() error { return t.Approve(ctx) },
		func() error { return t.Shows(ctx, "paid") },
		t.Meter.Resume,
		func() error { return t.Shows(ctx, "hired") },
		func() error { return t.Stop(fare + 5000) },
		func() error { return t.Approve(ctx) },
		func() error { return finish(ctx, t) },
	)
}

func correctedDown(ctx context.Context, t *Trip) error {
	var reference string
	return play(
		func() error { return t.Ride(ctx, fare) },
		func() (err error) { reference, err = t.Scan(ctx); return err },
		func() error { return t.Network(vippstest.Refused) },
		t.Meter.Resume,
		func() error { return t.Shows(ctx, "hired") },
		func() error { return t.API.Act(reference, vippstest.Approve, 0) },
		func() error { return t.Stop(fare - 2000) },
		func() error { return t.Shows(ctx, "connecting") },
		func() error { return t.Network(vippstest.Up) },
		func() error { return finish(ctx, t) },
	)
}

func cablePulled(ctx context.Context, t *Trip) error {
	replug := func() error {
		return play(
			t.Pull,
			func() error { return t.meterIs(ctx, "missing") },
			t.Plug,
			func() error { return t.meterIs(ctx, "ok") },
		)
	}
	return play(
		func() error { return t.Board(ctx) },
		replug,
		func() error { return t.Stop(fare) },
		func() error { _, err := t.Scan(ctx); return err },
		replug,
		func() error { return t.Approve(ctx) },
		func() error { return finish(ctx, t) },
	)
}

func (t *Trip) meterIs(ctx context.Context, health string) error {
	return Poll(ctx, Patience, "meter "+health, func() (bool, error) {
		var s struct {
			Meter string `json:"meter"`
		}
		err := t.Daemon.Command(ctx, &s, "status")
		return s.Meter == health, err
	})
}

func cancelledTooLate(ctx context.Context, t *Trip) error {
	// The car learns of the approval only from the refusal of its cancel.
	_, err := t.API.AddFault(vippstest.Fault{Op: vippstest.OpGet, Kind: vippstest.LostResponse, Skip: 1, Times: vippstest.Forever})
	var reference string
	return play(
		func() error { return err },
		func() error { return t.Ride(ctx, fare) },
		func() (err error) { reference, err = t.Scan(ctx); return err },
		func() error { return t.API.Act(reference, vippstest.Approve, 0) },
		func() error { return t.Press(ctx, "cancel") },
		func() error { t.API.RemoveFault(0); return nil },
		func() error { return finish(ctx, t) },
	)
}

func vacantUnpaid(ctx context.Context, t *Trip) error {
	return play(
		func() error { return t.Ride(ctx, fare) },
		func() error { _, err := t.Scan(ctx); return err },
		t.Leave,
		func() error { return t.Shows(ctx, "idle") },
	)
}

func fareAtVacant(ctx context.Context, t *Trip) error {
	return play(
		func() error { return t.Board(ctx) },
		func() error { return errors.Join(t.Meter.SetFare(fare), t.Meter.TimeOff()) },
		func() error { return t.Shows(ctx, "reading") },
		t.Meter.Vacant,
		func() error { return t.Approve(ctx) },
		func() error { return t.Shows(ctx, "paid") },
	)
}

func meterPowerCut(ctx context.Context, t *Trip) error {
	return play(
		func() error { return t.Board(ctx) },
		func() error { t.Meter.PowerOff(); return t.Pull() },
		func() error { return t.meterIs(ctx, "missing") },
		func() error { t.Meter.PowerOn(); return t.Plug() },
		func() error { return t.Shows(ctx, "settled") },
	)
}
