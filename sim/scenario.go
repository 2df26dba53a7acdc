package sim

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"taxiterminal/display/qr"
	"taxiterminal/money"
	"taxiterminal/vipps/vippstest"
)

// Scenario is one trip with what may happen on it, and what must come of it.
type Scenario struct {
	Name    string
	About   string
	Options func(*Options) // nil for an ordinary taxi
	Play    func(context.Context, *Trip) error
	Want    Result // without Scenario and Reference
}

// Result is what came of a trip, as the payment API's own ledger has it. Amounts are
// minor units, summed over the payments that were approved, or of the last payment if
// none was.
type Result struct {
	Scenario   string      `json:"scenario"`
	Asked      money.Minor `json:"asked"`
	Authorized money.Minor `json:"authorized"`
	Captured   money.Minor `json:"captured"`
	Captures   int         `json:"captures"` // that had their effect
	Refunded   money.Minor `json:"refunded,omitempty"`
	Reference  string      `json:"reference"`
	Phase      string      `json:"phase"` // paid, otherwise:cash, ...: as the terminal's journal has it
}

// Trip is a taxi while a scenario is played on it.
type Trip struct {
	*Taxi
	Passenger *Screen
	Driver    *Screen
}

// patience is how long a step may take. Tries after a lost answer pause for seconds.
const patience = 40 * time.Second

// Play runs one scenario on a taxi of its own and compares what came of it with what
// must. The result is there even if there is an error.
func (s Scenario) Run(ctx context.Context, o Options) (result Result, err error) {
	result.Scenario = s.Name
	o.Meter.PerSecond, o.Meter.Speed = 30, 14
	if s.Options != nil {
		s.Options(&o)
	}
	taxi, err := New(o)
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, taxi.Close()) }()
	if err := taxi.Daemon.Start(ctx); err != nil {
		return result, err
	}
	t := &Trip{Taxi: taxi, Passenger: taxi.Daemon.Open("/"), Driver: taxi.Daemon.Open("/driver")}
	defer t.Driver.Close()
	defer t.Passenger.Close()
	if err := s.Play(ctx, t); err != nil {
		return result, err
	}
	if err := t.settle(ctx); err != nil {
		return result, err
	}
	if result, err = t.result(ctx); err != nil {
		return result, err
	}
	result.Scenario = s.Name
	want := s.Want
	want.Scenario, want.Reference = s.Name, result.Reference
	if result != want {
		return result, fmt.Errorf("came to %+v, want %+v", result, want)
	}
	return result, taxi.API.Check()
}

// journal is what taxiterm trips show prints, as far as it is needed here.
type journal struct {
	Phase      string `json:"phase"`
	Settlement string `json:"settlement"`
	Means      string `json:"means"`
	Attempts   []struct {
		State      string      `json:"state"`
		Reference  string      `json:"reference"`
		Authorized money.Minor `json:"authorized"`
		Captured   money.Minor `json:"captured"`
		Cancelled  money.Minor `json:"cancelled"`
	} `json:"attempts"`
}

func (j journal) phase() string {
	switch {
	case j.Settlement == "otherwise":
		return j.Settlement + ":" + j.Means
	case j.Settlement != "":
		return j.Settlement
	}
	return j.Phase
}

// open is true while something may still come of an attempt.
func (j journal) open() bool {
	for _, a := range j.Attempts {
		switch a.State {
		case "requested", "created", "releasing":
			return true
		}
		if a.Authorized > a.Captured+a.Cancelled {
			return true
		}
	}
	return j.Settlement == ""
}

// settle waits until nothing is open any more, in the journal and in the queue.
func (t *Trip) settle(ctx context.Context) error {
	return poll(ctx, patience, "trip settled", func() (bool, error) {
		j, err := t.journal(ctx)
		if err != nil || j.open() {
			return false, err
		}
		var commands []any
		err = t.Daemon.Command(ctx, &commands, "outbox", "list")
		return len(commands) == 0, err
	})
}

func (t *Trip) journal(ctx context.Context) (j journal, err error) {
	return j, t.Daemon.Command(ctx, &j, "trips", "show", "1")
}

func (t *Trip) result(ctx context.Context) (Result, error) {
	j, err := t.journal(ctx)
	if err != nil {
		return Result{}, err
	}
	r := Result{Phase: j.phase()}
	var last Result
	for _, p := range t.API.Payments() {
		n := p.Calls[vippstest.OpCapture].Executed
		last = Result{Asked: p.Amount, Reference: p.Reference}
		if p.Authorized == 0 && n == 0 {
			continue
		}
		r.Asked += p.Amount
		r.Authorized += p.Authorized
		r.Captured += p.Captured
		r.Captures += n
		r.Refunded += p.Refunded
		r.Reference = p.Reference
	}
	if r.Asked == 0 {
		r.Asked, r.Reference = last.Asked, last.Reference
	}
	return r, nil
}

// Stop lets the meter run up a fare and stops it. The amount is set, so that results
// can be compared.
func (t *Trip) Stop(total money.Minor) error {
	return errors.Join(t.Meter.SetFare(total), t.Meter.TimeOff())
}

// Ride takes a passenger from the kerb to the stop.
func (t *Trip) Ride(ctx context.Context, total money.Minor) error {
	if err := t.Shows(ctx, "idle"); err != nil {
		return err
	}
	if err := t.Meter.Hired(); err != nil {
		return err
	}
	if err := t.Shows(ctx, "hired"); err != nil {
		return err
	}
	return t.Stop(total)
}

// Shows waits until both screens show a kind of picture.
func (t *Trip) Shows(ctx context.Context, kind string) error {
	for _, s := range []*Screen{t.Passenger, t.Driver} {
		if _, err := s.Await(ctx, patience, kind, func(html string) bool { return Kind(html) == kind }); err != nil {
			return err
		}
	}
	return nil
}

// Scan waits until the passenger's screen shows the code of the newest payment, as
// the API gave it and with the amount that is asked, and gives its reference.
func (t *Trip) Scan(ctx context.Context) (reference string, err error) {
	_, err = t.Passenger.Await(ctx, patience, "the code of the newest payment", func(html string) bool {
		payments := t.API.Payments()
		if len(payments) == 0 {
			return false
		}
		p := payments[len(payments)-1]
		if p.State != "CREATED" || p.RedirectURL == "" {
			return false
		}
		code, err := qr.Encode(p.RedirectURL)
		if err != nil || Kind(html) != "due" || !strings.Contains(html, code.Path()) {
			return false
		}
		reference = p.Reference
		return strings.Contains(html, strings.Replace(p.Amount.Decimal(), ".", ",", 1))
	})
	return reference, err
}

// Approve scans the code on the screen and approves.
func (t *Trip) Approve(ctx context.Context) error { return t.scanAnd(ctx, vippstest.Approve) }

// Reject scans the code on the screen and says no.
func (t *Trip) Reject(ctx context.Context) error { return t.scanAnd(ctx, vippstest.Reject) }

func (t *Trip) scanAnd(ctx context.Context, a vippstest.Action) error {
	reference, err := t.Scan(ctx)
	if err != nil {
		return err
	}
	return t.API.Act(reference, a, 0)
}

// Press does what one of the driver's buttons does.
func (t *Trip) Press(ctx context.Context, action string) error {
	return t.Daemon.Command(ctx, nil, "pay", action)
}

// Restart pulls the plug of the daemon and starts it again.
func (t *Trip) Restart(ctx context.Context) error {
	return errors.Join(t.Daemon.Kill(), t.Daemon.Start(ctx))
}

// Seen waits until the API has seen a call so many times.
func (t *Trip) Seen(ctx context.Context, op vippstest.Op, times int) error {
	return poll(ctx, patience, fmt.Sprintf("%s seen by the api", op), func() (bool, error) {
		n := 0
		for _, p := range t.API.Payments() {
			n += p.Calls[op].Seen
		}
		return n >= times, nil
	})
}
