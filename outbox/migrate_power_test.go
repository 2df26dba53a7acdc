package outbox

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"taxiterminal/outbox/disktest"
)

// serveFiles is the child that makes and migrates files: a line names what and where,
// and the answer is one line.
func serveFiles() {
	work := map[string]func(string) (string, error){
		"migrate": func(path string) (string, error) {
			return "", prepareFile(context.Background(), path, after(oneMore))
		},
		"make": func(path string) (string, error) {
			s, err := Open(context.Background(), path, Options{})
			if err != nil {
				return "", err
			}
			return s.ID(), s.Close()
		},
		"set-aside": func(path string) (string, error) {
			_, _, err := SetAside(context.Background(), path)
			return "", err
		},
		"putback": func(path string) (string, error) {
			s, err := Open(context.Background(), path, Options{})
			if err != nil {
				return "", err
			}
			if err := os.Remove(path + "-wal"); err != nil {
				return "", err
			}
			return "", s.Commit(context.Background(), func(tx *Tx) error {
				return tx.Enqueue(1, Command{Kind: "send", Key: "c"})
			})
		},
		"restore": func(path string) (string, error) {
			r, err := Restore(context.Background(), filepath.Join(filepath.Dir(path), "backup"), path)
			return r.Name, err
		},
	}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		what, path, _ := strings.Cut(lines.Text(), " ")
		id, err := work[what](path)
		fmt.Printf("%t %s\n", err == nil, id)
	}
}

// server starts the child. The function asks it for one thing.
func server(t *testing.T) func(what, path string) (ok bool, id string) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"=stdin", childEnv+"_SERVES=1")
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { require.NoError(t, in.Close()); require.NoError(t, cmd.Wait()) })
	answers := bufio.NewScanner(out)
	return func(what, path string) (bool, string) {
		_, err := io.WriteString(in, what+" "+path+"\n")
		require.NoError(t, err)
		require.True(t, answers.Scan(), "the child died")
		ok, id, _ := strings.Cut(answers.Text(), " ")
		return ok == "true", id
	}
}

// killed is a folder with a file whose last commits are in the log only, as a process
// leaves it that was killed.
func killed(t *testing.T) (dir, id string) {
	path, id := oldFile(t)
	s := open(t, path)
	begin(t, s, "b")
	dir = t.TempDir()
	for _, suffix := range []string{"", "-wal", ".lock"} {
		b, err := os.ReadFile(path + suffix)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, "outbox.db"+suffix), b, 0o600))
	}
	return dir, id
}

// cutEverywhere lets a child do one thing on a disk again and again, with the power
// going one change later each time, until it gets to its end. Each time it looks at
// disks that may be left: at more of them in the long form.
func cutEverywhere(t *testing.T, what, from string, stride int, look func(path string, done bool, said string)) {
	ask := server(t)
	pictures := 1 + *cuts/200
	if pictures > 1 {
		stride = 1
	}
	cutAt := 0
	for done := false; !done; {
		cutAt += stride
		disk := disktest.New(uint64(cutAt))
		path := filepath.Join(disk.Mount(t), "outbox.db")
		require.NoError(t, disk.Load(from))
		disk.CutAfter(cutAt)
		var said string
		if done, said = ask(what, path); !done {
			<-disk.Dead()
		}
		for n := range pictures {
			dir := t.TempDir()
			require.NoError(t, disk.Leave(dir, disktest.Keeps((cutAt+n)%3)))
			look(filepath.Join(dir, "outbox.db"), done, said)
			require.False(t, t.Failed(), "cut at change %d", cutAt)
		}
	}
	t.Logf("%d changes of the disk, the power cut at one in %d: %d disks that may be left, all sound", cutAt-1, stride, cutAt/stride*pictures)
}

// TestAMigrationIsCutAtEveryChange cuts the power at every change of the disk that a
// migration makes. Each time the file is the old one or the new one, opens, and has
// every row.
func TestAMigrationIsCutAtEveryChange(t *testing.T) {
	from, id := killed(t)
	cutEverywhere(t, "migrate", from, 1, func(path string, done bool, _ string) {
		version, err := fileVersion(path)
		require.NoError(t, err)
		if done || version != len(migrations) {
			require.Equal(t, len(migrations)+1, version)
		}
		require.NoError(t, prepareFile(t.Context(), path, after(oneMore)))
		db := openWriter(path)
		defer db.Close()
		require.NoError(t, checkFile(t.Context(), db))
		var got string
		require.NoError(t, db.QueryRow(`SELECT id || ' ' || (SELECT max(label) FROM stream) || ' ' ||
			(SELECT count(*) FROM command) || ' ' || (SELECT count(*) FROM journal) FROM file`).Scan(&got))
		require.Equal(t, id+" none 2 2", got)
	})
}

// TestTheMakingOfAFileIsCutAtEveryChange does the same where there is no file yet, up to
// its closing: the next start makes one, or has the one that was spoken of. The short
// form leaves changes out.
func TestTheMakingOfAFileIsCutAtEveryChange(t *testing.T) {
	cutEverywhere(t, "make", t.TempDir(), 4, func(path string, _ bool, said string) {
		s, err := Open(t.Context(), path, Options{})
		require.NoError(t, err)
		if said != "" {
			require.Equal(t, said, s.ID(), "it may have left the device in a reference")
		}
		require.NoError(t, s.Close())
	})
}

// TestARestoreIsCutAtEveryChange cuts the power at every change of the disk that a restore
// makes over a file whose process was killed, so that its last commits are in the log only.
// Each time the next start has the former file, whole, or the restored one and the former
// one kept aside, whole.
func TestARestoreIsCutAtEveryChange(t *testing.T) {
	from, old := killed(t)
	path, _ := oldFile(t)
	_, err := Backup(t.Context(), path, filepath.Join(from, "backup"), false)
	require.NoError(t, err)
	former, restored := 0, 0
	cutEverywhere(t, "restore", from, 1, func(path string, done bool, said string) {
		s, err := Open(t.Context(), path, Options{})
		require.NoError(t, err)
		defer s.Close()
		_, err = s.Verify(t.Context())
		require.NoError(t, err)
		if s.ID() == old {
			former++
			require.False(t, done)
			require.Equal(t, 2, s.Depth().Pending, "the log was lost")
			return
		}
		restored++
		require.Equal(t, 1, s.Depth().Pending)
		if done {
			require.Equal(t, said, s.ID())
		}
		kept := path + ".aside-2" // cut off while it was kept, it is kept once more
		if !there(kept) {
			kept = path + ".aside-1"
		}
		aside := open(t, kept)
		require.Equal(t, old, aside.ID())
		require.Equal(t, 2, aside.Depth().Pending)
	})
	require.Greater(t, former, 10)
	require.Greater(t, restored, 3)
}

// TestThePuttingBackIsCutAtEveryChange does it where the log is taken away under a process
// and put back at its next commit. Until then a start says that it is gone; none ever
// goes on without it.
func TestThePuttingBackIsCutAtEveryChange(t *testing.T) {
	from, id := killed(t)
	cutEverywhere(t, "putback", from, 2, func(path string, done bool, _ string) {
		s, err := Open(t.Context(), path, Options{})
		if err != nil {
			require.ErrorIs(t, err, ErrGone)
			require.False(t, done)
			return
		}
		defer s.Close()
		require.Equal(t, id, s.ID())
		require.GreaterOrEqual(t, s.Depth().Pending, 2, "the log was lost and nobody noticed")
		require.False(t, done && s.Depth().Pending < 3)
		_, err = s.Verify(t.Context())
		require.NoError(t, err)
	})
}

// TestASettingAsideIsCutAtEveryChange does it with a damaged file. Wherever it stands
// afterwards, a file and a log are together as they were, and setting aside can be done again.
func TestASettingAsideIsCutAtEveryChange(t *testing.T) {
	from, _ := killed(t)
	overwrite(100, 3*4096)(t, filepath.Join(from, "outbox.db"))
	before := folder(t, filepath.Join(from, "outbox.db"))
	cutEverywhere(t, "set-aside", from, 1, func(path string, done bool, _ string) {
		s, err := Open(t.Context(), path, Options{})
		if err != nil {
			require.False(t, done)
			_, _, err := SetAside(t.Context(), path)
			require.NoError(t, err)
			s, err = Open(t.Context(), path, Options{})
			require.NoError(t, err)
		}
		require.Zero(t, s.Depth().Pending)
		require.NoError(t, s.Close())
		require.Condition(t, func() bool {
			for _, n := range []string{"1", "2", "3"} {
				if kept := folder(t, path+".aside-"+n); string(kept[""]) == string(before[""]) && string(kept["-wal"]) == string(before["-wal"]) {
					return true
				}
			}
			return false
		}, "file and log are not together")
	})
}

// TestAnOpeningWithMigrationIsCutAtEveryChange does it with a file of the first schema
// whose log counts.
func TestAnOpeningWithMigrationIsCutAtEveryChange(t *testing.T) {
	was, from := tempFile(t), t.TempDir()
	require.NoError(t, prepareFile(t.Context(), was, migrations[:1]))
	db := openWriter(was)
	_, err := db.Exec("INSERT INTO stream (id) VALUES (1); INSERT INTO command (stream, kind, key, body, created_at) VALUES (1, 'c', 'c-1', x'01', 1)")
	require.NoError(t, err)
	path := filepath.Join(from, "outbox.db")
	for suffix, b := range folder(t, was) {
		require.NoError(t, os.WriteFile(path+suffix, b, 0o600))
	}
	require.NoError(t, db.Close())
	lock, err := lockFile(path + ".lock")
	require.NoError(t, err)
	require.NoError(t, mark{id: "K7Q2X", log: true}.write(lock))
	require.NoError(t, lock.Close())
	cutEverywhere(t, "make", from, 3, func(path string, _ bool, _ string) {
		s, err := Open(t.Context(), path, Options{})
		require.NoError(t, err)
		require.Equal(t, 1, s.Depth().Pending)
		require.NoError(t, s.Close())
	})
}
