package web

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// retryMillis is how soon a page reconnects after the stream broke.
const retryMillis = 500

// stream sends a page the newest View at once and every newer one as it comes,
// until the page goes away or the server stops.
func (s *Server) stream(kind pageKind) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if s.streams.Add(1) > maxStreams {
			s.streams.Add(-1)
			w.Header().Set("Retry-After", "2")
			http.Error(w, "too many screens are open", http.StatusServiceUnavailable)
			return
		}
		defer s.streams.Add(-1)

		w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
		out := &eventWriter{w: w, control: http.NewResponseController(w)}
		out.hello(s.options.Version)
		s.feed(out, r, kind)
	}
}

// feed is the loop of one page. What a driver's page may see is asked again each
// time, because a session can begin and end while the stream is open.
func (s *Server) feed(out *eventWriter, r *http.Request, kind pageKind) {
	tag := s.renderer.set.Match(r.URL.Query().Get("lang")).Tag()
	beat := time.NewTicker(beatInterval)
	defer beat.Stop()

	var sent *frame
	var sentAs variant
	for {
		f, as := s.hub.newest(), variant{s.allowed(kind, r), tag}
		out.beat(f)
		if f != sent || as != sentAs {
			out.view(f.html(as).String())
			sent, sentAs = f, as
		}
		if out.flush() != nil {
			return
		}
		if kind == passenger {
			now := time.Now()
			s.seen.Store(&now)
		}
		select {
		case <-r.Context().Done():
			return
		case <-f.replaced:
		case <-beat.C:
		}
	}
}

// allowed is the kind of page that the sender of a request may see.
func (s *Server) allowed(kind pageKind, r *http.Request) pageKind {
	if kind == driver && !s.unlocked(r) {
		return locked
	}
	return kind
}

// eventWriter collects events (WHATWG HTML, 9.2.6) and writes them in one go.
type eventWriter struct {
	w       http.ResponseWriter
	control *http.ResponseController
	buf     bytes.Buffer
}

func (e *eventWriter) hello(version string) {
	e.buf.WriteString("retry: " + strconv.Itoa(retryMillis) + "\nevent: hello\ndata: " + version + "\n\n")
}

func (e *eventWriter) beat(f *frame) {
	e.buf.WriteString("event: beat\ndata: ")
	if left, ok := f.left(time.Now()); ok {
		e.buf.WriteString(strconv.FormatInt(left.Milliseconds(), 10))
	} else {
		e.buf.WriteString("none")
	}
	e.buf.WriteString("\n\n")
}

func (e *eventWriter) view(html string) {
	e.buf.WriteString("event: view\n")
	for line := range strings.Lines(html) {
		e.buf.WriteString("data: ")
		e.buf.WriteString(strings.TrimSuffix(line, "\n"))
		e.buf.WriteByte('\n')
	}
	e.buf.WriteByte('\n')
}

func (e *eventWriter) flush() error {
	defer e.buf.Reset()
	if err := e.control.SetWriteDeadline(time.Now().Add(stallTime)); err != nil {
		return err
	}
	if _, err := e.w.Write(e.buf.Bytes()); err != nil {
		return err
	}
	return e.control.Flush()
}
