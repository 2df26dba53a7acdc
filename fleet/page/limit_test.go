package page

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestUnknownLinksLookTheSame: one page after one time, whatever is wrong. Only the
// address in the links to other languages differs, which the browser knows anyway.
func TestUnknownLinksLookTheSame(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGateway()
		p := pages(t, g, func(o *Options) { o.Peer = everybody() })
		h := p.Handler()
		proof := p.seal.of(forReturn, reference)
		var first string
		for _, target := range []string{
			"/v/K7Q2X9M4T0RW5HYE", "/v/x", "/v/" + strings.Repeat("x", 200), "/v/%00", "/v/a%2Fb", "/v/ø",
			"/p/AbC", "/p/" + strings.Repeat("x", 2000), "/v/" + claimText, "/p/" + code,
			"/r/" + reference, "/r/" + reference + "?t=", "/r/" + reference + "?t=" + proof[1:], "/r/T122-K7Q2X-0042-2?t=" + proof,
			"/r/T122-K7Q2X-0043-1?t=" + p.seal.of(forReturn, "T122-K7Q2X-0043-1"),
			"/v/x/live", "/p/x/live", "/r/" + reference + "/live",
		} {
			begun := time.Now()
			w := get(h, target)
			require.Equal(t, missTime, time.Since(begun), target)
			require.Equal(t, http.StatusNotFound, w.Code, target)
			_, html, _ := strings.Cut(w.Body.String(), "</details>")
			if first == "" {
				first = html
			}
			require.Equal(t, first, html, target)
		}
		require.Equal(t, 8, g.asked, "what cannot be good is not asked for")
	})
}

// TestGuessing: an address that misses too often is turned away, others are not, and
// it may try again later.
func TestGuessing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := pages(t, newGateway()).Handler()
		from := func(ip, target string) int {
			r := request("GET", target, nil)
			r.RemoteAddr = ip + ":1"
			return serve(h, r).Code
		}
		turned := 0
		for i := range 60 {
			if from("192.0.2.1", fmt.Sprintf("/v/GUESS%d", i)) == http.StatusTooManyRequests {
				turned++
			}
		}
		require.InDelta(t, 60-missBurst, turned, 4)
		require.Equal(t, http.StatusTooManyRequests, from("192.0.2.1", "/v/"+code), "a guess that is right")
		require.Equal(t, http.StatusOK, from("192.0.2.2", "/v/"+code))
		require.Equal(t, http.StatusOK, from("192.0.2.1", "/v/"+code), "a passenger behind the same address: the code was good for somebody lately")
		time.Sleep(missEvery)
		require.Equal(t, http.StatusNotFound, from("192.0.2.1", "/v/GUESS"))
	})
}

// TestACodeThatWasWithdrawnIsNotGoodLately.
func TestACodeThatWasWithdrawnIsNotGoodLately(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGateway()
		p := pages(t, g)
		get(p.Handler(), "/v/"+code)
		require.True(t, p.limits.good.has(time.Now(), digestOf(sticker)))
		delete(g.fares, sticker)
		get(p.Handler(), "/v/"+code)
		require.False(t, p.limits.good.has(time.Now(), digestOf(sticker)))
	})
}

// TestEverybodyGuessing: many addresses together run into the limit for all, and cars
// that are in use stay reachable.
func TestEverybodyGuessing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := pages(t, newGateway(), func(o *Options) { o.Peer = everybody() })
		h := p.Handler()
		require.Equal(t, http.StatusOK, get(h, "/v/"+code).Code)
		for range strayBurst {
			p.limits.missed(network(netip.MustParseAddr("198.51.100.1")))
		}
		require.Equal(t, http.StatusTooManyRequests, get(h, "/v/GUESS").Code)
		require.Equal(t, http.StatusTooManyRequests, get(h, "/p/"+claimText).Code)
		require.Equal(t, http.StatusOK, get(h, "/v/"+code).Code)
	})
}

func TestTooManyRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := pages(t, newGateway())
		h := p.Handler()
		for range requestBurst {
			require.Equal(t, http.StatusOK, get(h, "/page/page.css").Code)
		}
		w := get(h, "/v/"+code)
		require.Equal(t, http.StatusTooManyRequests, w.Code)
		require.Equal(t, "60", w.Header().Get("Retry-After"))
		require.Contains(t, w.Body.String(), "Vent et minutt")
		require.EqualValues(t, 1, p.Stats().Limited)
		time.Sleep(requestEvery)
		require.Equal(t, http.StatusOK, get(h, "/v/"+code).Code)
	})
}

// TestTooManyAtWork: when Fares hangs, the rest is told to come back.
func TestTooManyAtWork(t *testing.T) {
	t.Parallel()
	p := pages(t, newGateway())
	for range maxWorking {
		p.limits.working <- struct{}{}
	}
	require.Equal(t, http.StatusTooManyRequests, get(p.Handler(), "/v/"+code).Code)
}

// TestPressingAgainAndAgain starts only so many payments, however many may ask.
func TestPressingAgainAndAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGateway()
		h := pages(t, g, func(o *Options) { o.Peer = everybody() }).Handler()
		f := form(t, h, sticker)
		for range 20 {
			post(h, sticker.path(), f)
		}
		require.Len(t, g.orders, pressBurst)
		require.Equal(t, sticker.path()+"?n=slow", post(h, sticker.path(), f).Header().Get("Location"))
		require.Equal(t, landing, post(h, claimed.path(), form(t, h, claimed)).Header().Get("Location"), "another fare")
		time.Sleep(pressEvery)
		require.Equal(t, landing, post(h, sticker.path(), f).Header().Get("Location"))
	})
}

// TestGate holds a gate against the plain reading of its promise: in any stretch of
// time a key gets burst turns and one more for each interval, and whoever waits gets
// through. Its memory stays within bounds.
func TestGate(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		const every, size = time.Second, 8
		burst := rapid.IntRange(1, 4).Draw(t, "burst")
		g := newGate[int](every, burst, size)
		now := time.Date(2026, 11, 24, 6, 0, 0, 0, time.UTC)
		taken := map[int][]time.Time{}
		keys := rapid.IntRange(1, size).Draw(t, "keys") // within its memory it is exact
		for range rapid.IntRange(1, 80).Draw(t, "tries") {
			now = now.Add(time.Duration(rapid.IntRange(0, 1500).Draw(t, "later")) * time.Millisecond)
			k := rapid.IntRange(1, keys).Draw(t, "key")
			open := g.open(now, k)
			require.Equal(t, open, g.take(now, k))
			if open {
				taken[k] = append(taken[k], now)
			}
			if n := len(taken[k]); n == 0 || now.Sub(taken[k][n-1]) >= every {
				require.True(t, open, "waited, and was turned away")
			}
		}
		for _, times := range taken {
			for i := range times {
				for j := i; j < len(times); j++ {
					require.LessOrEqual(t, j-i+1, burst+int(times[j].Sub(times[i])/every))
				}
			}
		}
	})
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	now := time.Now()
	g := newGate[int](time.Hour, 2, 100)
	r := &recent{at: map[digest]time.Time{}}
	for i := range 3 * maxGood {
		g.take(now, i)
		r.add(now, digest{byte(i), byte(i >> 8), byte(i >> 16)})
	}
	require.LessOrEqual(t, len(g.turn), 100)
	require.LessOrEqual(t, len(r.at), maxGood)
	require.False(t, r.has(now.Add(goodFor), digest{}), "good lately is not good for ever")
}
