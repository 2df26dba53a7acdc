package page

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"time"
)

const (
	// beat is how often a stream says that it lives, and looks again at what it may
	// have missed. The script gives up a stream that is silent for three of them.
	beat = 10 * time.Second
	// stall is how long a phone may take no bytes before it is dropped.
	stall = 10 * time.Second
	// followed is the longest life of a stream; a page that is still looked at opens
	// another.
	followed = time.Hour
)

// live sends the region of a page at once and whenever it changes, until there is
// nothing more to come or the phone has gone. The events are:
//
//	view  the region as HTML; a page that shows it already does nothing
//	beat  nothing else
//	end   the address has nothing to show any more: load the page again
func (p *Pages) live(kind Kind) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v := p.visit(r, kind)
		s, ok := p.find(w, r, v)
		if !ok {
			return
		}
		from := p.from(r)
		if !p.limits.streams.begin(from, maxStreams, maxStreamsEach) {
			p.turnAway(w, v)
			return
		}
		defer p.limits.streams.end(from)
		ctx, cancel := context.WithTimeout(r.Context(), followed)
		defer cancel()
		w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
		w.Header().Set("X-Accel-Buffering", "no") // proxies that buffer hold up the news
		p.follow(ctx, &events{w: w, control: http.NewResponseController(w)}, s)
	}
}

// follow is the loop of one page.
func (p *Pages) follow(ctx context.Context, out *events, s scene) {
	news := p.fares.Watch(ctx, s.visit.link)
	tick := time.NewTicker(beat)
	defer tick.Stop()
	var sent []byte
	for {
		if region := p.renderer.region(s); !bytes.Equal(region, sent) {
			out.send("view", region)
			sent = region
		} else {
			out.send("beat", nil)
		}
		if out.flush() != nil || s.final() {
			return
		}
		select {
		case <-ctx.Done():
			return
		case _, open := <-news:
			if !open {
				news = nil
			}
		case <-tick.C:
		}
		next, err := p.see(ctx, s.visit)
		switch {
		case err == nil:
			s = next
		case errors.Is(err, ErrUnknown):
			out.send("end", nil)
			out.flush()
			return
		}
		// Whatever else is wrong passes: what the page shows was true.
	}
}

// events are server-sent events (WHATWG HTML, 9.2), collected and written in one go.
type events struct {
	w       http.ResponseWriter
	control *http.ResponseController
	buf     bytes.Buffer
}

func (e *events) send(name string, data []byte) {
	e.buf.WriteString("event: " + name + "\n")
	for line := range bytes.SplitSeq(bytes.TrimSuffix(data, []byte("\n")), []byte("\n")) {
		e.buf.WriteString("data: ")
		e.buf.Write(line)
		e.buf.WriteByte('\n')
	}
	e.buf.WriteByte('\n')
}

func (e *events) flush() error {
	defer e.buf.Reset()
	if err := e.control.SetWriteDeadline(time.Now().Add(stall)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := e.w.Write(e.buf.Bytes()); err != nil {
		return err
	}
	return e.control.Flush()
}
