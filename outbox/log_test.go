package outbox

import (
	"context"
	"os"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// logSize is the size of the log, in bytes.
func logSize(t *testing.T, s *Store) int64 {
	info, err := os.Stat(s.Path() + "-wal")
	require.NoError(t, err)
	return info.Size()
}

// large commits 64 kB.
func large(t *testing.T, s *Store, stream int64) {
	require.NoError(t, s.Commit(context.Background(), func(tx *Tx) error {
		_, err := tx.Append(stream, "x", make([]byte, 64<<10))
		return err
	}))
}

// reading holds a read transaction open from one tick to the twentieth, again and
// again, and is never without one for longer than it takes to open the next.
func reading(t *testing.T, s *Store, ticks <-chan struct{}) {
	for more := true; more; {
		done := s.look()
		rows, err := s.reader.Query("SELECT seq FROM journal")
		if err != nil || !rows.Next() {
			t.Error("cannot read", err)
			more = false
		}
		for n := 0; more && n < 20; n++ {
			_, more = <-ticks
		}
		_ = rows.Close()
		done()
	}
}

// TestTheLogStaysSmall writes 32 MB through a real log while two readers see to it that
// there is not one moment without a reader.
func TestTheLogStaysSmall(t *testing.T) {
	s := open(t, tempFile(t))
	stream := begin(t, s)
	var readers sync.WaitGroup
	ticks := []chan struct{}{make(chan struct{}, 1000), make(chan struct{}, 1000)}
	most := int64(0)
	for n := range 500 {
		if n == 0 || n == 10 {
			readers.Go(func() { reading(t, s, ticks[n/10]) })
		}
		large(t, s, stream)
		most = max(most, logSize(t, s))
		for _, c := range ticks {
			c <- struct{}{}
		}
	}
	for _, c := range ticks {
		close(c)
	}
	readers.Wait()
	t.Logf("the log had %d kB at most", most>>10)
	require.Less(t, most, int64(20<<20))

	// Another process is not waited for; the log is cut once it has read.
	rows, err := s.reader.Query("SELECT seq FROM journal")
	require.NoError(t, err)
	require.True(t, rows.Next())
	for logSize(t, s) < 2*logMost {
		large(t, s, stream)
	}
	require.NoError(t, rows.Close())
	s.trims.Wait()
	require.NoError(t, appendTo(s, stream))
	s.trims.Wait()
	require.Less(t, logSize(t, s), int64(logMost))
	_, err = s.Verify(t.Context())
	require.NoError(t, err)
}
