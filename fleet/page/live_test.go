package page

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// listener is a phone that follows a page.
type listener struct {
	mu     sync.Mutex
	header http.Header
	text   strings.Builder
	stop   context.CancelFunc
	done   chan struct{}
}

func (l *listener) Header() http.Header { return l.header }
func (l *listener) WriteHeader(int)     {}
func (l *listener) Flush()              {}
func (l *listener) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// follow opens a stream; use it in a synctest bubble, and read after synctest.Wait.
func follow(t *testing.T, p *Pages, target string) *listener {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	l := &listener{header: http.Header{}, stop: cancel, done: make(chan struct{})}
	go func() {
		defer close(l.done)
		p.Handler().ServeHTTP(l, request("GET", target, nil).WithContext(ctx))
	}()
	synctest.Wait()
	return l
}

func (l *listener) ended() bool {
	select {
	case <-l.done:
		return true
	default:
		return false
	}
}

// take is what has come since the last time.
func (l *listener) take() string {
	synctest.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.text.Reset()
	return l.text.String()
}

func TestLive(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGateway()
		g.fares[sticker] = in(Waiting)
		p := pages(t, g)
		l := follow(t, p, "/v/"+code+"/live?lang=en")
		require.Equal(t, "text/event-stream; charset=utf-8", l.Header().Get("Content-Type"))
		text := l.take()
		require.True(t, strings.HasPrefix(text, "event: view\ndata: <main id=\"live\""), text)
		require.Contains(t, text, "The amount will appear here")
		require.Equal(t, 1, p.Stats().Streams)

		begun := time.Now()
		g.set(sticker, due())
		require.Contains(t, l.take(), "To pay")
		require.Zero(t, time.Since(begun), "a change is seen at once")

		g.set(sticker, due())
		require.NotContains(t, l.take(), "view", "nothing has changed")

		// Nobody tells, but it is seen.
		g.quietly(sticker, in(Approved))
		time.Sleep(beat)
		require.Contains(t, l.take(), "Approved")
		time.Sleep(3 * beat)
		require.Equal(t, strings.Repeat("event: beat\ndata: \n\n", 3), l.take())

		// A moment without answers changes nothing.
		g.change(func() { g.err = ErrUnavailable })
		require.NotContains(t, l.take(), "view")
		g.change(func() { g.err = nil })

		g.set(sticker, in(Paid))
		require.Contains(t, l.take(), "<h1 tabindex=\"-1\">Paid</h1>")
		require.True(t, l.ended(), "the next trip is another passenger's")
		require.Zero(t, p.Stats().Streams)
	})
}

// TestLiveReturn follows a payment until its receipt is there.
func TestLiveReturn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGateway()
		q := paid()
		q.Receipt = nil
		g.payments[reference] = q
		p := pages(t, g)
		l := follow(t, p, strings.Replace(p.back(reference), "?", "/live?lang=en&", 1))
		require.Contains(t, l.take(), "Paid")
		require.False(t, l.ended())
		g.change(func() { g.payments[reference] = paid() })
		require.Contains(t, l.take(), "Receipt")
		require.True(t, l.ended())
	})
}

func TestLiveEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGateway()
		p := pages(t, g)
		withdrawn := follow(t, p, "/v/"+code+"/live")
		gone := follow(t, p, "/p/"+claimText+"/live")
		g.change(func() { delete(g.fares, sticker) })
		require.True(t, strings.HasSuffix(withdrawn.take(), "event: end\ndata: \n\n"))
		require.True(t, withdrawn.ended())
		gone.stop()
		synctest.Wait()
		require.True(t, gone.ended())

		// Nobody listens for ever.
		g.fares[sticker] = in(Waiting)
		old := follow(t, p, "/v/"+code+"/live")
		time.Sleep(followed)
		synctest.Wait()
		require.True(t, old.ended())
	})
}

// TestLiveIsLimited: streams of one address and of all.
func TestLiveIsLimited(t *testing.T) {
	t.Parallel()
	tl := tally[int]{count: map[int]int{}}
	require.True(t, tl.begin(1, 3, 2))
	require.True(t, tl.begin(1, 3, 2))
	require.False(t, tl.begin(1, 3, 2), "one address")
	require.True(t, tl.begin(2, 3, 2))
	require.False(t, tl.begin(3, 3, 2), "all")
	tl.end(2)
	require.True(t, tl.begin(3, 3, 2))
	tl.end(1)
	tl.end(1)
	tl.end(3)
	require.Zero(t, tl.open())
	require.Empty(t, tl.count, "addresses that have gone are forgotten")

	synctest.Test(t, func(t *testing.T) {
		p := pages(t, newGateway())
		for range maxStreamsEach {
			follow(t, p, "/v/"+code+"/live")
		}
		require.Equal(t, 429, get(p.Handler(), "/v/"+code+"/live").Code)
		require.Equal(t, maxStreamsEach, p.Stats().Streams)
	})
}
