package outbox

import (
	"context"
	"fmt"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkDelivered is one command from its event to its recorded outcome: two
// commits, two flushes.
func BenchmarkDelivered(b *testing.B) {
	b.Run("empty", func(b *testing.B) { delivered(b, open(b, tempFile(b))) })
	b.Run("after-a-million", func(b *testing.B) { delivered(b, filled(b, 1_000_000)) })
}

// filled is a file with so many commands that are done.
func filled(b *testing.B, n int) *Store {
	s := open(b, tempFile(b))
	stream := begin(b, s)
	require.NoError(b, s.Commit(context.Background(), func(tx *Tx) error {
		_, err := tx.tx.Exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
INSERT INTO command (stream, kind, key, body, state, created_at, finished_at)
SELECT ?, 'send', 'old-' || i, zeroblob(400), 'done', i, i FROM n`, n, stream)
		return err
	}))
	return s
}

func delivered(b *testing.B, s *Store) {
	done := make(chan struct{})
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		_ = s.Run(ctx, func(_ context.Context, d Delivery) Verdict {
			err := s.Commit(context.Background(), func(tx *Tx) error {
				if _, err := tx.Append(d.Stream, "delivered", d.Body); err != nil {
					return err
				}
				return tx.Finish(d.ID, Done, "")
			})
			if err != nil {
				panic(err)
			}
			done <- struct{}{}
			return Finished()
		})
	}()
	stream := begin(b, s)
	body := make([]byte, 400)
	n := 0
	for b.Loop() {
		n++
		require.NoError(b, s.Commit(context.Background(), func(tx *Tx) error {
			if _, err := tx.Append(stream, "event", body[:100]); err != nil {
				return err
			}
			return tx.Enqueue(stream, Command{Kind: "send", Key: fmt.Sprintf("key-%d", n), Body: body})
		}))
		<-done
	}
	cancel()
	<-stopped
}

// BenchmarkTwoBareFlushes is the floor: the same bytes appended to a plain file and
// flushed twice.
func BenchmarkTwoBareFlushes(b *testing.B) {
	f, err := os.Create(tempFile(b))
	require.NoError(b, err)
	defer f.Close()
	page := make([]byte, 4096)
	for b.Loop() {
		for range 2 {
			_, err := f.Write(page)
			require.NoError(b, err)
			require.NoError(b, syscall.Fdatasync(int(f.Fd())))
		}
	}
}
