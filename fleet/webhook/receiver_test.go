package webhook_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/fleet/webhook"
	"taxiterminal/vipps"
)

// setup is a receiver of one sales unit with two registrations.
type setup struct {
	handler http.Handler
	memory  *memory
	tally   *tally
	log     *bytes.Buffer
}

func newSetup(change ...func(*webhook.Config)) *setup {
	s := &setup{memory: &memory{}, tally: &tally{}, log: &bytes.Buffer{}}
	s.memory.secrets = []webhook.Registration{
		{MSN: msn, ID: "one", URL: address, Secret: vipps.NewSecret("secret-one")},
		{MSN: msn, ID: "two", URL: address, Secret: vipps.NewSecret("secret-two")},
	}
	cfg := webhook.Config{
		Registrations: s.memory.Registrations, Store: s.memory, Hint: s.tally.hint, Observe: s.tally.observe,
		Now: func() time.Time { return now }, Log: slog.New(slog.NewJSONHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, c := range change {
		c(&cfg)
	}
	s.handler = mount(cfg)
	return s
}

func (s *setup) post(secret, body string, at time.Time, header ...string) int {
	h := sign(secret, address, at, []byte(body))
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return post(s.handler, "/webhook/"+msn, h, []byte(body)).Code
}

func TestReceive(t *testing.T) {
	t.Parallel()
	s := newSetup()
	require.Equal(t, 200, s.post("secret-two", approvedBody, now.Add(-time.Minute)), "any of the sales unit's registrations")
	require.Equal(t, 200, s.post("secret-one", approvedBody, now, "Webhook-Id", "one"), "a duplicate, by the other registration")
	require.Len(t, s.memory.stored(), 1)
	require.Equal(t, 1, s.tally.count(webhook.Stored))
	require.Equal(t, 1, s.tally.count(webhook.Duplicate))
	require.Len(t, s.tally.hinted(), 2, "the first hint may have been lost")
	require.Equal(t, "T122-K7Q2X-0042-1", s.tally.hinted()[0].Reference)

	require.Equal(t, 200, s.post("secret-one", checkInBody, now, "Webhook-Id", "unheard-of"))
	require.Equal(t, 200, s.post("secret-one", checkInBody, now))
	require.Len(t, s.tally.hinted(), 3, "nobody is asked twice for one scan")
	require.Equal(t, "c3VwZXItc2VjcmV0LXRva2Vu", s.tally.hinted()[2].Token.Reveal())

	require.Equal(t, 200, s.post("secret-one", `{"event":"new"}`, now), "or it would hold back all others")
	require.Equal(t, 200, s.post("secret-one", `broken`, now))
	require.Equal(t, 200, s.post("secret-one", strings.Replace(approvedBody, "123456", "999999", 1), now))
	require.Len(t, s.memory.stored(), 5)
	require.Len(t, s.tally.hinted(), 3)
	for _, private := range []string{"secret-one", "secret-two", "Kari", "4790000001", "c3VwZXItc2Vj", "who-it-is"} {
		require.NotContains(t, s.log.String(), private)
	}
	require.Contains(t, s.log.String(), "T122-K7Q2X-0042-1")
}

func TestReceiveRefuses(t *testing.T) {
	t.Parallel()
	s := newSetup()
	require.Equal(t, 401, s.post("secret-three", approvedBody, now))
	require.Equal(t, 401, s.post("secret-two", approvedBody, now, "Webhook-Id", "one"), "only the one that is named")
	require.Equal(t, 401, post(s.handler, "/webhook/"+msn, http.Header{}, []byte(approvedBody)).Code)
	require.Equal(t, 3, s.tally.count(webhook.NotSigned))
	for _, at := range []time.Time{now.Add(-25 * time.Hour), now.Add(25 * time.Hour)} {
		require.Equal(t, 401, s.post("secret-one", approvedBody, at))
	}
	require.Equal(t, 2, s.tally.count(webhook.OutOfWindow))
	require.Equal(t, -25*time.Hour, s.tally.skew)
	require.Equal(t, 200, s.post("secret-one", approvedBody, now.Add(-23*time.Hour)))
	require.Equal(t, 23*time.Hour, s.tally.skew)

	h := sign("secret-one", address, now, []byte(approvedBody))
	for _, path := range []string{"/webhook/999999", "/webhook/12", "/webhook/12345%2a"} {
		require.Equal(t, 401, post(s.handler, path, h, []byte(approvedBody)).Code, "%s: as if it were signed badly", path)
	}
	require.Equal(t, 3, s.tally.count(webhook.Unregistered))
	require.Equal(t, 413, s.post("secret-one", strings.Repeat(" ", 65<<10), now))
	require.Equal(t, 405, httpGet(s.handler).Code)

	r := httptest.NewRequest(http.MethodPost, "/webhook/"+msn, io.MultiReader(strings.NewReader("{"), brokenReader{}))
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	require.Equal(t, 400, w.Code)

	s.memory.fail = errors.New("disk full")
	require.Equal(t, 503, s.post("secret-one", approvedBody, now), "it comes again")
	require.Equal(t, 1, s.tally.count(webhook.NotStored))
	require.Len(t, s.tally.hinted(), 1)
	require.Contains(t, s.log.String(), "disk full")
	require.NotContains(t, s.log.String(), "secret-")
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("gone") }

func httpGet(h http.Handler) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/webhook/"+msn, nil))
	return w
}

func TestCheckInsThatAreTooOldAreNotPassedOn(t *testing.T) {
	t.Parallel()
	s := newSetup(func(c *webhook.Config) { c.Now = func() time.Time { return now.Add(20 * time.Minute) } })
	require.Equal(t, 200, s.post("secret-one", checkInBody, now))
	require.Equal(t, 200, s.post("secret-one", approvedBody, now))
	require.Len(t, s.tally.hinted(), 1, "the payment's alone")
}

// slowStore holds every event until it is let go.
type slowStore struct {
	entered chan struct{}
	release chan struct{}
}

func (s slowStore) Put(ctx context.Context, _ string, _ webhook.Event) (bool, error) {
	s.entered <- struct{}{}
	select {
	case <-s.release:
		return false, nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

func TestTooManyAtOnceAreSentAway(t *testing.T) {
	t.Parallel()
	slow := slowStore{entered: make(chan struct{}), release: make(chan struct{})}
	s := newSetup(func(c *webhook.Config) { c.Store, c.Log = slow, nil })
	codes := make(chan int)
	const slots = 256
	for range slots {
		go func() { codes <- s.post("secret-one", approvedBody, now) }()
	}
	for range slots {
		<-slow.entered
	}
	require.Equal(t, 503, s.post("secret-one", approvedBody, now))
	require.Equal(t, 1, s.tally.count(webhook.Busy))
	close(slow.release)
	for range slots {
		require.Equal(t, 200, <-codes)
	}
}

// The answer is on the wire before the hint is given, so a hint that takes its time
// does not make the API send the event again.
func TestTheAnswerDoesNotWaitForTheHint(t *testing.T) {
	t.Parallel()
	answered := make(chan struct{})
	let := sync.OnceFunc(func() { close(answered) })
	hinted := make(chan struct{})
	s := newSetup(func(c *webhook.Config) {
		c.Hint = func(webhook.Event) { <-answered; close(hinted) }
		c.Log = nil
	})
	server := httptest.NewServer(s.handler)
	defer server.Close()
	defer let()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/webhook/"+msn, strings.NewReader(approvedBody))
	require.NoError(t, err)
	req.Header = sign("secret-one", address, now, []byte(approvedBody))
	client := http.Client{Timeout: 5 * time.Second}
	resp, err := client.Do(req)
	require.NoError(t, err)
	require.Equal(t, 200, resp.StatusCode)
	require.Len(t, s.memory.stored(), 1)
	let()
	<-hinted
	require.NoError(t, resp.Body.Close())
}
