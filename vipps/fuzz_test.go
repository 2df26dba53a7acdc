package vipps

import (
	"bytes"
	"encoding/json"
	"errors"
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
		require.True(t, headerSafe(tok.value.Reveal()))
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

func FuzzDecodeUserinfo(f *testing.F) {
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := decodeUserinfo("sub-1", body)
		if err != nil {
			require.True(t, p.IsZero())
			require.LessOrEqual(t, len(err.Error()), 200, "errors quote no body")
			return
		}
		require.True(t, json.Valid(body))
		tidy(t, p)
	})
}

func FuzzPerson(f *testing.F) {
	f.Fuzz(func(t *testing.T, name, phone string) {
		p := NewPerson(name, phone)
		tidy(t, p)
		require.Equal(t, p, NewPerson(p.Name(), p.Phone()), "tidied twice is tidied once")
	})
}

func tidy(t *testing.T, p Person) {
	t.Helper()
	require.Regexp(t, `^([1-9][0-9]{8,14})?$`, p.Phone())
	require.True(t, utf8.ValidString(p.Name()))
	require.LessOrEqual(t, len(p.Name()), nameMax)
	require.Equal(t, strings.Join(strings.Fields(p.Name()), " "), p.Name(), "one line, no space at the ends")
}

func FuzzDecodeCode(f *testing.F) {
	f.Fuzz(func(t *testing.T, body []byte) {
		c, err := decodeCode("taxi-T122", body)
		list, listErr := decodeCodes(body)
		for _, e := range []error{err, listErr} {
			if e != nil {
				require.LessOrEqual(t, len(e.Error()), 200, "errors quote no body")
			}
		}
		if err == nil {
			require.Equal(t, "taxi-T122", c.ID)
			require.NotEmpty(t, c.URL)
			list = append(list, c)
		}
		for _, c := range list {
			require.NotEmpty(t, c.ID)
			require.GreaterOrEqual(t, c.ExpiresIn, time.Duration(0))
		}
	})
}

// svgBad is what no picture may contain that has been accepted, however it is spelt.
var svgBad = regexp.MustCompile(`(?i)<([a-z]+:)?(script|foreignobject|iframe|animate|set|a)[\s/>]|<!ENTITY|@import|<\?xml-stylesheet`)

func FuzzCheckSVG(f *testing.F) {
	f.Fuzz(func(t *testing.T, doc []byte) {
		err := checkSVG(doc)
		if err != nil {
			require.LessOrEqual(t, len(err.Error()), 200)
			require.True(t, errors.Is(err, errActiveSVG) || errors.Is(err, errBrokenSVG) || errors.Is(err, errNoSVG))
			return
		}
		require.Contains(t, string(doc), "svg")
		// Comments, character data sections and metadata may say what they like.
		plain := commentOrData.ReplaceAll(doc, nil)
		if !bytes.Contains(plain, []byte("http://www.w3.org/1999/02/22-rdf-syntax-ns#")) && !bytes.Contains(plain, []byte("purl.org")) &&
			!bytes.Contains(plain, []byte("sourceforge")) && !bytes.Contains(plain, []byte("inkscape")) && !bytes.Contains(plain, []byte("creativecommons")) {
			require.NotRegexp(t, svgBad, string(plain))
		}
	})
}

var commentOrData = regexp.MustCompile(`(?s)<!--.*?-->|<!\[CDATA\[.*?\]\]>`)
