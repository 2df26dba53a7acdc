package link

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"taxiterminal/outbox"
)

// Journal is the car's own journal; *outbox.Store is one.
type Journal interface {
	// Names are what the file was called, part after part; see outbox.Restore.
	Names() []outbox.Name
	Since(ctx context.Context, seq int64, n int) ([]outbox.Link, error)
}

// UplinkOptions say what to do on the way.
type UplinkOptions struct {
	Version string         // of the program, for people at the gateway
	Welcome func(Settings) // is told the operator's settings at every connection; nil for none
	Log     *slog.Logger   // nil: nothing is logged
}

// Window is how many rows are under way at once.
const Window = 64

const (
	// idleLook is how often the journal is looked at without being woken.
	idleLook = 30 * time.Second
	ackWait  = 15 * time.Second
	retryMin = time.Second
	retryMax = time.Minute
	// brokenPause is how often a gateway that does not accept this journal is asked
	// again; only a person can change that.
	brokenPause = 10 * time.Minute
)

// Uplink copies the car's journal to the gateway.
type Uplink struct {
	car     *Car
	journal Journal
	o       UplinkOptions
	wake    chan struct{}

	mu     sync.Mutex
	status UplinkStatus
}

// UplinkStatus is how far the copy is.
type UplinkStatus struct {
	Known    int64 // the gateway has all rows up to this one
	Verified int64 // and has said that it has verified those up to this one
	Broken   bool  // what the gateway has is not this journal, or lacks what was pruned: a person must look
	Err      error // why the copy does not go on; nil while it does
}

// NewUplink makes one. Run copies.
func NewUplink(car *Car, j Journal, o UplinkOptions) *Uplink {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Uplink{car: car, journal: j, o: o, wake: make(chan struct{}, 1)}
}

// Wake says that the journal has grown. It never blocks, so that it can be called
// from outbox.Options.OnCommit.
func (u *Uplink) Wake() {
	select {
	case u.wake <- struct{}{}:
	default:
	}
}

// Status is how far the copy is.
func (u *Uplink) Status() UplinkStatus {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.status
}

// Run copies until ctx ends. Whatever goes wrong on the way is tried again; it costs
// the car nothing but the wait.
func (u *Uplink) Run(ctx context.Context) error {
	for pause := retryMin; ctx.Err() == nil; {
		session, changed := u.car.next()
		if session == nil {
			select {
			case <-changed:
			case <-ctx.Done():
			}
			continue
		}
		before := u.Status().Known
		err := u.copy(ctx, session)
		if ctx.Err() != nil {
			break
		}
		if u.Status().Known > before {
			pause = retryMin
		}
		wait := pause
		if forPerson(err) {
			wait = brokenPause
		}
		u.failed(err)
		pause = min(2*pause, retryMax)
		select {
		case <-time.After(wait):
		case <-session: // a new connection is a new chance
			pause = retryMin
		case <-ctx.Done():
		}
	}
	return ctx.Err()
}

var (
	errBroken = errors.New("the gateway's copy is not of this journal; the office must look at it")
	errGone   = errors.New("the gateway lacks rows that are too old to be in this car; the office must look at it")
)

func forPerson(err error) bool { return errors.Is(err, errBroken) || errors.Is(err, errGone) }

func (u *Uplink) failed(err error) {
	u.mu.Lock()
	u.status.Err, u.status.Broken = err, forPerson(err)
	u.mu.Unlock()
	if forPerson(err) {
		u.o.Log.Error("journal is not copied", "err", err)
		return
	}
	u.o.Log.Warn("journal copy waits", "err", err)
}

func (u *Uplink) reached(seq int64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.status = UplinkStatus{Known: seq, Verified: u.status.Verified}
}

func (u *Uplink) verified(seq int64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.status.Verified = seq
}

// part is the rows of the journal that have one name: those after a row up to last.
type part struct {
	name        string
	after, last int64
}

// parts are one, unless the file was put back from a backup: then each part is a
// journal of its own to the gateway, that goes on from a row of the one before.
func (u *Uplink) parts() []part {
	var list []part
	for _, n := range u.journal.Names() {
		if len(list) > 0 {
			list[len(list)-1].last = n.After
		}
		list = append(list, part{n.ID, n.After, math.MaxInt64})
	}
	return list
}

// copy sends part after part, and goes on with the last one as long as the connection
// lasts. What is wrong with a part that is over keeps no other from being copied.
func (u *Uplink) copy(ctx context.Context, session chan struct{}) error {
	nc, _ := u.car.current()
	js, err := jetstream.New(nc, jetstream.WithPublishAsyncMaxPending(2*Window), jetstream.WithPublishAsyncTimeout(ackWait))
	if err != nil {
		return fmt.Errorf("journal copy: %w", err)
	}
	defer js.CleanupPublisher()
	whole := true // the gateway has said that it has verified all parts before this one
	for _, p := range u.parts() {
		var at int64
		at, err = u.meet(ctx, p)
		if err == nil && whole {
			u.verified(at)
		}
		whole = whole && err == nil && at >= p.last
		if err == nil {
			err = u.copyPart(ctx, session, js, p, at)
		}
		if err != nil && !(forPerson(err) && p.last < math.MaxInt64) {
			return err
		}
	}
	return err
}

// copyPart copies what comes after at. It returns when the whole part is at the gateway,
// which the last one never is.
func (u *Uplink) copyPart(ctx context.Context, session chan struct{}, js jetstream.JetStream, p part, at int64) error {
	look := time.NewTicker(idleLook)
	defer look.Stop()
	for {
		u.reached(at)
		if at >= p.last {
			return nil
		}
		links, err := u.journal.Since(ctx, at, int(min(Window, p.last-at)))
		if err != nil {
			return fmt.Errorf("journal copy: %w", err)
		}
		if len(links) > 0 {
			at, err = u.send(ctx, js, p.name, at, links)
			if err != nil {
				u.reached(at)
				return err
			}
			continue
		}
		select {
		case <-u.wake:
		case <-look.C:
		case <-session:
			return errLinkLost
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// meet asks what the gateway has of a part, and makes sure that it is this journal.
func (u *Uplink) meet(ctx context.Context, p part) (seq int64, err error) {
	w, err := u.car.Hello(ctx, Hello{File: p.name, Version: u.o.Version})
	if err != nil {
		return 0, err
	}
	if u.o.Welcome != nil {
		u.o.Welcome(w.Settings)
	}
	k := w.Known
	switch {
	case k.Seq >= p.last: // it has more of it than the backup had
		return p.last, nil
	case k.Broken, k.Seq < 0:
		return 0, errBroken
	case k.Seq == 0:
		return p.after, nil
	}
	own, err := u.journal.Since(ctx, k.Seq-1, 1)
	switch {
	case err != nil:
		return 0, fmt.Errorf("journal copy: %w", err)
	case len(own) == 1 && own[0].Seq > k.Seq:
		return 0, errGone
	case len(own) == 0 || string(own[0].Hash[:]) != string(k.Hash):
		return 0, errBroken // an older file was put back by hand, or its rows were changed
	}
	return k.Seq, nil
}

// send publishes rows in their order, the first of them the one after at, and gives the
// last one up to which all are stored. After a failure it waits for the rest of them, so that never more than a
// window is out of order.
func (u *Uplink) send(ctx context.Context, js jetstream.JetStream, name string, at int64, links []outbox.Link) (int64, error) {
	var acks []jetstream.PubAckFuture
	for i, l := range links {
		if l.Seq != at+1+int64(i) {
			return u.settle(ctx, at, acks, errGone)
		}
		r := RowOf(name, l)
		msg := nats.NewMsg(JournalSubject(u.car.Terminal()))
		msg.Data = r.Encode()
		// Not tried again by itself, which would change the order.
		ack, err := js.PublishMsgAsync(msg, jetstream.WithMsgID(RowID(r)), jetstream.WithExpectStream(Stream), jetstream.WithRetryAttempts(0))
		if err != nil {
			return u.settle(ctx, at, acks, fmt.Errorf("journal row %d send: %w", l.Seq, err))
		}
		acks = append(acks, ack)
	}
	return u.settle(ctx, at, acks, nil)
}

// settle waits for all acknowledgements and counts those before the first that failed.
func (u *Uplink) settle(ctx context.Context, at int64, acks []jetstream.PubAckFuture, failed error) (int64, error) {
	whole := true
	for _, ack := range acks {
		select {
		case <-ack.Ok():
			if whole {
				at++
			}
		case err := <-ack.Err():
			if whole {
				failed = fmt.Errorf("journal row %d send: %w", at+1, err)
			}
			whole = false
		case <-ctx.Done():
			return at, ctx.Err()
		}
	}
	return at, failed
}
