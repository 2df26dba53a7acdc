package vipps

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestShapesKeepTheirLimits(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		shape    shape
		min, max int
	}{
		{"new reference", newReference, 8, 50},
		{"any reference", anyReference, 8, 64},
		{"trace id", tracePattern, 1, 128},
		{"code id", codeID, 1, 128},
		{"webhook id", webhookID, 1, 64},
		{"webhook event", webhookEvent, 2, 100},
	} {
		for _, n := range []int{0, tt.min - 1, tt.min, tt.max, tt.max + 1, 10 * tt.max} {
			require.Equal(t, tt.min <= n && n <= tt.max, tt.shape.MatchString(strings.Repeat("a", n)), "%s of %d", tt.name, n)
		}
		require.False(t, tt.shape.MatchString("aaaaaaaa\n"), tt.name)
		require.False(t, tt.shape.MatchString("aaaa aaaa\""), tt.name)
	}
	require.True(t, codeID.MatchString(strings.Repeat("å", 128)), "characters, not bytes")
}
