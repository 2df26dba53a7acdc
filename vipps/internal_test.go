package vipps

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The ages of tokens and waits must not hang on the wall clock, so every time that
// is kept has to keep its monotonic reading. Time.String shows it.
func TestTimesKeepTheirMonotonicReading(t *testing.T) {
	t.Parallel()
	up := false
	client, err := New(Config{
		BaseURL: "http://127.0.0.1", MSN: "123456", ClientID: "id", ClientSecret: NewSecret("a"), SubscriptionKey: NewSecret("b"),
		System: System{"a", "b", "c", "d"},
		Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			if !up {
				return nil, errors.New("no route")
			}
			body := io.NopCloser(strings.NewReader(`{"access_token":"t","expires_in":"3600","expires_on":"0"}`))
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: body, Request: r}, nil
		}),
	})
	require.NoError(t, err)
	client.Get(t.Context(), fuzzReference)
	require.Contains(t, client.tokens.hold.String(), " m=+")
	up, client.tokens.hold = true, time.Time{}
	client.Get(t.Context(), fuzzReference)
	require.Contains(t, client.tokens.current.received.String(), " m=+")
	sent := client.limits.sent[limitKey{OpGet, fuzzReference}]
	require.Len(t, sent, 1)
	require.Contains(t, sent[0].String(), " m=+")
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestCutKeepsWholeCharacters(t *testing.T) {
	t.Parallel()
	require.Equal(t, "ab", cut("abæ", 3))
	require.Equal(t, "abæ", cut("abæ", 4))
	require.Equal(t, "", cut("æ", 1))
	require.Equal(t, "", cut("", 0))
}

func TestErrorText(t *testing.T) {
	t.Parallel()
	cause := errors.New("no route to host")
	e := &Error{Class: ClassNetwork, Op: OpCapture, Err: cause}
	require.Equal(t, "vipps capture: network: no route to host", e.Error())
	require.ErrorIs(t, e, cause)
	e = &Error{Class: ClassState, Op: OpCapture, Status: 400, Code: "6080", Title: "Too early", TraceID: "00-1"}
	require.Equal(t, "vipps capture: state, http 400, code 6080 (Too early)", e.Error())
	require.Contains(t, fmt.Sprint(e.LogValue()), "trace_id=00-1")
}

// Every rule has a hint, and only the rules of a busy payment are worth repeating.
func TestRulesAreWhole(t *testing.T) {
	t.Parallel()
	for code, r := range codeRules {
		require.NotEmpty(t, r.hint, code)
		require.Equal(t, r.class == ClassBusy, r.kind == Retry, code)
		require.NotEqual(t, Done, r.kind, code)
	}
	for status, r := range statusRules {
		require.NotEmpty(t, r.hint, status)
		require.NotEqual(t, Done, r.kind, status)
	}
}
