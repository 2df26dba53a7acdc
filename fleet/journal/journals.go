package journal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"taxiterminal/fleet/link"
	"taxiterminal/outbox"
	"taxiterminal/trip"
)

// Config is what Journals needs.
type Config struct {
	JS jetstream.JetStream
	// Keep is how long trips are in memory; 0 is 400 days, so that a year can be
	// reported and refunds, which the API takes for a year, are seen.
	Keep time.Duration
	// Bound says whether a terminal is or was in a vehicle; nil for always. The error
	// is that nobody can say now: the journals are read anew a little later.
	Bound func(terminal, vehicle string) (bool, error)
	// Alarm is told when something becomes wrong with a journal; nil for nobody. It
	// is told again after every start, and must not call Journals.
	Alarm func(Alarm)
	Log   *slog.Logger // nil: nothing is logged
}

// Alarm is something that a person must look at.
type Alarm struct {
	Kind     AlarmKind
	Terminal string
	File     string
	Seq      int64
}

// AlarmKind is the closed set of what can be wrong.
type AlarmKind string

const (
	Broken     AlarmKind = "broken"     // row Seq does not follow from the rows before it
	Missing    AlarmKind = "missing"    // rows from Seq on are not there, and too many after them
	Unreadable AlarmKind = "unreadable" // a row is none, or of an event that this version does not know
	TooMany    AlarmKind = "too_many"   // more files than one terminal can have
)

// Journals are the copies of all cars. Methods may be called from several goroutines.
type Journals struct {
	cfg Config
	log *slog.Logger

	mu    sync.RWMutex
	books *books // what queries see
	ready chan struct{}
	once  sync.Once

	watch   sync.Mutex
	watched map[string]chan struct{} // by vehicle, see Changed
}

const keep = 400 * 24 * time.Hour

// New makes empty ones; Run fills them.
func New(cfg Config) *Journals {
	j := &Journals{cfg: cfg, log: cfg.Log, ready: make(chan struct{}), watched: map[string]chan struct{}{}}
	if j.log == nil {
		j.log = slog.New(slog.DiscardHandler)
	}
	if j.cfg.Keep == 0 {
		j.cfg.Keep = keep
	}
	if j.cfg.Bound == nil {
		j.cfg.Bound = func(string, string) (bool, error) { return true, nil }
	}
	j.books = newBooks(j)
	return j
}

// Ready is closed when everything that was in the stream at the start has been read.
func (j *Journals) Ready() <-chan struct{} { return j.ready }

// readAhead is how many rows are on their way from the stream at once.
const readAhead = 5000

const restartPause = 2 * time.Second

// Run reads the stream until ctx ends. If reading breaks off it starts anew from the
// beginning, and queries see the old copy until the new one is complete.
func (j *Journals) Run(ctx context.Context) error {
	for {
		err := j.read(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		j.log.Error("journals are read anew", "err", err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(restartPause):
		}
	}
}

func (j *Journals) read(ctx context.Context) error {
	stream, err := j.cfg.JS.Stream(ctx, link.Stream)
	if err != nil {
		return fmt.Errorf("journal stream: %w", err)
	}
	info, err := stream.Info(ctx)
	if err != nil {
		return fmt.Errorf("journal stream: %w", err)
	}
	b := newBooks(j)
	b.reload = func(ctx context.Context, seqs []uint64) (trip.State, error) { return reload(ctx, stream, seqs) }
	if info.State.Msgs == 0 {
		j.show(b)
	}
	consumer, err := stream.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{FilterSubjects: []string{link.AllJournals}})
	if err != nil {
		return fmt.Errorf("journal read: %w", err)
	}
	messages, err := consumer.Messages(jetstream.PullMaxMessages(readAhead))
	if err != nil {
		return fmt.Errorf("journal read: %w", err)
	}
	defer context.AfterFunc(ctx, messages.Stop)()
	defer messages.Stop()
	return j.follow(ctx, b, messages, info.State.LastSeq)
}

// follow takes row after row. The copy is shown once it has reached last.
func (j *Journals) follow(ctx context.Context, b *books, messages jetstream.MessagesContext, last uint64) error {
	for shown := false; ; {
		m, err := messages.Next()
		if err != nil {
			return fmt.Errorf("journal read: %w", err)
		}
		meta, err := m.Metadata()
		if err != nil {
			return fmt.Errorf("journal read: %w", err)
		}
		j.mu.Lock()
		err = b.take(ctx, m.Subject(), m.Data(), meta.Sequence.Stream, meta.Timestamp)
		j.mu.Unlock()
		if err != nil {
			return err
		}
		if !shown && (meta.Sequence.Stream >= last || meta.NumPending == 0) {
			shown = true
			j.show(b)
		}
	}
}

func (j *Journals) show(b *books) {
	j.mu.Lock()
	j.books = b
	j.mu.Unlock()
	j.once.Do(func() { close(j.ready) })
}

// reload folds a trip from its rows in the stream.
func reload(ctx context.Context, stream jetstream.Stream, seqs []uint64) (s trip.State, err error) {
	entries, err := rows(ctx, stream, seqs)
	for _, e := range entries {
		if err == nil {
			s, err = trip.Replay(s, e.At, e.Kind, e.Body)
		}
	}
	return s, err
}

func rows(ctx context.Context, stream jetstream.Stream, seqs []uint64) ([]outbox.Link, error) {
	var list []outbox.Link
	for _, seq := range seqs {
		m, err := stream.GetMsg(ctx, seq)
		if err != nil {
			return nil, fmt.Errorf("journal row read: %w", err)
		}
		r, err := link.DecodeRow(m.Data)
		if err != nil {
			return nil, fmt.Errorf("journal row read: %w", err)
		}
		list = append(list, r.Entry())
	}
	return list, nil
}

// ErrNoTrip: there is none by this name.
var ErrNoTrip = errors.New("no such trip")

// Trip reads one trip and everything that happened to it, from the stream. reference
// is the trip's or that of one of its payments. It is ErrNoTrip if there is none.
func (j *Journals) Trip(ctx context.Context, reference string) (trip.State, []outbox.Link, error) {
	j.mu.RLock()
	seqs, ok := j.books.rowsOf(reference)
	j.mu.RUnlock()
	if !ok {
		return trip.State{}, nil, ErrNoTrip
	}
	stream, err := j.cfg.JS.Stream(ctx, link.Stream)
	if err != nil {
		return trip.State{}, nil, fmt.Errorf("journal stream: %w", err)
	}
	entries, err := rows(ctx, stream, seqs)
	if err != nil {
		return trip.State{}, nil, err
	}
	var s trip.State
	for _, e := range entries {
		if s, err = trip.Replay(s, e.At, e.Kind, e.Body); err != nil {
			return s, entries, fmt.Errorf("journal row %d: %w", e.Seq, err)
		}
	}
	return s, entries, nil
}
