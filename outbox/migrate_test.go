package outbox

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

const stepTwo = "ALTER TABLE stream ADD COLUMN label TEXT NOT NULL DEFAULT 'none'"

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
	require.NoError(t, prepareFile(t.Context(), path, append(migrations[:1:1], stepTwo)))
	require.NoFileExists(t, path+".new")

	db := openWriter(path)
	defer db.Close()
	var gotID, label string
	var version int
	require.NoError(t, db.QueryRow("SELECT file.id, label FROM file, stream").Scan(&gotID, &label))
	require.NoError(t, db.QueryRow("PRAGMA user_version").Scan(&version))
	require.Equal(t, []any{id, "none", 2}, []any{gotID, label, version})
	n, err := verifyChain(t.Context(), db)
	require.NoError(t, err)
	require.EqualValues(t, 1, n)
}

func TestAFailedMigrationLeavesTheOldFileInUse(t *testing.T) {
	path, id := oldFile(t)
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	err = prepareFile(t.Context(), path, append(migrations[:1:1], stepTwo, "CREATE TABLE stream (id)"))
	require.ErrorContains(t, err, "schema 1 to 3, the file stays as it was: step 3")
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, before, after)
	require.NoFileExists(t, path+".new")
	s := open(t, path)
	require.Equal(t, id, s.ID())
	require.Equal(t, 1, s.Depth().Pending)
}

func TestAMigrationThatDamagesTheJournalIsRefused(t *testing.T) {
	path, _ := oldFile(t)
	err := prepareFile(t.Context(), path, append(migrations[:1:1],
		"DROP TRIGGER journal_is_append_only; UPDATE journal SET body = x'00'"))
	var broken *ChainError
	require.ErrorAs(t, err, &broken)
	open(t, path)
}

func TestANewerFileIsLeftAlone(t *testing.T) {
	path, _ := oldFile(t)
	require.NoError(t, prepareFile(t.Context(), path, append(migrations[:1:1], stepTwo)))
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
