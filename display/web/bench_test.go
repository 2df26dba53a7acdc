package web

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/display"
	"taxiterminal/money"
)

// BenchmarkShowToClient is the way of an amount from Show to the bytes that a
// client has read from its socket on loopback, with one passenger's and one
// driver's page open. "code" draws a new code each time, which a running trip
// does once.
func BenchmarkShowToClient(b *testing.B) {
	for _, bb := range []struct {
		name string
		make func(n int) display.View
	}{
		{"amount", func(n int) display.View {
			return view(display.Connecting, display.ReasonCreating, parts, amount(money.Minor(n)))
		}},
		{"same-code", func(n int) display.View {
			return view(display.Due, "", parts, code, amount(money.Minor(n)))
		}},
		{"new-code", func(n int) display.View {
			return view(display.Due, "", parts, amount(money.Minor(n)), func(v *display.View) {
				v.QR = vippsText + strconv.Itoa(n%10)
			})
		}},
	} {
		b.Run(bb.name, func(b *testing.B) { showToClient(b, bb.make) })
	}
}

func showToClient(b *testing.B, makeView func(n int) display.View) {
	s, _ := start(b, options())
	go discard(dialStream(b, s, "/driver/events"))
	in := bufio.NewReaderSize(dialStream(b, s, "/events"), 64<<10)
	var took []time.Duration
	n := 100_000
	for b.Loop() {
		n++
		mark := []byte(fmt.Sprintf("%d,%02d", n/100%1000, n%100))
		v := makeView(n)
		before := time.Now()
		s.Show(v)
		for {
			line, err := in.ReadSlice('\n')
			if err != nil && err != bufio.ErrBufferFull {
				b.Fatal(err)
			}
			if bytes.Contains(line, mark) {
				break
			}
		}
		took = append(took, time.Since(before))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}

func dialStream(b *testing.B, s *Server, path string) net.Conn {
	c, err := net.Dial("tcp", s.Addr())
	require.NoError(b, err)
	b.Cleanup(func() { c.Close() })
	_, err = fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", path, s.Addr())
	require.NoError(b, err)
	return c
}

func discard(c net.Conn) {
	buf := make([]byte, 64<<10)
	for {
		if _, err := c.Read(buf); err != nil {
			return
		}
	}
}

// BenchmarkShow is what Show costs its caller.
func BenchmarkShow(b *testing.B) {
	s, err := New(options())
	require.NoError(b, err)
	v := view(display.Due, "", parts, code)
	for b.Loop() {
		s.Show(v)
	}
}
