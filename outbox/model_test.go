package outbox

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestTheFileIsWhatWasCommitted compares the store with a model in plain memory
// over random commits, failures and restarts.
func TestTheFileIsWhatWasCommitted(t *testing.T) {
	dir := t.TempDir()
	round := 0
	rapid.Check(t, func(t *rapid.T) {
		round++
		path := filepath.Join(dir, fmt.Sprint(round))
		s, err := Open(t.Context(), path, Options{})
		require.NoError(t, err)
		defer func() { _ = s.Close() }()

		var streams []int64
		open := map[int64]bool{}
		events := map[int64][]string{}
		type command struct {
			key   string
			state State
		}
		var commands []command // index = id-1
		pick := func(t *rapid.T) int64 { return rapid.SampledFrom(streams).Draw(t, "stream") }
		do := func(f func(*Tx) error) { require.NoError(t, s.Commit(t.Context(), f)) }

		t.Repeat(map[string]func(*rapid.T){
			"begin": func(t *rapid.T) {
				do(func(tx *Tx) error {
					n, err := tx.Begin()
					streams, open[n] = append(streams, n), true
					return err
				})
			},
			"append and enqueue": func(t *rapid.T) {
				if len(streams) == 0 {
					t.Skip()
				}
				n, kind := pick(t), rapid.SampledFrom([]string{"x", "y"}).Draw(t, "kind")
				key := fmt.Sprintf("key-%d", len(commands))
				do(func(tx *Tx) error {
					if _, err := tx.Append(n, kind, []byte(kind)); err != nil {
						return err
					}
					return tx.Enqueue(n, Command{Kind: "send", Key: key})
				})
				events[n] = append(events[n], kind)
				commands = append(commands, command{key, Pending})
			},
			"fail": func(t *rapid.T) {
				if len(streams) == 0 {
					t.Skip()
				}
				n := pick(t)
				require.Error(t, s.Commit(t.Context(), func(tx *Tx) error {
					_, _ = tx.Append(n, "never", nil)
					_ = tx.Enqueue(n, Command{Kind: "send", Key: "never"})
					_, _ = tx.Begin()
					return fmt.Errorf("broken")
				}))
			},
			"change state": func(t *rapid.T) {
				if len(commands) == 0 {
					t.Skip()
				}
				i := rapid.IntRange(0, len(commands)-1).Draw(t, "command")
				to := rapid.SampledFrom([]State{Pending, Parked, Done, Void}).Draw(t, "to")
				err := s.Commit(t.Context(), func(tx *Tx) error {
					switch to {
					case Parked:
						return tx.Park(int64(i+1), "")
					case Pending:
						return tx.Unpark(int64(i+1), "")
					}
					return tx.Finish(int64(i+1), to, "")
				})
				from := commands[i].state
				legal := from == Pending && to != Pending || from == Parked && to != Parked
				require.Equal(t, legal, err == nil, "%s to %s", from, to)
				if legal {
					commands[i].state = to
				}
			},
			"close stream": func(t *rapid.T) {
				if len(streams) == 0 {
					t.Skip()
				}
				n, o := pick(t), rapid.Bool().Draw(t, "open")
				do(func(tx *Tx) error { return tx.SetOpen(n, o) })
				open[n] = o
			},
			"restart": func(t *rapid.T) {
				require.NoError(t, s.Close())
				s, err = Open(t.Context(), path, Options{})
				require.NoError(t, err)
			},
			"": func(t *rapid.T) {
				total := 0
				var openStreams []int64
				for _, n := range streams {
					if open[n] {
						openStreams = append(openStreams, n)
					}
					entries, err := s.Events(t.Context(), n)
					require.NoError(t, err)
					var kinds []string
					for _, e := range entries {
						kinds = append(kinds, e.Kind)
					}
					require.Equal(t, events[n], kinds)
					total += len(kinds)
				}
				got, err := s.OpenStreams(t.Context())
				require.NoError(t, err)
				require.Equal(t, openStreams, got)
				items, err := s.List(t.Context(), Filter{})
				require.NoError(t, err)
				require.Len(t, items, len(commands))
				var want Depth
				for _, i := range items {
					require.Equal(t, commands[i.ID-1], command{i.Key, i.State})
					switch i.State {
					case Pending:
						want.Pending++
					case Parked:
						want.Parked++
					}
				}
				depth := s.Depth()
				require.Equal(t, []int{want.Pending, want.Parked}, []int{depth.Pending, depth.Parked})
				n, err := s.Verify(t.Context())
				require.NoError(t, err)
				require.EqualValues(t, total, n)
			},
		})
	})
}
