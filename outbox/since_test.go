package outbox

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestACopyOfTheJournalCanBeReadInPartsAndVerified(t *testing.T) {
	s := open(t, tempFile(t))
	for range 7 {
		begin(t, s)
	}
	var end Chain
	for {
		links, err := s.Since(t.Context(), end.Seq, 3)
		require.NoError(t, err)
		if len(links) == 0 {
			break
		}
		require.LessOrEqual(t, len(links), 3)
		for _, l := range links {
			require.Equal(t, end.Seq+1, l.Seq)
			end = end.Follow(l.Entry)
			require.Equal(t, l.Hash, end.Hash)
		}
	}
	require.EqualValues(t, 7, end.Seq)

	before, err := s.Since(t.Context(), 5, 2)
	require.NoError(t, err)
	at := Chain{Seq: 6, Hash: before[0].Hash}
	require.Equal(t, before[1].Hash, at.Follow(before[1].Entry).Hash)
	before[1].Body = []byte("another")
	require.NotEqual(t, before[1].Hash, at.Follow(before[1].Entry).Hash)
}
