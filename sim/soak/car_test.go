package soak

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing/synctest"
	"time"

	"taxiterminal/device/meter"
	"taxiterminal/display"
	"taxiterminal/money"
	"taxiterminal/outbox"
	"taxiterminal/terminal"
	"taxiterminal/trip"
	"taxiterminal/trip/receipt"
	"taxiterminal/vipps"
	"taxiterminal/vipps/vippstest"
)

// process is the car's program from one start to its end.
type process struct {
	gates *gates
	store *outbox.Store
	term  *terminal.Terminal
	stop  context.CancelFunc
	// unread: something was committed that the auditor has not seen.
	unread atomic.Bool
	runs   sync.WaitGroup // the terminal, and whoever waits for its answer
}

// powerOn starts a process on the file as the last one left it.
func (l *life) powerOn() {
	p := &process{gates: &gates{}}
	store, err := outbox.Open(context.Background(), filepath.Join(l.dir, "outbox.db"), outbox.Options{
		Key: bytes.Repeat([]byte{7}, outbox.KeySize), Backoff: steps,
		OnCommit: func(_ time.Duration, err error) {
			if err == nil {
				p.unread.Store(true)
				p.gates.pass(context.Background(), "commit")
			}
		},
	})
	l.must(err)
	p.store = store
	if l.file == "" { // the same for life, and read by whatever the gateway still does
		l.file = store.ID()
	}
	l.acknowledged(store)
	l.uncertain(store)
	cfg := l.config(p)
	p.term, err = terminal.New(context.Background(), cfg)
	l.must(err)
	ctx, cancel := context.WithCancel(context.Background())
	p.stop = cancel
	p.runs.Go(func() { _ = p.term.Run(ctx) })
	l.car = p
	l.tell("power on")
	for number, s := range l.audit.trips {
		_, open := s.Live()
		if taken := open || s.Held()+s.Otherwise > 0; taken && s.Position != trip.ForHire && l.meter.position != meter.ForHire {
			l.truth.lights(number, l.meter.ride)
		}
	}
	l.meter.reconnect(l)
}

// steps is the outbox's own back-off without chance: no two lanes at the same moment.
func steps(n int) time.Duration {
	return min(2*time.Second<<min(n-1, 5), time.Minute) + time.Duration(n)*7*time.Millisecond
}

func (l *life) config(p *process) terminal.Config {
	var payments terminal.Payments = linked{l, p.gates}
	if !l.habits.fleet {
		payments = l.client(&wire{l: l, gates: p.gates, inner: l.api.Transport()})
	}
	cfg := terminal.Config{
		Vehicle: "T122", Currency: money.NOK, Brand: "Vipps",
		Describe: func(n string) string { return "Taxi T122, tur " + n },
		Grace:    2*time.Minute + 1709*time.Microsecond, Linger: 10*time.Second + 2503*time.Microsecond, Poll: time.Second + 3299*time.Microsecond,
		TipWait: 20*time.Second + 4391*time.Microsecond, Keep: 365 * 24 * time.Hour,
		Terms: l.habits.terms, Tips: []int{5, 10, 15}, FareByHand: l.habits.fareByHand,
		Phones:   &terminal.Phones{Parse: parsePhone, Mask: func(string) string { return "…" }},
		Bill:     terminal.Bill{Rules: receipt.Rules{Country: receipt.Norway}, Name: func(i receipt.Item) string { return "line " + string(i) }},
		Store:    p.store,
		Payments: payments, Fleet: l.habits.fleet,
		Show: func(v display.View) {
			if p.gates.powered() {
				l.shows(v)
			}
		},
		Log: slog.New(slog.DiscardHandler),
	}
	if l.habits.fleet {
		cfg.Claims = &claims{p: p, made: map[string]string{}}
	}
	return cfg
}

// client calls the API with the merchant's keys.
func (l *life) client(w *wire) *vipps.Client {
	client, err := vipps.New(vipps.Config{
		BaseURL: "http://127.0.0.1", MSN: vippstest.DefaultMSN, ClientID: vippstest.DefaultClientID,
		ClientSecret:    vipps.NewSecret(vippstest.DefaultClientSecret),
		SubscriptionKey: vipps.NewSecret(vippstest.DefaultSubscriptionKey),
		System:          vipps.System{Name: "taxi-terminal", Version: "soak", PluginName: "direct", PluginVersion: "soak"},
		Transport:       w,
	})
	l.must(err)
	return client
}

func parsePhone(text string) (string, error) {
	if text == vippstest.DefaultPassenger.Phone {
		return text, nil
	}
	return "", errors.New("not a number")
}

// powerCut drops everything that is not on the disk. The process that lost its power
// is led to its end on the old file, where nothing that it does matters.
func (l *life) powerCut() {
	synctest.Wait()
	l.reads(l.car.store)
	l.tell("power cut, waiting: %s", strings.Join(l.car.gates.waiting(), ", "))
	dir := filepath.Join(filepath.Dir(l.dir), "life"+string(rune('a'+l.cuts%2)))
	l.must(os.Mkdir(dir, 0o700))
	for _, name := range []string{"outbox.db", "outbox.db-wal"} {
		l.must(copyFile(filepath.Join(dir, name), filepath.Join(l.dir, name)))
	}
	l.powerDown()
	l.must(os.RemoveAll(l.dir))
	l.dir = dir
	l.cuts++
}

func (l *life) powerDown() {
	p := l.car
	p.gates.cut()
	p.stop()
	p.runs.Wait()
	l.must(p.store.Close())
	l.car = nil
}

// acknowledged: all that was seen on the disk is still there.
func (l *life) acknowledged(store *outbox.Store) {
	if end := store.End(); end != l.audit.end {
		l.broken("the file ends with row %d after a power cut, row %d was committed", end.Seq, l.audit.end.Seq)
	}
}

// uncertain notes what was open at a start: rule 6.
func (l *life) uncertain(store *outbox.Store) {
	open, err := store.List(context.Background(), outbox.Filter{Open: true})
	l.must(err)
	l.sent.mu.Lock()
	defer l.sent.mu.Unlock()
	clear(l.sent.unproved)
	for _, c := range open {
		switch c.Kind {
		case "create", "capture", "cancel", "refund":
			reference, _, _ := strings.Cut(c.Key, "-"+c.Kind+"-")
			l.sent.unproved[c.Key] = reference
		}
	}
}

func copyFile(to, from string) error {
	src, err := os.Open(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(dst, src)
	return errors.Join(err, dst.Close())
}
