package vipps

import (
	"bytes"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

const fuzzReference = "T122-20261012-0042-1"

// fuzzPrivate are texts that no error may contain.
var fuzzPrivate = []string{"4791234567", "s3cret-word", "eyJtoken"}

func FuzzDecodePayment(f *testing.F) {
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := decodePayment(fuzzReference)(body)
		if err != nil {
			require.Zero(t, p)
			require.LessOrEqual(t, len(err.Error()), 200, "errors quote no body")
			return
		}
		require.True(t, json.Valid(body))
		require.Equal(t, fuzzReference, p.Reference)
		require.NotEmpty(t, p.State)
		require.NotEmpty(t, p.Currency)
		require.GreaterOrEqual(t, int64(min(p.Amount, p.Authorized, p.Captured, p.Cancelled, p.Refunded)), int64(0))
		require.NotContains(t, p.String(), "http")
	})
}

func FuzzDecodeEvents(f *testing.F) {
	f.Fuzz(func(t *testing.T, body []byte) {
		events, err := decodeEvents(fuzzReference, body)
		if err != nil {
			require.Nil(t, events)
			return
		}
		for _, e := range events {
			require.Equal(t, fuzzReference, e.Reference)
			require.NotEmpty(t, e.Name)
			require.GreaterOrEqual(t, int64(e.Amount.Value), int64(0))
			require.NotEmpty(t, e.Amount.Currency)
		}
	})
}

func FuzzDecodeToken(f *testing.F) {
	f.Fuzz(func(t *testing.T, body []byte) {
		tok, err := decodeToken(body)
		if err != nil {
			require.True(t, tok.value.IsZero())
			return
		}
		require.True(t, headerSafe(tok.value.reveal()))
		require.GreaterOrEqual(t, tok.lifetime, lifetimeMin)
		require.LessOrEqual(t, tok.lifetime, lifetimeMax)
	})
}

var nineDigits = regexp.MustCompile(`[0-9]{9}`)

func FuzzJudge(f *testing.F) {
	f.Fuzz(func(t *testing.T, status int, body []byte, after, date string) {
		if status >= 200 && status <= 299 {
			return
		}
		kind, e := judge(answer{status: status, body: body}, fuzzPrivate)
		require.Contains(t, []Kind{Retry, Rejected, Unknown}, kind)
		require.NotEmpty(t, e.Class)
		require.NotEmpty(t, e.Hint)
		require.Regexp(t, `^([0-9]{4,5})?$`, e.Code)
		require.LessOrEqual(t, len(e.Raw), rawMax)
		for _, text := range []string{e.Title, e.Detail, string(e.Raw)} {
			for _, word := range fuzzPrivate {
				require.NotContains(t, text, word)
			}
			require.False(t, nineDigits.MatchString(text))
		}
		for _, text := range []string{e.Title, e.Detail, e.TraceID} {
			require.True(t, utf8.ValidString(text))
			require.False(t, strings.ContainsAny(text, "\n\r\x00"), "one log line is one line")
		}
		wait := retryAfter(http.Header{"Retry-After": {after}, "Date": {date}})
		require.GreaterOrEqual(t, wait, time.Duration(0))
		require.LessOrEqual(t, wait, retryAfterMax)
	})
}

func FuzzReadCreate(f *testing.F) {
	f.Fuzz(func(t *testing.T, body []byte) {
		reference, private := readCreate(body)
		if reference != "" {
			require.True(t, json.Valid(body))
		}
		for _, word := range private {
			require.True(t, word == "" || len(body) >= len(word) || bytes.Contains(body, []byte(`\u`)))
		}
	})
}
