package terminal

import (
	"context"
	"errors"
	"log/slog"
	"reflect"
	"sync"
	"time"

	"taxiterminal/device/meter"
	"taxiterminal/device/vehicle"
	"taxiterminal/display"
	"taxiterminal/money"
	"taxiterminal/outbox"
	"taxiterminal/trip"
	"taxiterminal/trip/receipt"
)

// Config is what a Terminal needs.
type Config struct {
	Vehicle  string // as trip.ValidVehicle wants it
	Currency money.Currency
	Brand    string // "Vipps" or "MobilePay", for the screens
	// Describe gives the text that the passenger's app shows for a trip, 3 to 100
	// characters.
	Describe func(trip string) string
	// Grace is how long a passenger may still approve after the meter went For
	// Hire.
	Grace time.Duration
	// Linger is how long PAID stays on the screen after the meter went For Hire.
	Linger time.Duration
	// Poll is the pause between two looks at a payment that somebody waits for.
	Poll time.Duration
	// Terms hold for trips that begin from now on.
	Terms trip.Terms
	// Tips are the percentages that a passenger can choose from, TipWait how long the
	// choice stands before the code is made without.
	Tips    []int
	TipWait time.Duration
	// Bill says how receipts are made.
	Bill Bill
	// Phones is set where requests may go to phones.
	Phones *Phones
	// Keep is how long a passenger who shared the number is remembered after the
	// last ride.
	Keep time.Duration
	// History is how long trips stay on file after the last thing that happened to
	// them; 0 for ever. Copied says up to which row a copy of the journal is known to be
	// safe elsewhere, and nothing after it goes; nil where no copy is made.
	History time.Duration
	Copied  func() int64
	// FareByHand lets the driver type a fare when the meter is lost.
	FareByHand bool
	// Claims let a passenger's phone carry the fare while the car has no network;
	// nil where nobody would take it.
	Claims Claims
	// Fleet: payments are made by a gateway, which must let this terminal in; see
	// Terminal.Linked. Without Payments it is not enrolled.
	Fleet bool
	// Print prints a receipt, or a copy of it; nil: there is no printer.
	Print func(ctx context.Context, r receipt.Receipt, again bool) error

	Store    *outbox.Store
	Payments Payments           // nil: no merchant keys were found, or not enrolled
	Show     func(display.View) // must not block
	Settled  func(trip.State)   // told whenever a trip is settled; nil for none
	Log      *slog.Logger
}

// Bill says how receipts are made.
type Bill struct {
	Rules receipt.Rules
	// Name is what a passenger reads for a line in the payment app.
	Name func(receipt.Item) string
}

// Phones is how phone numbers are read and shown.
type Phones struct {
	// Parse reads what a person types; the number is the country code and the number
	// in digits. Its error must not quote the number.
	Parse func(text string) (msisdn string, err error)
	// Mask is what may be shown of a number.
	Mask func(msisdn string) string
}

// Terminal is the car's side of the payment. Create it with New, then Run it.
type Terminal struct {
	cfg   Config
	log   *slog.Logger
	store *outbox.Store

	inbox   chan func()
	ended   chan struct{} // closed when the loop no longer takes anything
	workers sync.WaitGroup
	ctx     context.Context // Run's

	// Everything below belongs to the loop.
	stopping bool
	rides    map[int64]*ride // all that are not closed, by stream
	current  *ride           // the one that the meter is on
	shown    *ride           // the last one, once the meter has left it
	recent   []*ride         // newest first, for the driver's list

	meter   meterState
	network network
	own     own   // what belongs to no trip
	book    *book // the passengers who shared their number
	clock   vehicle.Clock
	printed map[string]bool // trips whose receipt was printed
	backlog []pending       // what the meter said and could not be committed yet
	broken  map[int64]error
	disk    error          // why the outbox cannot be written now
	damaged error          // what of it was found damaged since the start
	notice  display.Notice // about something else than the shown trip
	view    display.View
}

// New reads what was open when the last process ended and stands where it stood. It
// does nothing on the network.
func New(ctx context.Context, cfg Config) (*Terminal, error) {
	t := &Terminal{
		cfg: cfg, log: cfg.Log, store: cfg.Store,
		inbox: make(chan func(), 256), ended: make(chan struct{}),
		rides: map[int64]*ride{}, broken: map[int64]error{},
	}
	if t.cfg.Settled == nil {
		t.cfg.Settled = func(trip.State) {}
	}
	t.book, t.printed = newBook(), map[string]bool{}
	t.meter.line = display.HealthStarting
	t.network.state = display.NetworkUnknown
	if err := t.recover(ctx); err != nil {
		return nil, err
	}
	return t, nil
}

// Run works until ctx ends, then lets what is being sent come to its end and
// returns. It shows the first view at once.
func (t *Terminal) Run(ctx context.Context) error {
	t.ctx = ctx
	quiet := make(chan struct{})
	go func() {
		<-ctx.Done()
		t.do(func() { t.stopping = true })
		t.workers.Wait() // their outcomes are still recorded
		close(quiet)
	}()
	t.post(func() {
		t.work(func(ctx context.Context) { _ = t.store.Run(ctx, t.deliver) })
		t.startProbe(0)
		t.work(t.sweep)
		t.resume()
	})
	t.loop(quiet)
	return ctx.Err()
}

// work runs f beside the loop until it returns; its context ends with Run's, or
// when the given function is called. It is called on the loop only.
func (t *Terminal) work(f func(context.Context)) context.CancelFunc {
	if t.stopping || t.ctx == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(t.ctx)
	t.workers.Go(func() {
		defer cancel()
		f(ctx)
	})
	return cancel
}

// refreshEvery is how often views that contain an age are made anew, and how often
// a commit that failed is tried again. Where nothing ages, nothing ticks.
const refreshEvery = time.Second

// loop is the goroutine that owns the trips.
func (t *Terminal) loop(quiet <-chan struct{}) {
	defer close(t.ended)
	tick := time.NewTimer(refreshEvery)
	defer tick.Stop()
	for ticking := true; ; {
		t.refresh()
		if !ticking && t.ageing() {
			tick.Reset(refreshEvery)
			ticking = true
		}
		select {
		case f := <-t.inbox:
			f()
		case <-tick.C:
			ticking = false
			t.retryBacklog()
		case <-quiet:
			t.stopTimers()
			return
		}
	}
}

// ageing: something waits, on the screen or to be written.
func (t *Terminal) ageing() bool {
	return t.disk != nil || len(t.backlog) > 0 || t.store.Depth().Pending > 0
}

// refresh shows the present state if it differs from what is shown.
func (t *Terminal) refresh() {
	v := t.makeView(time.Now())
	if !reflect.DeepEqual(v, t.view) {
		t.view = v
		t.cfg.Show(v)
	}
}

// post lets f run on the loop some time later. It blocks only while the loop is
// far behind, and drops f once the terminal has ended.
func (t *Terminal) post(f func()) {
	select {
	case t.inbox <- f:
	case <-t.ended:
	}
}

// do lets f run on the loop and waits for it. It is false if the terminal has ended
// and f did not run.
func (t *Terminal) do(f func()) bool {
	done := make(chan struct{})
	t.post(func() { f(); close(done) })
	select {
	case <-done:
		return true
	case <-t.ended:
		select {
		case <-done:
			return true
		default:
			return false
		}
	}
}

// Meter takes what the driver of the meter tells. It is the driver's sink.
func (t *Terminal) Meter(e meter.Event) { t.post(func() { t.meterEvent(e) }) }

// Line takes the state of the serial line below the meter's driver: one of the
// display's healths, HealthOK for an open line.
func (t *Terminal) Line(h display.Health) { t.post(func() { t.lineState(h) }) }

// Alive returns nil when the loop, the delivery and the outbox answer within the
// context's time, whatever they answer.
func (t *Terminal) Alive(ctx context.Context) error {
	_, err := t.disked(ctx)
	if err != nil {
		return err
	}
	if err := t.store.Ping(ctx); err != nil && ctx.Err() != nil {
		return err
	}
	return nil
}

// Healthy is Alive, and that everything can be recorded.
func (t *Terminal) Healthy(ctx context.Context) error {
	disk, err := t.disked(ctx)
	return errors.Join(err, disk, t.store.Ping(ctx))
}

// disked asks the loop why the outbox cannot be written; err says that it did not
// answer.
func (t *Terminal) disked(ctx context.Context) (disk, err error) {
	answered := make(chan error, 1)
	ask := func() { answered <- t.disk }
	select {
	case t.inbox <- ask:
	case <-t.ended:
		return nil, errEnded
	case <-ctx.Done():
		return nil, errLoopStuck
	}
	select {
	case disk = <-answered:
		return disk, nil
	case <-t.ended:
		return nil, errEnded
	case <-ctx.Done():
		return nil, errLoopStuck
	}
}
