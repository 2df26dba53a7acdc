package outbox

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestABackupIsTheStateOfOneMoment(t *testing.T) {
	path := tempFile(t)
	s := open(t, path)
	first := begin(t, s, "a")
	to := filepath.Join(t.TempDir(), "backup.db")
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() { // the car goes on
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
				_ = appendTo(s, first)
			}
		}
	}()
	for range 20 {
		c, err := Backup(t.Context(), path, to, true)
		require.NoError(t, err)
		require.Equal(t, []any{s.ID(), int64(1), 1}, []any{c.File, c.Newest, c.Open})
		again, err := examine(t.Context(), to)
		require.NoError(t, err)
		require.Equal(t, c, again)
	}
	close(stop)
	<-stopped
	info, err := os.Stat(to)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	left, err := filepath.Glob(to + "?*")
	require.NoError(t, err)
	require.Empty(t, left, "nothing beside it")
	require.NoError(t, s.Close())
	_, err = Backup(t.Context(), path, to, true)
	require.NoError(t, err, "also of a file that nobody has open")
}

// A backup of what a killed process left takes its log along, and leaves it.
func TestABackupOfAKilledProcessHasItsLog(t *testing.T) {
	dir, _ := killed(t)
	path := filepath.Join(dir, "outbox.db")
	before := folder(t, path)
	c, err := Backup(t.Context(), path, filepath.Join(t.TempDir(), "backup.db"), false)
	require.NoError(t, err)
	require.EqualValues(t, 2, c.Entries)
	require.Equal(t, before, folder(t, path))
}

func TestABackupReplacesNothingByItself(t *testing.T) {
	path := tempFile(t)
	s := open(t, path)
	begin(t, s)
	for _, suffix := range []string{"", "-wal", ".lock"} {
		_, err := Backup(t.Context(), path, path+suffix, true)
		require.ErrorIs(t, err, ErrItself)
	}
	_, err := Backup(t.Context(), path, t.TempDir(), true)
	require.ErrorIs(t, err, ErrNoFile)
	to := filepath.Join(t.TempDir(), "there")
	require.NoError(t, os.WriteFile(to, []byte("precious"), 0o600))
	_, err = Backup(t.Context(), path, to, false)
	require.ErrorIs(t, err, ErrExists)
	text, err := os.ReadFile(to)
	require.NoError(t, err)
	require.Equal(t, "precious", string(text))

	_, err = s.writer.Exec("DROP TRIGGER journal_is_append_only; UPDATE journal SET body = x'00'")
	require.NoError(t, err)
	_, err = Backup(t.Context(), path, to, true)
	var broken *ChainError
	require.ErrorAs(t, err, &broken, "what cannot be verified is no backup")
	require.NoFileExists(t, to+".part")
	_, err = Backup(t.Context(), tempFile(t), to, true)
	require.ErrorIs(t, err, os.ErrNotExist)
}

// lost is a file, a backup of it, and what was done after the backup.
func lost(t *testing.T) (path, backup, name string) {
	path, backup = tempFile(t), filepath.Join(t.TempDir(), "backup.db")
	s := openWith(t, path, testKey)
	begin(t, s, "a")
	begin(t, s)
	require.NoError(t, s.Commit(t.Context(), func(tx *Tx) error { _, err := tx.Keep("contact", []byte("who")); return err }))
	_, err := Backup(t.Context(), path, backup, false)
	require.NoError(t, err)
	finish(t, s, 1)
	begin(t, s, "b")
	require.NoError(t, s.Close())
	return path, backup, s.ID()
}

func TestARestoredFileIsAnotherFromThenOn(t *testing.T) {
	path, backup, old := lost(t)
	r, err := Restore(t.Context(), backup, path)
	require.NoError(t, err)
	require.Equal(t, []any{old, int64(2), int64(2), 2}, []any{r.File, r.Newest, r.Entries, r.Open})
	require.NotEqual(t, old, r.Name)

	s := openWith(t, path, testKey)
	require.Equal(t, r.Name, s.ID())
	require.Equal(t, []Name{{old, 0}, {r.Name, 2}}, s.Names())
	_, err = s.Verify(t.Context())
	require.NoError(t, err)
	people, err := s.Privates(t.Context(), "contact")
	require.NoError(t, err)
	require.Equal(t, "who", string(people[0].Body), "what was sealed under the old name")

	links, err := s.Since(t.Context(), 2, 9)
	require.NoError(t, err)
	require.Len(t, links, 1)
	var said Restored
	require.NoError(t, json.Unmarshal(links[0].Body, &said))
	hash, err := hex.DecodeString(said.Hash)
	require.NoError(t, err)
	require.Equal(t, Restored{File: old, Seq: 2, Hash: said.Hash, Name: r.Name}, said)
	require.Equal(t, links[0].Hash, Chain{2, [32]byte(hash)}.Follow(links[0].Entry).Hash)

	aside := open(t, r.Aside)
	require.Equal(t, old, aside.ID())
	require.EqualValues(t, 4, aside.Next(), "what was done after the backup is in the file that was put aside")
}

func TestWhatARestoredFileSendsOfOldStreamsIsUncertain(t *testing.T) {
	path, backup, _ := lost(t)
	_, err := Restore(t.Context(), backup, path)
	require.NoError(t, err)
	s := open(t, path)
	fresh := begin(t, s, "c")
	require.NoError(t, s.Commit(t.Context(), func(tx *Tx) error { return tx.Enqueue(2, Command{Kind: "send", Key: "d"}) }))
	uncertain := map[string]bool{}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	got := make(chan Delivery)
	go func() {
		_ = s.Run(ctx, func(_ context.Context, d Delivery) Verdict { got <- d; return Again(time.Hour, nil) })
	}()
	for range 3 {
		d := <-got
		uncertain[d.Key] = d.Uncertain
	}
	require.Equal(t, map[string]bool{"a": true, "c": false, "d": true}, uncertain)
	require.EqualValues(t, 3, fresh)
	cancel()
}

func TestARestoreThatCannotBeDoneChangesNothing(t *testing.T) {
	path, backup, _ := lost(t)
	whole, err := os.ReadFile(backup)
	require.NoError(t, err)
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	damaged := append([]byte{}, whole...)
	copy(damaged[len(damaged)-4096:], make([]byte, 4096))
	for name, content := range map[string][]byte{"empty": {}, "text": []byte(strings.Repeat("no database ", 1000)), "cut": whole[:len(whole)/2], "damaged": damaged} {
		file := filepath.Join(t.TempDir(), name)
		require.NoError(t, os.WriteFile(file, content, 0o600))
		_, err := Restore(t.Context(), file, path)
		require.Error(t, err, name)
	}
	require.NoError(t, os.WriteFile(fresh(path), whole, 0o600))
	_, err = Restore(t.Context(), fresh(path), path)
	require.ErrorContains(t, err, "another name")
	require.NoError(t, os.Remove(fresh(path)))
	_, err = Restore(t.Context(), filepath.Join(t.TempDir(), "missing"), path)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.NoError(t, os.WriteFile(backup+"-wal", []byte("x"), 0o600))
	_, err = Restore(t.Context(), backup, path)
	require.ErrorContains(t, err, "not a backup")
	require.NoError(t, os.Remove(backup+"-wal"))

	s := open(t, path)
	_, err = Restore(t.Context(), backup, path)
	require.ErrorIs(t, err, ErrInUse)
	require.NoError(t, s.Close())
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, before, after)
	left, err := filepath.Glob(path + "?*")
	require.NoError(t, err)
	require.Equal(t, []string{path + ".lock"}, slices.DeleteFunc(left, func(name string) bool { return name == path+"-shm" }))
}

// A file that cannot be opened is kept with its log, whose commits may be all that is
// left of it.
func TestADamagedFileIsKeptAsideWithItsLog(t *testing.T) {
	path, backup, _ := lost(t)
	require.NoError(t, os.WriteFile(path, []byte("rubbish"), 0o600))
	require.NoError(t, os.WriteFile(path+"-wal", []byte("a log"), 0o600))
	r, err := Restore(t.Context(), backup, path)
	require.NoError(t, err)
	for name, want := range map[string]string{r.Aside: "rubbish", r.Aside + "-wal": "a log"} {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		require.Equal(t, want, string(text))
	}
	_, err = open(t, path).Verify(t.Context())
	require.NoError(t, err)
}

// A restore that was cut off counts from when the mark says so. What is left of one that
// has not begun is not taken for one, also when the file is lost later.
func TestARestoreThatIsCutOffIsFinishedOrNotBegun(t *testing.T) {
	path, backup, old := lost(t)
	_, _, err := prepareRestore(t.Context(), backup, fresh(path))
	require.NoError(t, err)
	s := open(t, path)
	require.Equal(t, old, s.ID())
	require.NoError(t, s.Close())
	require.NoFileExists(t, fresh(path))
	_, _, err = prepareRestore(t.Context(), backup, fresh(path))
	require.NoError(t, err)
	require.NoError(t, os.Remove(path))
	_, err = Open(t.Context(), path, Options{})
	require.ErrorIs(t, err, ErrGone)

	path, backup, old = lost(t)
	r, born, err := prepareRestore(t.Context(), backup, fresh(path))
	require.NoError(t, err)
	lock, err := lockFile(path + ".lock")
	require.NoError(t, err)
	require.NoError(t, mark{id: born, fresh: true}.begin(path, lock))
	require.NoError(t, lock.Close())
	require.NoError(t, Inspect(t.Context(), path))
	s = open(t, path)
	require.Equal(t, r.Name, s.ID())
	require.NoFileExists(t, fresh(path))
	require.Equal(t, old, open(t, path+".aside-1").ID())
}

func TestTwiceRestoredIsTwiceRenamed(t *testing.T) {
	path, backup, old := lost(t)
	first, err := Restore(t.Context(), backup, path)
	require.NoError(t, err)
	second, err := Restore(t.Context(), backup, path)
	require.NoError(t, err)
	require.NotEqual(t, first.Name, second.Name)
	require.NotEqual(t, first.Aside, second.Aside)
	require.NoError(t, os.Remove(backup))
	_, err = Backup(t.Context(), path, backup, false)
	require.NoError(t, err)
	third, err := Restore(t.Context(), backup, path)
	require.NoError(t, err)
	require.Equal(t, []Name{{old, 0}, {second.Name, 2}, {third.Name, 3}}, open(t, path).Names())
}

// TestWhatIsNotPutInTheOutboxesPlace: the outbox itself under any name, no file, and a
// backup of nothing. All stays as it was.
func TestWhatIsNotPutInTheOutboxesPlace(t *testing.T) {
	path, _, _ := lost(t)
	dir, elsewhere := filepath.Dir(path), t.TempDir()
	require.NoError(t, os.Symlink(path, filepath.Join(elsewhere, "symlink")))
	require.NoError(t, os.Link(path, filepath.Join(elsewhere, "link")))
	empty := filepath.Join(elsewhere, "empty.db")
	require.NoError(t, open(t, empty).Close())
	before := everyFile(t, dir)
	for file, want := range map[string]error{
		path: ErrItself, path + ".lock": ErrItself, filepath.Join(dir, ".", "outbox.db"): ErrItself,
		filepath.Join(elsewhere, "symlink"): ErrItself, filepath.Join(elsewhere, "link"): ErrItself,
		elsewhere: ErrNoFile, empty: ErrEmpty, filepath.Join(elsewhere, "none"): os.ErrNotExist,
	} {
		_, err := Restore(t.Context(), file, path)
		require.ErrorIs(t, err, want, file)
		require.Equal(t, before, everyFile(t, dir), file)
	}
}
