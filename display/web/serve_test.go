package web

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/display"
	"taxiterminal/money"
)

// options for a server on a free port, changed as a test likes.
func options(change ...func(*Options)) Options {
	o := Options{
		Addr: "127.0.0.1:0", Languages: []string{"nb", "en"}, Version: "v1",
		Location: time.UTC, Log: slog.New(slog.DiscardHandler),
	}
	for _, c := range change {
		c(&o)
	}
	return o
}

func withPIN(o *Options) { o.PIN = "4711" }

// start serves until the test ends, or until stop is called.
func start(t testing.TB, o Options) (s *Server, stop func()) {
	t.Helper()
	s, err := New(o)
	require.NoError(t, err)
	require.NoError(t, s.Listen())
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		require.NoError(t, <-ended)
	}
	t.Cleanup(stop)
	return s, stop
}

// event is one server-sent event.
type event struct{ name, data string }

// listener reads a stream of events.
type listener struct {
	t    testing.TB
	body io.ReadCloser
	in   *bufio.Reader
}

// listen opens a stream and reads its hello.
func listen(t testing.TB, s *Server, path string) *listener {
	t.Helper()
	response, err := http.Get("http://" + s.Addr() + path)
	require.NoError(t, err)
	t.Cleanup(func() { response.Body.Close() })
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.Equal(t, "text/event-stream; charset=utf-8", response.Header.Get("Content-Type"))
	l := &listener{t: t, body: response.Body, in: bufio.NewReader(response.Body)}
	require.Equal(t, event{"hello", s.options.Version}, l.next())
	return l
}

// next is the next event; it fails the test at the end of the stream.
func (l *listener) next() event {
	l.t.Helper()
	e, err := readEvent(l.in)
	require.NoError(l.t, err)
	return e
}

// view is the HTML of the next view event.
func (l *listener) view() string {
	l.t.Helper()
	for {
		if e := l.next(); e.name == "view" {
			return e.data
		}
	}
}

// readEvent takes the lines of one event apart.
func readEvent(in *bufio.Reader) (event, error) {
	var e event
	var data []string
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return e, err
		}
		line = strings.TrimSuffix(line, "\n")
		name, value, _ := strings.Cut(line, ": ")
		switch {
		case line == "" && e.name != "":
			e.data = strings.Join(data, "\n")
			return e, nil
		case name == "event":
			e.name = value
		case name == "data":
			data = append(data, value)
		}
	}
}

// fare is a View whose amount tells it from others.
func fare(n int) display.View {
	return view(display.Hired, "", func(v *display.View) { v.Amount = nok(money.Minor(100 * n)) })
}
