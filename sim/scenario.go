package sim

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"taxiterminal/device/meter"
	"taxiterminal/display/qr"
	"taxiterminal/money"
	"taxiterminal/vipps/vippstest"
)

// Scenario is one trip with what may happen on it, and what must come of it.
type Scenario struct {
	Name    string
	About   string
	Needs   Need           // of the meter
	Options func(*Options) // nil for an ordinary taxi
	Play    func(context.Context, *Trip) error
	Want    Result // without Scenario and Reference
}

// Need is what a scenario needs of the meter, in words.
type Need string

const (
	NeedsNothing Need = ""
	NeedsStop    Need = "a meter that tells the fare at Stopped, and can go on from there"
	NeedsMDT     Need = "a meter of protocol mdt"
)

// ErrNotOffered means that a scenario cannot be played on that meter.
var ErrNotOffered = errors.New("scenario is not offered for this meter")

// Offered is nil if the scenario can be played on such a taxi, and ErrNotOffered with
// what is needed if not.
func (s Scenario) Offered(o Options) error {
	p, err := FindProtocol(o.Meter.Protocol)
	if err != nil {
		return err
	}
	m, err := NewMeter(o.Meter, currencyOf(o))
	if err != nil {
		return err
	}
	meets := map[Need]bool{
		NeedsNothing: true, NeedsStop: m.Tells().Stop, NeedsMDT: p.Name == mdtProtocol.Name,
	}[s.Needs]
	if !meets {
		return fmt.Errorf("%w: %s on %s needs %s", ErrNotOffered, s.Name, p.Name, s.Needs)
	}
	return nil
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

// Watch opens both of the taxi's screens. Close closes them, and nothing else.
func (t *Taxi) Watch() *Trip {
	return &Trip{Taxi: t, Passenger: t.Daemon.Open("/"), Driver: t.Daemon.Open("/driver")}
}

// Close closes the screens.
func (t *Trip) Close() {
	t.Driver.Close()
	t.Passenger.Close()
}

// Patience is how long a step may take. Tries after a lost answer pause for seconds.
const Patience = 40 * time.Second

// Run plays one scenario on a taxi of its own and compares what came of it with what
// must. The result is there even if there is an error.
func (s Scenario) Run(ctx context.Context, o Options) (result Result, err error) {
	result.Scenario = s.Name
	if err := s.Offered(o); err != nil {
		return result, err
	}
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
	t := taxi.Watch()
	defer t.Close()
	if err := s.Play(ctx, t); err != nil {
		return result, err
	}
	if err := t.Settle(ctx); err != nil {
		return result, err
	}
	if result, err = t.Result(ctx); err != nil {
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

// Settle waits until nothing is open any more, in the journal and in the queue.
func (t *Trip) Settle(ctx context.Context) error {
	return Poll(ctx, Patience, "trip settled", func() (bool, error) {
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

// Result is what came of the first trip, by the API's ledger and by the journal.
func (t *Trip) Result(ctx context.Context) (Result, error) {
	j, err := t.journal(ctx)
	if err != nil {
		return Result{}, err
	}
	r := Result{Phase: j.phase()}
	var last Result
	for _, p := range t.Payments() {
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

// Board takes a passenger in.
func (t *Trip) Board(ctx context.Context) error {
	return play(
		func() error { return t.Shows(ctx, "idle") },
		func() error { return t.meterIs(ctx, "ok") }, // a receipt that nobody reads is lost
		t.Meter.Hired,
		func() error { return t.ShowsHired(ctx) },
	)
}

// ShowsHired waits until both screens show that a trip is under way, if the meter
// tells that.
func (t *Trip) ShowsHired(ctx context.Context) error {
	if !t.Meter.Tells().Live {
		return nil
	}
	return t.Shows(ctx, "hired")
}

// Stop lets the meter run up a fare and brings it to where it tells the fare: stopped,
// or for hire with a meter that tells it only then. The amount is set, so that results
// can be compared.
func (t *Trip) Stop(total money.Minor) error {
	err := t.Meter.SetFare(total)
	if stop := t.Meter.TimeOff(); !errors.Is(stop, ErrNoKey) {
		err = errors.Join(err, stop)
	}
	if !t.Meter.Tells().Stop {
		err = errors.Join(err, t.Meter.Vacant())
	}
	return err
}

// Leave lets the passenger out: the meter goes for hire, if it is not already.
func (t *Trip) Leave() error {
	if t.Meter.Reading().Position == meter.ForHire {
		return nil
	}
	return t.Meter.Vacant()
}

// Ride takes a passenger from the kerb to where the fare is told.
func (t *Trip) Ride(ctx context.Context, total money.Minor) error {
	return play(
		func() error { return t.Board(ctx) },
		func() error { return t.Stop(total) },
	)
}

// Shows waits until both screens show a kind of picture.
func (t *Trip) Shows(ctx context.Context, kind string) error {
	for _, s := range []*Screen{t.Passenger, t.Driver} {
		if _, err := s.Await(ctx, Patience, kind, func(html string) bool { return Kind(html) == kind }); err != nil {
			return err
		}
	}
	return nil
}

// Scan waits until the passenger's screen shows the code of the newest payment, as
// the API gave it and with the amount that is asked, and gives its reference.
func (t *Trip) Scan(ctx context.Context) (reference string, err error) {
	_, err = t.Passenger.Await(ctx, Patience, "the code of the newest payment", func(html string) (ok bool) {
		reference, ok = t.Scanned(html)
		return ok
	})
	return reference, err
}

// Scanned is the reference of the newest payment whose code is on a picture of the
// passenger's screen, with its amount.
func (t *Trip) Scanned(html string) (reference string, ok bool) {
	if Kind(html) != "due" {
		return "", false
	}
	for _, p := range slices.Backward(t.Payments()) {
		if p.State != "CREATED" || p.RedirectURL == "" {
			continue
		}
		code, err := qr.Encode(p.RedirectURL)
		if err == nil && strings.Contains(html, code.Path()) {
			return p.Reference, strings.Contains(html, strings.Replace(p.Amount.Decimal(), ".", ",", 1))
		}
	}
	return "", false
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
	return Poll(ctx, Patience, fmt.Sprintf("%s seen by the api", op), func() (bool, error) {
		n := 0
		for _, p := range t.Payments() {
			n += p.Calls[op].Seen
		}
		return n >= times, nil
	})
}
