package outbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestAFileThatWasThereIsNeverReplacedByAnEmptyOne takes files away between two starts.
func TestAFileThatWasThereIsNeverReplacedByAnEmptyOne(t *testing.T) {
	for name, c := range map[string]struct {
		killed bool // the process did not close the file
		do     func(t *testing.T, path string)
		want   error
	}{
		"the file is gone":                     {do: remove(""), want: ErrGone},
		"the file is gone, after a kill":       {killed: true, do: remove(""), want: ErrGone},
		"the file and its mark are gone":       {killed: true, do: remove("", ".lock"), want: ErrGone},
		"file and log are gone":                {killed: true, do: remove("", "-wal"), want: ErrGone},
		"the log is gone, after a kill":        {killed: true, do: remove("-wal"), want: ErrGone},
		"the log is gone, in an orderly way":   {do: remove("-shm")},
		"the index is gone":                    {killed: true, do: remove("-shm")},
		"the mark is gone":                     {do: remove(".lock")},
		"the file is empty":                    {do: overwrite(0, -1), want: ErrCorrupt},
		"the file is empty and has no mark":    {do: both(overwrite(0, -1), remove(".lock")), want: ErrCorrupt},
		"the file is cut short":                {do: overwrite(50, -1), want: ErrCorrupt},
		"the file is cut after a page":         {do: overwrite(4096, -1), want: ErrCorrupt},
		"the first page is damaged":            {do: overwrite(0, 100), want: ErrCorrupt},
		"the tables are damaged":               {do: overwrite(100, 3*4096), want: ErrCorrupt},
		"the tables are damaged, after a kill": {killed: true, do: overwrite(100, 3*4096), want: ErrCorrupt},
		"another kind of file is in its place": {do: foreign, want: ErrForeign},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "outbox.db")
			if c.killed {
				dir, _ := killed(t)
				path = filepath.Join(dir, "outbox.db")
			} else {
				s := open(t, path)
				begin(t, s, "a")
				begin(t, s, "b")
				require.NoError(t, s.Close())
			}
			c.do(t, path)
			before := folder(t, path)
			for range 2 { // a second try is not wiser
				s, err := Open(t.Context(), path, Options{})
				if c.want == nil {
					require.NoError(t, err)
					require.Equal(t, 2, s.Depth().Pending)
					require.NoError(t, s.Close())
					continue
				}
				require.ErrorIs(t, err, c.want)
				after := folder(t, path)
				require.Equal(t, before[""], after[""], "the file was touched")
				require.Equal(t, string(before["-wal"]), string(after["-wal"]), "the log was touched")
			}
			if c.want == nil {
				_, _, err := SetAside(t.Context(), path)
				require.ErrorIs(t, err, ErrSound)
				return
			}
			kept, why, err := SetAside(t.Context(), path)
			require.NoError(t, err)
			require.ErrorIs(t, why, c.want)
			if before[""] != nil {
				require.Equal(t, path+".aside-1", kept)
				require.Equal(t, before[""], folder(t, kept)[""])
				require.Equal(t, string(before["-wal"]), string(folder(t, kept)["-wal"]))
			}
			s := open(t, path)
			require.Zero(t, s.Depth().Pending)
			_, _, err = SetAside(t.Context(), path)
			require.ErrorIs(t, err, ErrInUse)
		})
	}
}

func remove(suffixes ...string) func(*testing.T, string) {
	return func(t *testing.T, path string) {
		for _, s := range suffixes {
			if err := os.Remove(path + s); !os.IsNotExist(err) {
				require.NoError(t, err)
			}
		}
	}
}

// overwrite damages the bytes from one place to another, or cuts the file there (-1).
func overwrite(from, to int) func(*testing.T, string) {
	return func(t *testing.T, path string) {
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		if to < 0 {
			b = b[:from]
		}
		for i := from; i < min(to, len(b)); i++ {
			b[i] ^= 0xa5
		}
		require.NoError(t, os.WriteFile(path, b, 0o600))
	}
}

func both(a, b func(*testing.T, string)) func(*testing.T, string) {
	return func(t *testing.T, path string) { a(t, path); b(t, path) }
}

func foreign(t *testing.T, path string) {
	remove(".lock")(t, path)
	require.NoError(t, os.WriteFile(path, []byte("Dear Sir or Madam, this is a letter"), 0o600))
}

// folder is what stands at the path, by suffix; nil for nothing.
func folder(t *testing.T, path string) map[string][]byte {
	files := map[string][]byte{}
	for _, suffix := range []string{"", "-wal"} {
		b, err := os.ReadFile(path + suffix)
		if !os.IsNotExist(err) {
			require.NoError(t, err)
			files[suffix] = b
		}
	}
	return files
}

// TestAFileThatIsTakenAwayWhileInUseIsPutBack removes and replaces what the process
// works on. Nothing that was committed is lost, also if the process is killed after the
// next commit, and what others put in the place is kept.
func TestAFileThatIsTakenAwayWhileInUseIsPutBack(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(t *testing.T, path string)
		kept string
	}{
		"the log":  {do: remove("-wal")},
		"the file": {do: remove("")},
		"all":      {do: remove("", "-wal", "-shm", ".new")},
		"replaced by a letter": {do: func(t *testing.T, path string) {
			remove("")(t, path)
			require.NoError(t, os.WriteFile(path, []byte("letter"), 0o600))
		}, kept: "letter"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "store", "outbox.db")
			s := open(t, path)
			go func() {
				_ = s.Run(t.Context(), func(context.Context, Delivery) Verdict { return Again(time.Hour, nil) })
			}()
			begin(t, s, "a")
			c.do(t, path)
			begin(t, s, "b")
			events, err := s.Events(t.Context(), 2)
			require.NoError(t, err)
			require.Len(t, events, 1, "readers follow")

			// What a kill leaves now:
			dir := t.TempDir()
			for suffix, b := range folder(t, path) {
				require.NoError(t, os.WriteFile(filepath.Join(dir, "outbox.db"+suffix), b, 0o600))
			}
			left := open(t, filepath.Join(dir, "outbox.db"))
			require.Equal(t, s.ID(), left.ID())
			require.Equal(t, 2, left.Depth().Pending)

			c.do(t, path)
			require.NoError(t, s.Ping(t.Context()), "found without a commit, too")
			c.do(t, path)
			require.NoError(t, s.Close(), "and at the end")
			again := open(t, path)
			n, err := again.Verify(t.Context())
			require.NoError(t, err)
			require.EqualValues(t, 2, n)
			require.Equal(t, 2, again.Depth().Pending)
			if c.kept != "" {
				b, err := os.ReadFile(path + ".aside-3")
				require.NoError(t, err)
				require.Equal(t, c.kept, string(b))
			}
		})
	}
}

// TestPuttingBackKeepsEveryTable puts a file back that has something in each.
func TestPuttingBackKeepsEveryTable(t *testing.T) {
	path, backup, _ := lost(t)
	_, err := Restore(t.Context(), backup, path)
	require.NoError(t, err)
	s := openWith(t, path, testKey)
	stream := begin(t, s)
	closeStream(t, s, stream)
	require.NoError(t, s.Commit(t.Context(), func(tx *Tx) error { return tx.Mark(tx.Now()) }))
	require.NoError(t, appendTo(s, 0))
	require.Equal(t, []int64{stream}, prune(t, s, 100))
	before := everything(t, s)
	require.Len(t, before, 10)
	require.NoError(t, os.Remove(path))
	s.commit.Lock()
	err = s.putBack(t.Context())
	s.commit.Unlock()
	require.NoError(t, err)
	require.Equal(t, before, everything(t, s))
}

// everything is each table of the file as text, and the names of all else in it.
func everything(t *testing.T, s *Store) map[string][]string {
	all := map[string][]string{}
	for _, q := range []string{"file", "stream", "journal", "command", "private", "name", "pruned", "mark", "sqlite_sequence",
		"(SELECT type, name, sql, user_version FROM sqlite_schema, pragma_user_version)"} {
		rows, err := s.writer.Query("SELECT * FROM " + q)
		require.NoError(t, err)
		columns, err := rows.Columns()
		require.NoError(t, err)
		row := make([]any, len(columns))
		for i := range row {
			row[i] = new(any)
		}
		for rows.Next() {
			require.NoError(t, rows.Scan(row...))
			var text []byte
			for _, v := range row {
				text = fmt.Appendf(text, "%v|", *v.(*any))
			}
			all[q] = append(all[q], string(text))
		}
		require.NoError(t, rows.Err())
		slices.Sort(all[q])
	}
	return all
}

// TestWhatCannotBePutBackIsNotCalledWhole closes a file that was replaced by an older copy of
// it, or whose log was taken, on a disk that has no room for the new one.
func TestWhatCannotBePutBackIsNotCalledWhole(t *testing.T) {
	for name, do := range map[string]func(t *testing.T, path string, older []byte){
		"an older copy": func(t *testing.T, path string, older []byte) {
			remove("")(t, path)
			require.NoError(t, os.WriteFile(path, older, 0o600))
		},
		"no log": func(t *testing.T, path string, _ []byte) { remove("-wal")(t, path) },
	} {
		t.Run(name, func(t *testing.T) {
			path, _ := oldFile(t)
			older, err := os.ReadFile(path)
			require.NoError(t, err)
			s := open(t, path)
			begin(t, s, "b")
			do(t, path, older)
			require.NoError(t, os.MkdirAll(fresh(path)+"/in the way", 0o700))
			require.Error(t, s.Close())
			require.NoError(t, os.RemoveAll(fresh(path)))
			require.Equal(t, 2, open(t, path).Depth().Pending)
		})
	}
}

// TestADamagedPageIsNamed damages one page after the other: whether the file still opens
// or not, the damage is found and named, and the file can be set aside.
func TestADamagedPageIsNamed(t *testing.T) {
	path := tempFile(t)
	s := open(t, path)
	for range 60 {
		begin(t, s)
	}
	require.NoError(t, s.Commit(t.Context(), func(tx *Tx) error {
		_, err := tx.Append(1, "big", make([]byte, 20000))
		return err
	}))
	require.NoError(t, s.Close())
	require.NoError(t, Inspect(t.Context(), path))
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	opened := 0
	for page := 4096; page < len(whole); page += 4096 {
		damaged := filepath.Join(t.TempDir(), "outbox.db")
		require.NoError(t, os.WriteFile(damaged, whole, 0o600))
		overwrite(page, page+4096)(t, damaged)
		if s, err := Open(t.Context(), damaged, Options{}); err == nil {
			opened++
			_ = s.Close()
		} else {
			require.ErrorIs(t, err, ErrCorrupt)
		}
		require.Error(t, Inspect(t.Context(), damaged), "page at %d", page)
		_, why, err := SetAside(t.Context(), damaged)
		require.NoError(t, err, "page at %d", page)
		var broken *ChainError
		if !errors.As(why, &broken) {
			require.ErrorIs(t, why, ErrCorrupt)
		}
		require.NoError(t, open(t, damaged).Close())
	}
	require.Positive(t, opened, "damage that shows at the first look only proves little")
}
