package control

import (
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"taxiterminal/money"
)

// MeterEvent is what the meter's driver or its serial line has told. Numbers by which
// a trip, a meter or a car could be known are left out.
type MeterEvent struct {
	At     time.Time `json:"at"`
	Kind   EventKind `json:"kind"`
	State  string    `json:"state,omitempty"` // of kinds line, health and position
	Detail string    `json:"detail,omitempty"`
	Hint   string    `json:"hint,omitempty"`
	Resync bool      `json:"resync,omitempty"` // position: read after a gap

	Running *RunningFare `json:"running,omitempty"`
	Record  *MeterRecord `json:"record,omitempty"`

	// Now is set for what was the case before somebody began to listen.
	Now bool `json:"now,omitempty"`
	// Lost is how many events before this one the listener was too slow for.
	Lost int `json:"lost,omitempty"`
}

// EventKind is one of the kinds below.
type EventKind string

const (
	KindLine     EventKind = "line"     // the serial line: a serialport.State
	KindHealth   EventKind = "health"   // the conversation: a meter.HealthState
	KindPosition EventKind = "position" // a meter.Position
	KindRunning  EventKind = "running"
	KindRecord   EventKind = "record"
)

// RunningFare is a provisional amount.
type RunningFare struct {
	Fare        money.Minor `json:"fare"`
	Supplements money.Minor `json:"supplements"`
}

// MeterRecord is a trip record in the meter's own figures.
type MeterRecord struct {
	Final       bool        `json:"final"`
	Total       money.Minor `json:"total"`
	Fare        money.Minor `json:"fare"`
	Supplements money.Minor `json:"supplements,omitempty"`
	Tax         money.Minor `json:"tax,omitempty"`
	Metres      *int64      `json:"metres,omitempty"`
	Tariff      string      `json:"tariff,omitempty"`
	Start       *time.Time  `json:"start,omitempty"`
	Finish      *time.Time  `json:"finish,omitempty"`
	Doubts      []string    `json:"doubts,omitempty"`
}

// Feed hands what the meter tells to whoever watches. The zero Feed is ready.
type Feed struct {
	mu        sync.Mutex
	last      map[EventKind]MeterEvent // of the kinds that say how things are
	listeners map[*listener]struct{}
}

type listener struct {
	events chan MeterEvent
	lost   int
}

const (
	maxListeners  = 8
	listenerQueue = 64 // events; a meter tells a few a second
)

// Tell hands on an event. It never waits: a listener that is slow loses events and is
// told how many.
func (f *Feed) Tell(e MeterEvent) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if e.State != "" {
		f.remember(e)
	}
	for l := range f.listeners {
		e.Lost = l.lost
		select {
		case l.events <- e:
			l.lost = 0
		default:
			l.lost++
		}
	}
}

// remember keeps how things are. A line that is not open leaves nothing that is known
// about the meter.
func (f *Feed) remember(e MeterEvent) {
	if f.last == nil || e.Kind == KindLine {
		f.last = map[EventKind]MeterEvent{}
	}
	f.last[e.Kind] = e
}

// listen gives what is the case now and then everything that is told, until stop is
// called. ok is false if too many listen already.
func (f *Feed) listen() (events <-chan MeterEvent, stop func(), ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.listeners) >= maxListeners {
		return nil, nil, false
	}
	l := &listener{events: make(chan MeterEvent, listenerQueue)}
	for _, kind := range []EventKind{KindLine, KindHealth, KindPosition} {
		if e, there := f.last[kind]; there {
			e.Now = true
			l.events <- e
		}
	}
	if f.listeners == nil {
		f.listeners = map[*listener]struct{}{}
	}
	f.listeners[l] = struct{}{}
	return l.events, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.listeners, l)
	}, true
}

// watchMeter streams the feed, one JSON value a line, until the caller goes away or
// the server ends. A line that is empty says that the stream is alive.
func (s *Server) watchMeter(w http.ResponseWriter, r *http.Request) {
	if s.o.Meter == nil {
		s.answer(w, r, func(*http.Request) (any, error) {
			return nil, &Error{Status: http.StatusNotFound, Message: "there is no meter to watch"}
		})
		return
	}
	events, stop, ok := s.o.Meter.listen()
	if !ok {
		s.answer(w, r, func(*http.Request) (any, error) {
			return nil, &Error{Status: http.StatusServiceUnavailable, Message: "too many watch the meter; end some of them"}
		})
		return
	}
	defer stop()
	w.Header().Set("Content-Type", "application/x-ndjson")
	stream, out := http.NewResponseController(w), json.NewEncoder(w)
	beat := time.NewTicker(streamBeat)
	defer beat.Stop()
	err := stream.Flush()
	for err == nil {
		_ = stream.SetWriteDeadline(time.Now().Add(2 * streamBeat)) // a Unix socket has deadlines
		select {
		case e := <-events:
			err = out.Encode(e)
		case <-beat.C:
			_, err = w.Write([]byte("\n"))
		case <-r.Context().Done():
			return
		case <-s.ended:
			return
		}
		if err == nil {
			err = stream.Flush()
		}
	}
}

// streamBeat finds out that a caller has gone away while the meter is silent.
const streamBeat = 10 * time.Second
