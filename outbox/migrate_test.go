package outbox

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const oneMore = "ALTER TABLE stream ADD COLUMN label TEXT NOT NULL DEFAULT 'none'"

// after are the steps of a newer program.
func after(steps ...string) []string { return append(slices.Clone(migrations), steps...) }

func oldFile(t *testing.T) (path string, id string) {
	path = tempFile(t)
	s := open(t, path)
	begin(t, s, "a")
	id = s.ID()
	require.NoError(t, s.Close())
	return path, id
}

func TestMigrationRunsOnACopyAndKeepsEverything(t *testing.T) {
	path, id := oldFile(t)
	require.NoError(t, os.WriteFile(path+".new", []byte("left behind by a crash"), 0o600))
	require.NoError(t, prepareFile(t.Context(), path, after(oneMore)))
	require.NoFileExists(t, path+".new")

	db := openWriter(path)
	defer db.Close()
	var gotID, label string
	var version int
	require.NoError(t, db.QueryRow("SELECT file.id, label FROM file, stream WHERE stream.id = 1").Scan(&gotID, &label))
	require.NoError(t, db.QueryRow("PRAGMA user_version").Scan(&version))
	require.Equal(t, []any{id, "none", len(migrations) + 1}, []any{gotID, label, version})
	n, err := verifyChain(t.Context(), db)
	require.NoError(t, err)
	require.EqualValues(t, 1, n)
}

func TestAFailedMigrationLeavesTheOldFileInUse(t *testing.T) {
	path, id := oldFile(t)
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	err = prepareFile(t.Context(), path, after(oneMore, "CREATE TABLE stream (id)"))
	now := len(migrations)
	require.ErrorContains(t, err, fmt.Sprintf("schema %d to %d, the file stays as it was: step %d", now, now+2, now+2))
	left, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, before, left)
	require.NoFileExists(t, path+".new")
	s := open(t, path)
	require.Equal(t, id, s.ID())
	require.Equal(t, 1, s.Depth().Pending)
}

func TestAMigrationThatDamagesTheJournalIsRefused(t *testing.T) {
	path, _ := oldFile(t)
	err := prepareFile(t.Context(), path, after(
		"DROP TRIGGER journal_is_append_only; UPDATE journal SET body = x'00'"))
	var broken *ChainError
	require.ErrorAs(t, err, &broken)
	open(t, path)
}

func TestANewerFileIsLeftAlone(t *testing.T) {
	path, _ := oldFile(t)
	require.NoError(t, prepareFile(t.Context(), path, after(oneMore)))
	_, err := Open(t.Context(), path, Options{})
	require.ErrorIs(t, err, ErrNewer)
	require.ErrorContains(t, err, "install the newer program")
}

func TestTheFileHasANameOfItsOwn(t *testing.T) {
	seen := map[string]bool{}
	for range 50 {
		id := newFileID()
		require.Regexp(t, `^[0-9A-HJKMNP-TV-Z]{5}$`, id)
		seen[id] = true
	}
	require.Greater(t, len(seen), 45)
}

// TestAFileOfEveryOlderSchemaOpens writes a journal and a queue with each older
// schema and opens the file with this program.
func TestAFileOfEveryOlderSchemaOpens(t *testing.T) {
	for version := 1; version < len(migrations); version++ {
		path := tempFile(t)
		require.NoError(t, prepareFile(t.Context(), path, migrations[:version]))
		db := openWriter(path)
		e := Entry{Seq: 1, Stream: 1, At: time.UnixMicro(1), Kind: "k", Body: []byte("b")}
		hash := Chain{}.Follow(e).Hash
		_, err := db.Exec(`INSERT INTO stream (id) VALUES (1);
			INSERT INTO command (stream, kind, key, body, created_at) VALUES (1, 'c', 'c-1', x'01', 1)`)
		require.NoError(t, err)
		_, err = db.Exec("INSERT INTO journal VALUES (1, 1, 1, 'k', CAST('b' AS BLOB), ?)", hash[:])
		require.NoError(t, err)
		require.NoError(t, db.Close())

		s := open(t, path)
		require.Equal(t, 1, s.Depth().Pending)
		entries, err := s.Verify(t.Context())
		require.NoError(t, err)
		require.EqualValues(t, 1, entries)
		require.EqualValues(t, 2, s.Next())
	}
}

// TestAFileOfBeforeTheMarkOpens is the update of a program that knew no mark, and was
// killed: what is in the log only is there.
func TestAFileOfBeforeTheMarkOpens(t *testing.T) {
	dir, id := killed(t)
	path := filepath.Join(dir, "outbox.db")
	require.NoError(t, os.Truncate(path+".lock", 0))
	s := open(t, path)
	require.Equal(t, id, s.ID())
	require.Equal(t, 2, s.Depth().Pending)
	require.NoError(t, s.Close())
	require.NoFileExists(t, path+"-wal")

	for version := 1; version < len(migrations); version++ {
		for _, m := range []mark{{}, {id: "K7Q2X", log: true}} {
			was, path := tempFile(t), tempFile(t)
			require.NoError(t, prepareFile(t.Context(), was, migrations[:version]))
			db := openWriter(was)
			_, err := db.Exec("INSERT INTO stream (id) VALUES (1); INSERT INTO command (stream, kind, key, body, created_at) VALUES (1, 'c', 'c-1', x'01', 1)")
			require.NoError(t, err)
			for suffix, b := range folder(t, was) {
				require.NoError(t, os.WriteFile(path+suffix, b, 0o600))
			}
			require.NoError(t, db.Close())
			lock, err := lockFile(path + ".lock")
			require.NoError(t, err)
			require.NoError(t, m.write(lock))
			require.NoError(t, lock.Close())
			require.Equal(t, 1, open(t, path).Depth().Pending, "schema %d, %+v", version, m)
		}
	}
}
