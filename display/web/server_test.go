package web

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/display/locale"
)

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(*Options)
		says   string
	}{
		{"every interface", func(o *Options) { o.Addr = ":8480" }, "only loopback"},
		{"every interface by address", func(o *Options) { o.Addr = "0.0.0.0:8480" }, "only loopback"},
		{"every interface by IPv6", func(o *Options) { o.Addr = "[::]:8480" }, "only loopback"},
		{"the network", func(o *Options) { o.Addr = "192.168.1.7:8480" }, "only loopback"},
		{"a name", func(o *Options) { o.Addr = "taxi.example:8480" }, "only loopback"},
		{"no port", func(o *Options) { o.Addr = "127.0.0.1" }, "host:port"},
		{"no number", func(o *Options) { o.Addr = "127.0.0.1:http" }, "port number"},
		{"no such port", func(o *Options) { o.Addr = "127.0.0.1:70000" }, "port number"},
		{"a language without a catalogue", func(o *Options) { o.Languages = []string{"tlh"} }, "tlh"},
		{"a default that is not offered", func(o *Options) { o.DefaultLanguage = "sv" }, "want one of nb, en"},
		{"a short PIN", func(o *Options) { o.PIN = "123" }, "4 to 8 digits"},
		{"a long PIN", func(o *Options) { o.PIN = "123456789" }, "4 to 8 digits"},
		{"a PIN that the pad cannot type", func(o *Options) { o.PIN = "12a4" }, "4 to 8 digits"},
		{"no logger", func(o *Options) { o.Log = nil }, "logger"},
	} {
		_, err := New(options(tt.change))
		require.ErrorContains(t, err, tt.says, tt.name)
		require.NotContains(t, err.Error(), "12a4", "the PIN is quoted")
	}
	for _, addr := range []string{"127.0.0.1:0", "127.0.0.9:8480", "[::1]:8480", "localhost:8480", "[::ffff:127.0.0.1]:1"} {
		_, err := New(options(func(o *Options) { o.Addr = addr }))
		require.NoError(t, err, addr)
	}
	_, err := New(options(func(o *Options) { o.Languages = nil }))
	require.NoError(t, err, "all languages")
}

func TestRunServesAndStops(t *testing.T) {
	t.Parallel()
	s, stop := start(t, options())
	l := listen(t, s, "/events")
	l.view()
	host, _, err := net.SplitHostPort(s.Addr())
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1", host)

	before := time.Now()
	stop()
	require.Less(t, time.Since(before), stopTime, "an open stream must not delay the end")
	_, err = io.Copy(io.Discard, l.in)
	require.NoError(t, err, "the stream ends properly")
	_, err = http.Get("http://" + s.Addr() + "/")
	require.Error(t, err)
}

func TestPortInUse(t *testing.T) {
	t.Parallel()
	first, _ := start(t, options())
	second, err := New(options(func(o *Options) { o.Addr = first.Addr() }))
	require.NoError(t, err)
	require.Empty(t, second.Addr())
	require.ErrorContains(t, second.Run(context.Background()), "screens: listen tcp ")
}

// TestSlowRequestIsCutOff: a client that never finishes its request does not hold
// a connection for ever.
func TestSlowRequestIsCutOff(t *testing.T) {
	t.Parallel()
	s, err := New(options())
	require.NoError(t, err)
	server := s.httpServer(t.Context())
	require.Positive(t, server.ReadHeaderTimeout)
	require.Positive(t, server.ReadTimeout)
	require.Positive(t, server.WriteTimeout)
	require.Positive(t, server.IdleTimeout)
	require.Equal(t, maxHeader, server.MaxHeaderBytes)
}

// TestEveryTextIsUsed: words that no screen says are a burden on every translator.
func TestEveryTextIsUsed(t *testing.T) {
	t.Parallel()
	used := &strings.Builder{}
	entries, err := os.ReadDir(".")
	require.NoError(t, err)
	for _, e := range entries {
		if e.IsDir() || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		text, err := os.ReadFile(e.Name())
		require.NoError(t, err)
		used.Write(text)
	}
	set, err := locale.Load("en")
	require.NoError(t, err)
	own := regexp.MustCompile(`^(page|step|queue|driver)\.`)
	for _, key := range slices.DeleteFunc(set.Default().Keys(), func(k string) bool { return !own.MatchString(k) }) {
		require.True(t, strings.Contains(used.String(), `"`+key+`"`), key)
	}
}
