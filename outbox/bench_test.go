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
	s := open(b, tempFile(b))
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
