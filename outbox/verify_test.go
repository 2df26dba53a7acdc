package outbox

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestAFileIsVerifiedWithoutATrace looks at files as they are left, in a folder that may
// not change.
func TestAFileIsVerifiedWithoutATrace(t *testing.T) {
	for name, c := range map[string]struct {
		killed bool
		do     func(t *testing.T, path string)
		want   error
		chain  bool
	}{
		"left in an orderly way":      {},
		"its index is gone":           {do: remove("-shm")},
		"it has no mark":              {do: remove(".lock", "-shm")},
		"killed, with commits in log": {killed: true},
		"damaged":                     {do: overwrite(100, 3*4096), want: ErrCorrupt},
		"damaged, killed":             {killed: true, do: overwrite(100, 3*4096), want: ErrCorrupt},
		"altered":                     {do: altered, chain: true},
		"altered, killed":             {killed: true, do: altered, chain: true},
		"foreign":                     {do: foreign, want: ErrForeign},
		"gone":                        {do: remove(""), want: ErrGone},
		"its log is gone":             {killed: true, do: remove("-wal"), want: ErrGone},
		"never was":                   {do: remove("", ".lock", "-shm"), want: ErrNone},
		"being replaced":              {do: replaced, want: ErrUnfinished},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if c.killed {
				dir, _ = killed(t)
			} else {
				s := open(t, filepath.Join(dir, "outbox.db"))
				begin(t, s, "a")
				begin(t, s, "b")
				require.NoError(t, s.Close())
			}
			path := filepath.Join(dir, "outbox.db")
			if c.do != nil {
				c.do(t, path)
			}
			before := everyFile(t, dir)
			got, err := VerifyFile(t.Context(), path)
			var broken *ChainError
			switch {
			case c.chain:
				require.ErrorAs(t, err, &broken)
			case c.want != nil:
				require.ErrorIs(t, err, c.want)
			default:
				require.NoError(t, err)
				require.Equal(t, []int64{2, 2}, []int64{got.Entries, got.Newest})
			}
			require.Equal(t, before, everyFile(t, dir))
			if c.want == ErrNone || c.want == ErrUnfinished {
				err = nil
			}
			require.Equal(t, err == nil, Inspect(t.Context(), path) == nil, "Inspect sees the same")
			require.Equal(t, before, everyFile(t, dir))
		})
	}
}

// altered changes a row under the chain. A log that was there stays, as a kill leaves it.
func altered(t *testing.T, path string) {
	killed := there(path + "-wal")
	db := openWriter(path)
	_, err := db.ExecContext(t.Context(), "DROP TRIGGER journal_is_append_only; UPDATE journal SET kind = 'other' WHERE seq = 1")
	require.NoError(t, err)
	log, err := os.ReadFile(path + "-wal")
	require.NoError(t, err)
	require.NoError(t, db.Close())
	if killed {
		require.NoError(t, os.WriteFile(path+"-wal", log, 0o600))
	}
}

func replaced(t *testing.T, path string) {
	lock, err := lockFile(path + ".lock")
	require.NoError(t, err)
	require.NoError(t, mark{id: "AAAAA", fresh: true}.write(lock))
	require.NoError(t, lock.Close())
}

// everyFile is what stands in a folder, byte by byte.
func everyFile(t *testing.T, dir string) map[string]string {
	list, err := os.ReadDir(dir)
	require.NoError(t, err)
	files := map[string]string{}
	for _, f := range list {
		b, err := os.ReadFile(filepath.Join(dir, f.Name()))
		require.NoError(t, err)
		files[f.Name()] = string(b)
	}
	return files
}

// TestAFileInUseIsVerifiedByWhoHasIt, and one that is being verified is not opened.
func TestAFileInUseIsVerifiedByWhoHasIt(t *testing.T) {
	path := tempFile(t)
	s := open(t, path)
	begin(t, s, "a")
	_, err := VerifyFile(t.Context(), path)
	require.ErrorIs(t, err, ErrInUse)
	require.NoError(t, Inspect(t.Context(), path))
	require.NoError(t, s.Close())

	lock, err := os.Open(path + ".lock")
	require.NoError(t, err)
	require.NoError(t, syscall.Flock(int(lock.Fd()), syscall.LOCK_SH))
	_, err = VerifyFile(t.Context(), path)
	require.NoError(t, err, "two who only look")
	_, err = Open(t.Context(), path, Options{})
	require.ErrorIs(t, err, ErrInUse)
	require.NoError(t, lock.Close())
}
