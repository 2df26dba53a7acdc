package web

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/display"
)

// TestNewestAtOnceAndEveryLaterOne: a page that comes late sees where things
// stand, and one that keeps up misses nothing.
func TestNewestAtOnceAndEveryLaterOne(t *testing.T) {
	t.Parallel()
	s, _ := start(t, options())
	s.Show(fare(1))
	s.Show(fare(2))
	l := listen(t, s, "/events?lang=nb")
	require.Contains(t, l.view(), "2,00")
	for n := 3; n < 50; n++ {
		s.Show(fare(n))
		require.Contains(t, l.view(), strconv.Itoa(n)+",00")
	}
}

func TestStreamSpeaksTheLanguageAskedFor(t *testing.T) {
	t.Parallel()
	s, _ := start(t, options())
	s.Show(fare(2))
	for query, want := range map[string]string{
		"": "Taksameteret viser", "?lang=nb": "Taksameteret viser", "?lang=en": "On the meter",
		"?lang=en-GB": "On the meter", "?lang=xx": "Taksameteret viser", "?lang=%00": "Taksameteret viser",
	} {
		require.Contains(t, listen(t, s, "/events"+query).view(), want, query)
	}
}

// TestBeatCarriesTheTimeLeft, so that a page needs no clock of the wall.
func TestBeatCarriesTheTimeLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, dial, stop := bubble(t, options())
		s.Show(view(display.Due, "", code, expires(2500*time.Millisecond)))
		in := dial("/events")
		require.Equal(t, event{"hello", "v1"}, mustRead(t, in))
		require.Equal(t, event{"beat", "2500"}, mustRead(t, in))
		require.Equal(t, "view", mustRead(t, in).name)
		for _, want := range []string{"1500", "500", "0", "0"} {
			require.Equal(t, event{"beat", want}, mustRead(t, in))
		}
		s.Show(view(display.Paid, ""))
		require.Equal(t, event{"beat", "none"}, mustRead(t, in))
		stop()
	})
}

// TestSlowPageSkipsToTheNewest: it holds up nobody, and of a thousand Views that it
// did not take it sees only the last.
func TestSlowPageSkipsToTheNewest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, dial, stop := bubble(t, options())
		s.Show(fare(0))
		slow, quick := dial("/events"), dial("/events")
		mustRead(t, slow)
		before := time.Now()
		for n := 1; n <= 1000; n++ {
			s.Show(fare(n))
			if n == 500 {
				require.Contains(t, viewOf(t, quick, "500,00"), "500,00")
			}
			synctest.Wait()
		}
		require.Zero(t, time.Since(before), "Show waited for a page")

		seen := 0
		for last := ""; !strings.Contains(last, "1 000,00"); seen++ {
			e := mustRead(t, slow)
			if e.name == "view" {
				last = strings.ReplaceAll(e.data, "\u00a0", " ")
			}
		}
		require.Less(t, seen, 12, "the slow page was sent what it had missed")
		stop()
	})
}

// TestDeadPageIsDropped: a page that takes nothing at all gives its place back.
func TestDeadPageIsDropped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, dial, stop := bubble(t, options())
		mustRead(t, dial("/events"))
		require.EqualValues(t, 1, s.streams.Load())
		s.Show(fare(1))
		time.Sleep(2 * stallTime)
		synctest.Wait()
		require.Zero(t, s.streams.Load())
		stop()
	})
}

// TestStreamOutlivesTheRequestLimits: the server's limits for requests must not
// end a stream.
func TestStreamOutlivesTheRequestLimits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, dial, stop := bubble(t, options())
		in := dial("/events")
		for range int(time.Hour / beatInterval) {
			mustRead(t, in)
		}
		s.Show(fare(7))
		require.Contains(t, viewOf(t, in, "7,00"), "7,00")
		stop()
	})
}

func TestSeen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, dial, stop := bubble(t, options())
		require.Zero(t, s.Seen())
		mustRead(t, dial("/driver/events"))
		require.Zero(t, s.Seen(), "the driver's page is not the passenger's")

		in := dial("/events")
		go io.Copy(io.Discard, in)
		time.Sleep(90 * time.Second)
		synctest.Wait()
		require.LessOrEqual(t, time.Since(s.Seen()), beatInterval)
		stop()
	})
}

// TestTooManyPages: the last one is told to come back, and can as soon as another
// has left.
func TestTooManyPages(t *testing.T) {
	t.Parallel()
	s, _ := start(t, options())
	first := listen(t, s, "/events")
	for range maxStreams - 1 {
		listen(t, s, "/driver/events")
	}
	response, err := http.Get("http://" + s.Addr() + "/events")
	require.NoError(t, err)
	response.Body.Close()
	require.Equal(t, http.StatusServiceUnavailable, response.StatusCode)
	require.Equal(t, "2", response.Header.Get("Retry-After"))

	first.body.Close()
	require.Eventually(t, func() bool { return s.streams.Load() < maxStreams }, 5*time.Second, time.Millisecond)
	listen(t, s, "/events")
}

// TestUnlockingShowsInAnOpenStream: a session begins and ends while the page stays
// connected.
func TestUnlockingShowsInAnOpenStream(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, dial, stop := bubble(t, options(withPIN))
		s.Show(view(display.Due, "", actions(display.ActionCash)))
		token, _ := s.door.enter("4711", time.Now())
		in := dial("/driver/events", "Cookie: "+cookieName+"="+token)
		require.Contains(t, viewOf(t, in, "data-action"), "189,00")
		s.door.leave(token)
		locked := viewOf(t, in, "data-digit")
		require.NotContains(t, locked, "data-action")
		require.NotContains(t, locked, "189,00")
		stop()
	})
}

// TestManyShowersAndPages is for the race detector.
func TestManyShowersAndPages(t *testing.T) {
	t.Parallel()
	s, _ := start(t, options())
	var readers, writers sync.WaitGroup
	for range 4 {
		l := listen(t, s, "/events?lang=en")
		readers.Go(func() {
			for {
				if e, err := readEvent(l.in); err != nil || strings.Contains(e.data, "9,999.00") {
					return
				}
			}
		})
		writers.Go(func() {
			for n := range 200 {
				s.Show(fare(n))
			}
		})
	}
	for range 50 {
		response, err := http.Get("http://" + s.Addr() + "/driver?lang=en")
		require.NoError(t, err)
		io.Copy(io.Discard, response.Body)
		response.Body.Close()
	}
	writers.Wait()
	s.Show(fare(9999))
	readers.Wait()
}

// --- A server in a synctest bubble, on pipes instead of sockets ---

type pipeListener struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8480} }

// bubble serves on pipes. dial sends one GET and returns the body of its answer.
func bubble(t *testing.T, o Options) (s *Server, dial func(path string, headers ...string) *bufio.Reader, stop func()) {
	t.Helper()
	o.Addr = "127.0.0.1:8480"
	s, err := New(o)
	require.NoError(t, err)
	l := &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
	s.listener = l
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()

	var mine []net.Conn
	dial = func(path string, headers ...string) *bufio.Reader {
		client, server := net.Pipe()
		mine = append(mine, client)
		l.conns <- server
		request := "GET " + path + " HTTP/1.0\r\nHost: 127.0.0.1:8480\r\n" + strings.Join(append(headers, ""), "\r\n") + "\r\n"
		_, err := io.WriteString(client, request)
		require.NoError(t, err)
		in := bufio.NewReaderSize(client, 16)
		for {
			line, err := in.ReadString('\n')
			require.NoError(t, err)
			if line == "\r\n" {
				return in
			}
		}
	}
	stop = func() {
		cancel()
		for _, c := range mine {
			c.Close()
		}
		require.NoError(t, <-ended)
	}
	return s, dial, stop
}

func mustRead(t *testing.T, in *bufio.Reader) event {
	t.Helper()
	e, err := readEvent(in)
	require.NoError(t, err)
	return e
}

// viewOf reads on until a view with the given text comes.
func viewOf(t *testing.T, in *bufio.Reader, text string) string {
	t.Helper()
	for {
		if e := mustRead(t, in); e.name == "view" && strings.Contains(e.data, text) {
			return e.data
		}
	}
}
