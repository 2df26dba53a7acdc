package webhook

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"time"

	"taxiterminal/vipps"
)

// Pattern is where a Receiver is mounted on an http.ServeMux.
const Pattern = "POST /webhook/{msn}"

// Address is the address to register for a sales unit, below the gateway's own.
func Address(base, msn string) string { return strings.TrimRight(base, "/") + "/webhook/" + msn }

// Registration is where the API posts events, and the secret that it signs with.
type Registration struct {
	MSN    string
	ID     string
	URL    string
	Events []string
	Secret vipps.Secret
}

// Store keeps events. A duplicate, known by its message id, is kept once.
type Store interface {
	Put(ctx context.Context, msgID string, e Event) (duplicate bool, err error)
}

// Config is what a Receiver needs.
type Config struct {
	// Registrations are those whose secrets are known, of one sales unit.
	Registrations func(ctx context.Context, msn string) ([]Registration, error)
	Store         Store
	// Hint is given what is stored, and must be quick: a check-in once at most, a
	// payment at least once. It decides whose the reference is, and ignores others.
	Hint func(Event)
	// Window is how far the sender's date may be off this machine's clock; a day if 0.
	Window time.Duration
	// Observe counts; nil for none. skew is this machine's clock less the sender's,
	// the way of the request included; zero where nothing was verified.
	Observe func(o Outcome, skew time.Duration)
	Log     *slog.Logger
	Now     func() time.Time // time.Now if nil
}

// Outcome is what became of a request.
type Outcome string

const (
	Stored       Outcome = "stored"
	Duplicate    Outcome = "duplicate"     // stored before
	NotSigned    Outcome = "not_signed"    // 401, the signature is missing or does not fit
	OutOfWindow  Outcome = "out_of_window" // 401, signed well and too long ago: look at the clock
	Unregistered Outcome = "unregistered"  // 401, nothing is registered for this sales unit
	TooLarge     Outcome = "too_large"     // 413
	Unread       Outcome = "unread"        // 400, the sender broke off
	Busy         Outcome = "busy"          // 503, too many at once
	NotStored    Outcome = "not_stored"    // 503, it will come again
)

const (
	bodyMax       = 64 << 10
	atOnce        = 256
	readTimeout   = 5 * time.Second
	storeTimeout  = 4 * time.Second // with reading it stays below the API's ten
	windowDefault = 24 * time.Hour
)

// Receiver is the HTTP handler for Pattern.
type Receiver struct {
	cfg   Config
	slots chan struct{}
}

// NewReceiver makes a receiver.
func NewReceiver(cfg Config) *Receiver {
	if cfg.Window == 0 {
		cfg.Window = windowDefault
	}
	if cfg.Observe == nil {
		cfg.Observe = func(Outcome, time.Duration) {}
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Hint == nil {
		cfg.Hint = func(Event) {}
	}
	return &Receiver{cfg: cfg, slots: make(chan struct{}, atOnce)}
}

// ServeHTTP takes one webhook. The answer says nothing of the reason.
func (v *Receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	select {
	case v.slots <- struct{}{}:
		defer func() { <-v.slots }()
	default:
		v.refuse(w, r, Busy, 0, nil)
		return
	}
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(readTimeout)) // where the server can
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyMax))
	var long *http.MaxBytesError
	switch {
	case errors.As(err, &long):
		v.refuse(w, r, TooLarge, 0, nil)
		return
	case err != nil:
		v.refuse(w, r, Unread, 0, nil)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), storeTimeout)
	defer cancel()
	e, outcome, skew, err := v.take(ctx, r, body)
	if outcome != Stored && outcome != Duplicate {
		v.refuse(w, r, outcome, skew, err)
		return
	}
	w.WriteHeader(http.StatusOK)
	_ = control.Flush() // the answer does not wait for the car
	v.cfg.Observe(outcome, skew)
	v.cfg.Log.Debug("webhook", "outcome", string(outcome), "msn", e.MSN, "kind", string(e.Kind), "name", e.Name,
		"reference", e.Reference, "success", e.Success, "skew", skew)
	v.hint(e, outcome)
}

// take verifies and stores.
func (v *Receiver) take(ctx context.Context, r *http.Request, body []byte) (Event, Outcome, time.Duration, error) {
	msn := r.PathValue("msn")
	if !msnPattern(msn) {
		return Event{}, Unregistered, 0, nil
	}
	list, err := v.cfg.Registrations(ctx, msn)
	if err != nil {
		return Event{}, NotStored, 0, err
	}
	now := v.cfg.Now()
	sent, err := verifyAny(candidates(list, r.Header.Get("Webhook-Id")), r.Header, body)
	skew := now.Sub(sent)
	switch {
	case len(list) == 0:
		return Event{}, Unregistered, 0, nil
	case err != nil:
		return Event{}, NotSigned, 0, err
	case skew.Abs() > v.cfg.Window:
		return Event{}, OutOfWindow, skew, nil
	}
	e := Read(msn, body, now)
	duplicate, err := v.cfg.Store.Put(ctx, e.MsgID(), e)
	switch {
	case err != nil:
		return Event{}, NotStored, skew, err
	case duplicate:
		return e, Duplicate, skew, nil
	}
	return e, Stored, skew, nil
}

// msnPattern keeps anything else out of keys and subjects.
var msnPattern = regexp.MustCompile(`^[0-9]{4,7}$`).MatchString

// candidates are the registrations that may have signed: the one that the request
// names, or all, because the header's name is not promised.
func candidates(list []Registration, id string) []Registration {
	for i, reg := range list {
		if id != "" && reg.ID == id {
			return list[i : i+1]
		}
	}
	return list
}

// verifyAny tries the registrations. The error is the last one's.
func verifyAny(list []Registration, header http.Header, body []byte) (sent time.Time, err error) {
	for _, reg := range list {
		if sent, err = Verify(reg.Secret, reg.URL, header, body); err == nil {
			return sent, nil
		}
	}
	return time.Time{}, err
}

func (v *Receiver) hint(e Event, o Outcome) {
	switch {
	case e.Kind == Other, e.Kind == CheckIn && o == Duplicate, e.expired(v.cfg.Now()):
		return
	}
	v.cfg.Hint(e)
}

func (v *Receiver) refuse(w http.ResponseWriter, r *http.Request, o Outcome, skew time.Duration, err error) {
	v.cfg.Observe(o, skew)
	status, level := http.StatusUnauthorized, slog.LevelDebug // anybody can be refused as often as they like
	switch o {
	case OutOfWindow:
		level = slog.LevelWarn
	case TooLarge:
		status = http.StatusRequestEntityTooLarge
	case Unread:
		status = http.StatusBadRequest
	case Busy:
		status = http.StatusServiceUnavailable
	case NotStored:
		status, level = http.StatusServiceUnavailable, slog.LevelError
	}
	attrs := []any{"outcome", string(o), "skew", skew}
	if msn := r.PathValue("msn"); msnPattern(msn) {
		attrs = append(attrs, "msn", msn)
	}
	if err != nil {
		attrs = append(attrs, "cause", err.Error())
	}
	v.cfg.Log.Log(r.Context(), level, "webhook refused", attrs...)
	w.WriteHeader(status)
}
