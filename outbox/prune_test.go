package outbox

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func closeStream(t testing.TB, s *Store, stream int64) {
	t.Helper()
	require.NoError(t, s.Commit(context.Background(), func(tx *Tx) error { return tx.SetOpen(stream, false) }))
}

func appendTo(s *Store, stream int64) error {
	return s.Commit(context.Background(), func(tx *Tx) error { _, err := tx.Append(stream, "more", []byte("m")); return err })
}

func prune(t testing.TB, s *Store, upTo int64) []int64 {
	t.Helper()
	gone, err := s.Prune(context.Background(), upTo, 100)
	require.NoError(t, err)
	return gone
}

func TestAPrunedStreamIsGoneForGood(t *testing.T) {
	path := tempFile(t)
	s := open(t, path)
	old := begin(t, s, "a")
	begin(t, s)
	finish(t, s, 1)
	require.Empty(t, prune(t, s, 99), "it is open")
	closeStream(t, s, old)
	require.Empty(t, prune(t, s, 0), "it is too young")
	require.Equal(t, []int64{old}, prune(t, s, 99))
	require.Empty(t, prune(t, s, 99))

	check := func() {
		events, err := s.Events(t.Context(), old)
		require.NoError(t, err)
		require.Empty(t, events)
		items, err := s.List(t.Context(), Filter{})
		require.NoError(t, err)
		require.Empty(t, items)
		require.ErrorIs(t, appendTo(s, old), ErrNoStream)
		err = s.Commit(t.Context(), func(tx *Tx) error { return tx.Enqueue(old, Command{Kind: "send", Key: "a"}) })
		require.ErrorIs(t, err, ErrNoStream, "the key of a pruned command cannot be used again on its stream")
		require.ErrorIs(t, s.Commit(t.Context(), func(tx *Tx) error { return tx.SetOpen(old, true) }), ErrNoStream)
		p, err := s.Pruned(t.Context())
		require.NoError(t, err)
		require.Equal(t, Pruned{Entries: 1, Last: 1}, p)
		n, err := s.Verify(t.Context())
		require.NoError(t, err)
		require.EqualValues(t, 1, n)
		require.EqualValues(t, 3, s.Next())
	}
	check()
	require.NoError(t, s.Close())
	s = open(t, path)
	check()
}

func TestWhatIsStillNeededIsNotPruned(t *testing.T) {
	s := open(t, tempFile(t))
	require.NoError(t, appendTo(s, 0))
	withCommand, reopened, last := begin(t, s, "a"), begin(t, s), begin(t, s)
	for _, stream := range []int64{withCommand, reopened, last} {
		closeStream(t, s, stream)
	}
	require.NoError(t, appendTo(s, reopened)) // row 5
	require.NoError(t, appendTo(s, last))     // row 6
	require.Equal(t, []int64(nil), prune(t, s, 4), "an open command, a late entry, a late entry")
	require.Equal(t, []int64{reopened}, prune(t, s, 99), "and the journal's last row stays")
	finish(t, s, 1)
	require.Equal(t, []int64{withCommand}, prune(t, s, 99))
	events, err := s.Events(t.Context(), 0)
	require.NoError(t, err)
	require.Len(t, events, 1)
	_, err = s.Verify(t.Context())
	require.NoError(t, err)
}

func TestNothingIsDeletedByAccident(t *testing.T) {
	s := open(t, tempFile(t))
	closed, other := begin(t, s, "a"), begin(t, s, "b")
	finish(t, s, 1)
	closeStream(t, s, closed)
	for query, why := range map[string]string{
		"DELETE FROM journal":                               "journal rows are kept",
		"DELETE FROM journal WHERE seq = 1":                 "journal rows are kept",
		"DELETE FROM command WHERE id = 1":                  "a command is kept as long as its stream",
		"DELETE FROM command WHERE id = 2":                  "a command is kept as long as its stream",
		"DELETE FROM stream WHERE id = 0":                   "an open stream is kept",
		fmt.Sprint("DELETE FROM stream WHERE id = ", other): "an open stream is kept",
	} {
		_, err := s.writer.Exec(query)
		require.ErrorContains(t, err, why, query)
	}
	_, err := s.writer.Exec("DELETE FROM stream WHERE id = 1")
	require.ErrorContains(t, err, "FOREIGN KEY")
	prune(t, s, 1)
	_, err = s.writer.Exec("DELETE FROM journal WHERE seq = 2")
	require.ErrorContains(t, err, "journal rows are kept")
}

func TestAnAlteredJournalShowsAfterPruning(t *testing.T) {
	for name, tamper := range map[string]string{
		"row after the run changed": "DROP TRIGGER journal_is_append_only; UPDATE journal SET body = x'00' WHERE seq = 5",
		"row after the run deleted": "DROP TRIGGER journal_is_kept; DELETE FROM journal WHERE seq = 5",
		"row before it deleted":     "DROP TRIGGER journal_is_kept; DELETE FROM journal WHERE seq = 1",
		"run forgotten":             "DELETE FROM pruned",
		"run changed":               "UPDATE pruned SET hash = zeroblob(32)",
		"run made shorter":          "UPDATE pruned SET last = 3",
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, tempFile(t))
			begin(t, s)
			for range 3 {
				closeStream(t, s, begin(t, s))
			}
			begin(t, s)
			begin(t, s)
			require.Len(t, prune(t, s, 4), 3)
			_, err := s.Verify(t.Context())
			require.NoError(t, err)
			_, err = s.writer.Exec(tamper)
			require.NoError(t, err)
			_, err = s.Verify(t.Context())
			var broken *ChainError
			require.ErrorAs(t, err, &broken)
		})
	}
}

// TestPruningKeepsTheChain prunes random parts of random journals. What is kept can be
// verified, and what is missing is what was pruned.
func TestPruningKeepsTheChain(t *testing.T) {
	dir := t.TempDir()
	round := 0
	rapid.Check(t, func(t *rapid.T) {
		round++
		path := filepath.Join(dir, fmt.Sprint(round))
		s, err := Open(t.Context(), path, Options{})
		require.NoError(t, err)
		defer func() { _ = s.Close() }()
		chain := []Chain{{}}             // by seq
		rows := map[int64][]int64{0: {}} // by stream
		write := func(stream int64) {
			require.NoError(t, appendTo(s, stream))
			chain = append(chain, s.End())
			rows[stream] = append(rows[stream], s.End().Seq)
		}
		open := map[int64]bool{}
		pick := func(t *rapid.T) int64 {
			var ids []int64
			for id := int64(0); id < s.Next(); id++ {
				if _, ok := rows[id]; ok {
					ids = append(ids, id)
				}
			}
			return rapid.SampledFrom(ids).Draw(t, "stream")
		}
		check := func(t *rapid.T) {
			kept := map[int64]bool{}
			for id, seqs := range rows {
				events, err := s.Events(t.Context(), id)
				require.NoError(t, err)
				require.Len(t, events, len(seqs))
				for _, seq := range seqs {
					kept[seq] = true
				}
			}
			n, err := verifyChain(t.Context(), s.reader)
			require.NoError(t, err)
			require.EqualValues(t, len(kept), n)
			checkRuns(t, s, chain, kept)
		}
		t.Repeat(map[string]func(*rapid.T){
			"begin": func(t *rapid.T) {
				var id int64
				require.NoError(t, s.Commit(t.Context(), func(tx *Tx) (err error) { id, err = tx.Begin(); return err }))
				open[id] = true
				write(id)
			},
			"append": func(t *rapid.T) { write(pick(t)) },
			"close": func(t *rapid.T) {
				if id := pick(t); id != 0 {
					require.NoError(t, s.Commit(t.Context(), func(tx *Tx) error { return tx.SetOpen(id, false) }))
					open[id] = false
				}
			},
			"prune": func(t *rapid.T) {
				upTo, n := rapid.Int64Range(0, s.End().Seq).Draw(t, "up to"), rapid.IntRange(1, 5).Draw(t, "streams")
				gone, err := s.Prune(t.Context(), upTo, n)
				require.NoError(t, err)
				require.LessOrEqual(t, len(gone), n)
				for _, id := range gone {
					require.False(t, open[id])
					require.NotZero(t, id)
					require.LessOrEqual(t, rows[id][len(rows[id])-1], min(upTo, s.End().Seq-1))
					delete(rows, id)
				}
				check(t)
				if len(gone) == n {
					return
				}
				for id, seqs := range rows {
					require.False(t, id != 0 && !open[id] && seqs[len(seqs)-1] <= min(upTo, s.End().Seq-1), "stream %d is left", id)
				}
			},
			"restart": func(t *rapid.T) {
				require.NoError(t, s.Close())
				s, err = Open(t.Context(), path, Options{})
				require.NoError(t, err)
				require.Equal(t, chain[len(chain)-1], s.End())
				check(t)
			},
		})
	})
}

// checkRuns: the runs are all rows that are not kept, as few as can be, each with the
// hash that the chain had.
func checkRuns(t require.TestingT, s *Store, chain []Chain, kept map[int64]bool) {
	rows, err := s.reader.Query("SELECT first, last, hash FROM pruned ORDER BY first")
	require.NoError(t, err)
	defer rows.Close()
	missing, before := 0, int64(-1)
	for rows.Next() {
		var first, last int64
		var hash []byte
		require.NoError(t, rows.Scan(&first, &last, &hash))
		require.Greater(t, first, before+1, "runs do not touch")
		require.Equal(t, chain[last].Hash[:], hash)
		for seq := first; seq <= last; seq++ {
			require.False(t, kept[seq])
			missing++
		}
		before = last
	}
	require.Equal(t, len(chain)-1, missing+len(kept))
}

// TestAgeIsProvenByMarks: no row's own time counts, and no mark makes a later one older.
func TestAgeIsProvenByMarks(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2027, 1, n, 12, 0, 0, 0, time.UTC) }
	for name, c := range map[string]struct {
		marks []time.Time // after each row; zero for none
		then  time.Time
		want  int64
	}{
		"no marks":                   {[]time.Time{{}, {}}, day(9), 0},
		"all younger":                {[]time.Time{day(5), day(6)}, day(4), 0},
		"some older":                 {[]time.Time{day(1), {}, day(3), {}, day(5)}, day(4), 3},
		"at that very time":          {[]time.Time{day(1), day(4)}, day(4), 2},
		"all older":                  {[]time.Time{day(1), day(2), {}}, day(4), 2},
		"a late one in the past":     {[]time.Time{day(1), day(20), day(2)}, day(4), 1},
		"an early one in the future": {[]time.Time{day(20), day(1), day(2)}, day(4), 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, tempFile(t))
			for _, at := range c.marks {
				begin(t, s)
				if !at.IsZero() {
					require.NoError(t, s.Commit(t.Context(), func(tx *Tx) error { return tx.Mark(at) }))
				}
			}
			got, err := s.Before(t.Context(), c.then)
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}

func TestMarksThatSayNothingNewGo(t *testing.T) {
	s := open(t, tempFile(t))
	at := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	for n := range 6 {
		closeStream(t, s, begin(t, s))
		for range 2 { // the later one counts
			require.NoError(t, s.Commit(t.Context(), func(tx *Tx) error { return tx.Mark(at.AddDate(0, 0, n)) }))
		}
	}
	prune(t, s, 4)
	marks, err := s.LastMarks(t.Context(), 10)
	require.NoError(t, err)
	require.Equal(t, []Mark{{6, at.AddDate(0, 0, 5)}, {5, at.AddDate(0, 0, 4)}, {4, at.AddDate(0, 0, 3)}}, marks)
}
