package badnet

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// echo answers with what it gets, and with name first.
func echo(t *testing.T, name string) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_, _ = io.WriteString(c, name)
				_, _ = io.Copy(c, c)
			}()
		}
	}()
	return l.Addr().String()
}

func line(t *testing.T) (*Line, net.Conn) {
	l, err := New("127.0.0.1:0", echo(t, "server"), 1)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	return l, dial(t, l, "server")
}

func dial(t *testing.T, l *Line, name string) net.Conn {
	c, err := net.Dial("tcp", l.Addr())
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	got := make([]byte, len(name))
	_, err = io.ReadFull(c, got)
	require.NoError(t, err)
	require.Equal(t, name, string(got))
	return c
}

// returns sends so many bytes and gives how many came back in order, and the end.
func returns(t *testing.T, c net.Conn, n int, within time.Duration) (int, error) {
	sent := make([]byte, n)
	_, _ = rand.Read(sent)
	go func() { _, _ = c.Write(sent) }()
	require.NoError(t, c.SetReadDeadline(time.Now().Add(within)))
	got := make([]byte, n)
	k, err := io.ReadFull(c, got)
	require.True(t, bytes.Equal(sent[:k], got[:k]))
	return k, err
}

func TestLatencyIsPaidOnceEachWayHoweverMuchIsSent(t *testing.T) {
	l, c := line(t)
	require.NoError(t, l.Set(Toxics{Latency: 100 * time.Millisecond}))
	began := time.Now()
	n, err := returns(t, c, 100*segmentSize, 5*time.Second)
	require.NoError(t, err)
	require.Equal(t, 100*segmentSize, n)
	require.GreaterOrEqual(t, time.Since(began), 200*time.Millisecond)
	require.Less(t, time.Since(began), 2*time.Second)
}

func TestWhatIsLostIsSentAgainInItsOrder(t *testing.T) {
	l, c := line(t)
	require.NoError(t, l.Set(Toxics{Loss: 0.3}))
	began := time.Now()
	_, err := returns(t, c, 10*segmentSize, 20*time.Second)
	require.NoError(t, err)
	require.GreaterOrEqual(t, time.Since(began), resend, "of twenty segments some are lost")
}

func TestACutIsInTheMiddleOfASegment(t *testing.T) {
	l, c := line(t)
	require.NoError(t, l.Set(Toxics{Cut: 1}))
	n, err := returns(t, c, segmentSize, 5*time.Second)
	require.Less(t, n, segmentSize)
	require.Error(t, err)
	require.False(t, errors.Is(err, os.ErrDeadlineExceeded), "both ends are told")
}

func TestATunnelKeepsWhatWasSent(t *testing.T) {
	l, c := line(t)
	require.NoError(t, l.Set(Toxics{Stall: true}))
	_, err := c.Write([]byte("kept"))
	require.NoError(t, err)
	_, err = returns(t, c, 0, 0)
	require.NoError(t, err)
	require.NoError(t, c.SetReadDeadline(time.Now().Add(100*time.Millisecond)))
	got := make([]byte, 4)
	_, err = io.ReadFull(c, got)
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	require.NoError(t, l.Set(Toxics{}))
	require.NoError(t, c.SetReadDeadline(time.Now().Add(5*time.Second)))
	_, err = io.ReadFull(c, got)
	require.NoError(t, err)
	require.Equal(t, "kept", string(got))
}

func TestAHalfOpenConnectionStaysDeadAndNewOnesWork(t *testing.T) {
	l, c := line(t)
	require.NoError(t, l.Set(Toxics{Vanish: true}))
	n, err := returns(t, c, 10, 100*time.Millisecond)
	require.Zero(t, n)
	require.ErrorIs(t, err, os.ErrDeadlineExceeded, "nobody says that it is over")
	require.NoError(t, l.Set(Toxics{}))
	n, err = returns(t, c, 10, 100*time.Millisecond)
	require.Zero(t, n)
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	_, err = returns(t, dial(t, l, "server"), 10, 5*time.Second)
	require.NoError(t, err)
}

func TestRefusedAndThereAgainOnTheSamePort(t *testing.T) {
	l, c := line(t)
	require.NoError(t, l.Set(Toxics{Refuse: true}))
	_, err := returns(t, c, 10, 5*time.Second)
	require.Error(t, err)
	_, err = net.Dial("tcp", l.Addr())
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
	require.NoError(t, l.Set(Toxics{}))
	dial(t, l, "server")
}

func TestSomebodyElseAnswersInstead(t *testing.T) {
	l, c := line(t)
	require.NoError(t, l.Set(Toxics{Instead: echo(t, "portal")}))
	_, err := returns(t, c, 10, 5*time.Second)
	require.Error(t, err, "what stood is reset")
	dial(t, l, "portal")
	require.NoError(t, l.Set(Toxics{}))
	dial(t, l, "server")
}
