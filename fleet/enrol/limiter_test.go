package enrol

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func sender(n uint32) netip.Addr {
	return netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, n)))
}

func TestTheLimiterLimits(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	l := newLimiter()
	l.now = func() time.Time { return now }
	for range burst {
		require.True(t, l.allow(sender(1)))
	}
	require.False(t, l.allow(sender(1)))
	require.True(t, l.allow(sender(2)), "another one is not held up")
	now = now.Add(every)
	require.True(t, l.allow(sender(1)))
	require.False(t, l.allow(sender(1)))

	// One network of IPv6 is one sender.
	now = now.Add(time.Hour)
	for i := range burst {
		a := netip.MustParseAddr("2001:db8::").As16()
		a[15] = byte(i)
		require.True(t, l.allow(netip.AddrFrom16(a)))
	}
	require.False(t, l.allow(netip.MustParseAddr("2001:db8::ffff:1")))
	require.True(t, l.allow(netip.MustParseAddr("2001:db8:0:1::1")))
}

func TestTheLimiterDoesNotGrow(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	l := newLimiter()
	l.now = func() time.Time { return now }
	allowed := 0
	for n := range uint32(20_000) {
		if l.allow(sender(n)) {
			allowed++
		}
		require.LessOrEqual(t, len(l.each), known)
	}
	require.Equal(t, total, allowed, "all together are limited too")
	now = now.Add(time.Hour)
	require.True(t, l.allow(sender(7)))
	for n := range uint32(20_000) { // slowly enough to be let through
		now = now.Add(every / 10)
		require.True(t, l.allow(sender(n)))
		require.LessOrEqual(t, len(l.each), known)
	}
}
