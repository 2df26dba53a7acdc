package outbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

func open(t testing.TB, path string) *Store {
	t.Helper()
	s, err := Open(t.Context(), path, Options{})
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func tempFile(t testing.TB) string { return filepath.Join(t.TempDir(), "outbox.db") }

// begin commits a new stream with one event and the commands.
func begin(t testing.TB, s *Store, keys ...string) int64 {
	t.Helper()
	var stream int64
	require.NoError(t, s.Commit(context.Background(), func(tx *Tx) (err error) {
		if stream, err = tx.Begin(); err != nil {
			return err
		}
		if _, err = tx.Append(stream, "begun", []byte(`{"n":1}`)); err != nil {
			return err
		}
		for _, k := range keys {
			if err := tx.Enqueue(stream, Command{Kind: "send", Key: k, Body: []byte("body of " + k)}); err != nil {
				return err
			}
		}
		return nil
	}))
	return stream
}

func finish(t testing.TB, s *Store, id int64) {
	t.Helper()
	require.NoError(t, s.Commit(context.Background(), func(tx *Tx) error { return tx.Finish(id, Done, "ok") }))
}

func TestAnEventAndItsCommandsAreCommittedTogetherOrNotAtAll(t *testing.T) {
	path := tempFile(t)
	s := open(t, path)
	stream := begin(t, s, "a")

	broken := errors.New("broken")
	err := s.Commit(t.Context(), func(tx *Tx) error {
		_, err := tx.Append(stream, "second", nil)
		require.NoError(t, err)
		require.NoError(t, tx.Enqueue(stream, Command{Kind: "send", Key: "b"}))
		return broken
	})
	require.ErrorIs(t, err, broken)

	check := func(s *Store) {
		events, err := s.Events(t.Context(), stream)
		require.NoError(t, err)
		require.Len(t, events, 1)
		require.Equal(t, `{"n":1}`, string(events[0].Body))
		items, err := s.List(t.Context(), Filter{})
		require.NoError(t, err)
		require.Len(t, items, 1)
		require.Equal(t, "body of a", string(items[0].Body))
		require.Equal(t, 1, s.Depth().Pending)
		n, err := s.Verify(t.Context())
		require.NoError(t, err)
		require.EqualValues(t, 1, n)
	}
	check(s)
	require.NoError(t, s.Close())
	check(open(t, path))
}

func TestStreamNumbersAreNeverUsedTwice(t *testing.T) {
	path := tempFile(t)
	s := open(t, path)
	require.EqualValues(t, 1, s.Next())
	require.EqualValues(t, 1, begin(t, s))
	require.EqualValues(t, 2, begin(t, s))
	_, err := s.writer.Exec("DROP TRIGGER journal_is_kept; DROP TRIGGER stream_is_kept; DELETE FROM journal; DELETE FROM stream")
	require.NoError(t, err)
	require.NoError(t, s.Close())
	s = open(t, path)
	require.EqualValues(t, 3, s.Next())
	require.EqualValues(t, 3, begin(t, s))
}

func TestOpenStreamsAreWhatIsReadAfterARestart(t *testing.T) {
	path := tempFile(t)
	s := open(t, path)
	first, second := begin(t, s), begin(t, s)
	require.NoError(t, s.Commit(t.Context(), func(tx *Tx) error { return tx.SetOpen(first, false) }))
	err := s.Commit(t.Context(), func(tx *Tx) error { return tx.SetOpen(99, false) })
	require.ErrorIs(t, err, ErrNoStream)
	require.NoError(t, s.Close())
	s = open(t, path)
	got, err := s.OpenStreams(t.Context())
	require.NoError(t, err)
	require.Equal(t, []int64{second}, got)
	recent, err := s.RecentStreams(t.Context(), 0, 10)
	require.NoError(t, err)
	require.Equal(t, []int64{second, first}, recent)
	recent, err = s.RecentStreams(t.Context(), second, 10)
	require.NoError(t, err)
	require.Equal(t, []int64{first}, recent)
}

func TestTheSameIntentCannotBeEnqueuedTwice(t *testing.T) {
	s := open(t, tempFile(t))
	stream := begin(t, s, "a")
	again := func() error {
		return s.Commit(t.Context(), func(tx *Tx) error {
			return tx.Enqueue(stream, Command{Kind: "send", Key: "a"})
		})
	}
	require.ErrorIs(t, again(), ErrDuplicate)
	finish(t, s, 1)
	require.ErrorIs(t, again(), ErrDuplicate, "also when it is done")
}

func TestACommandEndsOnceAndStaysAsItWasWritten(t *testing.T) {
	s := open(t, tempFile(t))
	begin(t, s, "a")
	require.ErrorContains(t, s.Commit(t.Context(), func(tx *Tx) error { return tx.Finish(1, Parked, "") }), "finish: as parked")
	finish(t, s, 1)
	for name, f := range map[string]func(*Tx) error{
		"finish": func(tx *Tx) error { return tx.Finish(1, Void, "") },
		"park":   func(tx *Tx) error { return tx.Park(1, "") },
		"unpark": func(tx *Tx) error { return tx.Unpark(1, "") },
		"absent": func(tx *Tx) error { return tx.Finish(77, Done, "") },
	} {
		require.ErrorIs(t, s.Commit(t.Context(), f), ErrNoCommand, name)
	}
	for _, q := range []string{
		"UPDATE command SET body = x'00'", "UPDATE command SET key = 'z'", "UPDATE command SET state = 'pending', finished_at = NULL",
		"UPDATE journal SET body = x'00'", "UPDATE command SET state = 'lost'",
		"INSERT INTO command (stream, kind, key, body, created_at) VALUES (42, 'k', 'k', x'', 1)",
		"INSERT INTO stream (id, open) VALUES ('one', 1)",
	} {
		_, err := s.writer.Exec(q)
		require.Error(t, err, q)
	}
}

func TestParkedCommandsAreCountedAndComeBack(t *testing.T) {
	path := tempFile(t)
	s := open(t, path)
	begin(t, s, "a", "b")
	require.NoError(t, s.Commit(t.Context(), func(tx *Tx) error { return tx.Park(1, "office calls the bank") }))
	require.Equal(t, 1, s.Depth().Parked)
	require.NoError(t, s.Close())
	s = open(t, path)
	require.Equal(t, 1, s.Depth().Parked)
	items, err := s.List(t.Context(), Filter{Open: true, ID: 1})
	require.NoError(t, err)
	require.Equal(t, Parked, items[0].State)
	require.Equal(t, "office calls the bank", items[0].Note)
	require.NoError(t, s.Commit(t.Context(), func(tx *Tx) error { return tx.Unpark(1, "") }))
	require.Equal(t, 2, s.Depth().Pending)
	require.False(t, s.Depth().Oldest.IsZero())
}

func TestListFilters(t *testing.T) {
	s := open(t, tempFile(t))
	one, two := begin(t, s, "a", "b"), begin(t, s, "c")
	finish(t, s, 1)
	for want, f := range map[string]Filter{
		"c b a": {}, "c b": {Open: true}, "b a": {Stream: one}, "c": {Stream: two, Limit: 5}, "a": {ID: 1}, "c ": {Limit: 1},
	} {
		items, err := s.List(t.Context(), f)
		require.NoError(t, err)
		got := ""
		for i, item := range items {
			if i > 0 {
				got += " "
			}
			got += item.Key
		}
		require.Equal(t, regexp.MustCompile(` $`).ReplaceAllString(want, ""), got, "%+v", f)
	}
}

func TestOneProcessOwnsTheFile(t *testing.T) {
	path := tempFile(t)
	s := open(t, path)
	_, err := Open(t.Context(), path, Options{})
	require.ErrorIs(t, err, ErrInUse)
	require.NoError(t, s.Close())
	open(t, path)
}

func TestADiskThatIsFullIsNamedAndLosesNothing(t *testing.T) {
	s := open(t, tempFile(t))
	stream := begin(t, s, "a")
	_, err := s.writer.Exec("PRAGMA max_page_count = 1") // raised to what the file has
	require.NoError(t, err)
	big := make([]byte, 1<<20)
	fill := func(tx *Tx) error { _, err := tx.Append(stream, "big", big); return err }
	require.ErrorIs(t, s.Commit(t.Context(), fill), ErrFull)
	_, err = s.writer.Exec("PRAGMA max_page_count = 1000000")
	require.NoError(t, err)
	require.NoError(t, s.Commit(t.Context(), fill), "the same commit goes through when there is room")
	n, err := s.Verify(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 2, n)
}

func TestFilesThatAreNotOurs(t *testing.T) {
	path := tempFile(t)
	require.NoError(t, os.WriteFile(path, []byte("this is no database, it is a text of some length"), 0o600))
	_, err := Open(t.Context(), path, Options{})
	require.ErrorIs(t, err, ErrForeign)

	path = tempFile(t)
	db, err := sql.Open("sqlite3", path)
	require.NoError(t, err)
	_, err = db.Exec("CREATE TABLE other (x)")
	require.NoError(t, err)
	require.NoError(t, db.Close())
	_, err = Open(t.Context(), path, Options{})
	require.ErrorIs(t, err, ErrForeign)
	require.ErrorContains(t, err, path)
}

func TestThisPackageKnowsNothingOfItsUse(t *testing.T) {
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	sqlFiles, err := filepath.Glob("schema/*.sql")
	require.NoError(t, err)
	word := regexp.MustCompile(`(?i)\b(pay|paid|payments?|capture[ds]?|fare|taxi|trip|vipps|money|passenger|refund)\b`)
	for _, f := range append(files, sqlFiles...) {
		if regexp.MustCompile(`_test\.go$`).MatchString(f) {
			continue
		}
		text, err := os.ReadFile(f)
		require.NoError(t, err)
		for _, hit := range word.FindAllString(string(text), -1) {
			t.Errorf("%s speaks of %q", f, hit)
		}
	}
}

func ExampleStore_Commit() {
	dir, _ := os.MkdirTemp("", "outbox")
	defer os.RemoveAll(dir)
	s, err := Open(context.Background(), filepath.Join(dir, "outbox.db"), Options{})
	if err != nil {
		panic(err)
	}
	defer s.Close()
	err = s.Commit(context.Background(), func(tx *Tx) error {
		stream, err := tx.Begin()
		if err != nil {
			return err
		}
		if _, err := tx.Append(stream, "door_opened", []byte(`{"door":3}`)); err != nil {
			return err
		}
		return tx.Enqueue(stream, Command{Kind: "tell", Key: "door-3-1", Body: []byte(`{"open":3}`)})
	})
	fmt.Println(err, s.Depth().Pending)
	// Output: <nil> 1
}
