package page

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"
)

// Times of a request.
const (
	lookTime  = 5 * time.Second        // one look at a fare or payment
	startTime = 25 * time.Second       // start of one payment
	missTime  = 300 * time.Millisecond // answer to a link that is not known, whatever is wrong with it
)

// Handler serves all paths of the package comment, and for every other path the page
// that says nothing.
func (p *Pages) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, kind := range []Kind{Sticker, Claim, Return} {
		at := "/" + string(kind) + "/{text}"
		mux.HandleFunc("GET "+at, p.page(kind))
		mux.HandleFunc("GET "+at+"/live", p.live(kind))
		if kind != Return {
			mux.HandleFunc("POST "+at, p.press(kind))
		}
	}
	mux.HandleFunc("GET "+staticPath+"{file}", p.renderer.file)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		p.write(w, http.StatusNotFound, p.renderer.plain(p.visit(r, ""), plainUnknown))
	})
	return p.guard(mux)
}

// page answers with the whole page.
func (p *Pages) page(kind Kind) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v := p.visit(r, kind)
		if s, ok := p.find(w, r, v); ok {
			s.Notice = parseNotice(r.URL.Query().Get(noticeParam))
			p.write(w, http.StatusOK, p.renderer.page(s))
		}
	}
}

func (p *Pages) write(w http.ResponseWriter, status int, html []byte) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	w.Write(html)
	p.counters.pages.Add(1)
}

// find is what a visit leads to. If that is nothing, it has answered.
func (p *Pages) find(w http.ResponseWriter, r *http.Request, v visit) (scene, bool) {
	begun, from := time.Now(), network(p.peer(r))
	if !p.limits.mayLook(from, v.link) {
		p.turnAway(w, v)
		return scene{}, false
	}
	s, err := p.see(r.Context(), v)
	switch {
	case err == nil:
		p.limits.good.add(time.Now(), digestOf(v.link))
		return s, true
	case errors.Is(err, ErrUnknown):
		p.limits.good.drop(digestOf(v.link))
		p.limits.missed(from)
		p.counters.unknown.Add(1)
		waitUntil(r.Context(), begun.Add(missTime))
		p.write(w, http.StatusNotFound, p.renderer.plain(v, plainUnknown))
	case errors.Is(err, errCrowded):
		p.turnAway(w, v)
	default:
		p.complain("look at a fare", v.link, err)
		p.write(w, http.StatusServiceUnavailable, p.renderer.plain(v, plainDown))
	}
	return scene{}, false
}

// errCrowded says that too much is going on at once.
var errCrowded = errors.New("too many requests at once")

// see asks Fares. A link that cannot be good is not asked for.
func (p *Pages) see(ctx context.Context, v visit) (scene, error) {
	if !v.link.plausible() {
		return scene{}, ErrUnknown
	}
	if v.link.Kind == Return && !p.seal.holds(v.proof, forReturn, v.link.Text) {
		return scene{}, ErrUnknown
	}
	select {
	case p.limits.working <- struct{}{}:
		defer func() { <-p.limits.working }()
	default:
		return scene{}, errCrowded
	}
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	if v.link.Kind == Return {
		payment, err := p.fares.Payment(ctx, v.link.Text)
		return p.renderer.ofPayment(v, payment), err
	}
	fare, err := p.fares.Fare(ctx, v.link)
	return p.renderer.ofFare(v, fare, p.seal), err
}

// turnAway answers whoever asks too much.
func (p *Pages) turnAway(w http.ResponseWriter, v visit) {
	p.counters.limited.Add(1)
	w.Header().Set("Retry-After", "60")
	p.write(w, http.StatusTooManyRequests, p.renderer.plain(v, plainCrowded))
}

// complain logs what should not happen, without the link, should the error quote it
// although it must not. That an operator's network is down is said
// elsewhere, once.
func (p *Pages) complain(what string, l Link, err error) {
	if errors.Is(err, context.Canceled) {
		return // the passenger has gone
	}
	level := slog.LevelError
	if errors.Is(err, ErrUnavailable) {
		level = slog.LevelDebug
	}
	p.log.Log(context.Background(), level, what, "link", l, "error", strings.ReplaceAll(err.Error(), l.Text, "…"))
}

func waitUntil(ctx context.Context, t time.Time) {
	timer := time.NewTimer(time.Until(t))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// Stats count since the start; Streams are open now. For metrics.
type Stats struct {
	Pages   int64 // answers with a page
	Unknown int64 // of them, links that are not known
	Limited int64 // of them, turned away
	Started int64 // payments started
	Failed  int64 // payments that could not be started
	Streams int   // pages followed live
}

type counters struct{ pages, unknown, limited, started, failed atomic.Int64 }

// Stats are the figures now.
func (p *Pages) Stats() Stats {
	c := &p.counters
	return Stats{
		Pages: c.pages.Load(), Unknown: c.unknown.Load(), Limited: c.limited.Load(),
		Started: c.started.Load(), Failed: c.failed.Load(), Streams: p.limits.streams.open(),
	}
}

// from is who asks, as the limits count.
func (p *Pages) from(r *http.Request) netip.Prefix { return network(p.peer(r)) }
