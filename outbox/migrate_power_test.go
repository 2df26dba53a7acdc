package outbox

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"taxiterminal/outbox/disktest"
)

// pictures is how many of the disks that one cut may leave are looked at: more in the
// long form.
func pictures() int { return 1 + *cuts/200 }

// migrateOn lets a child bring the file on the disk to a newer schema, with the power
// going at a change. It says whether the child got to its end.
func migrateOn(t *testing.T, disk *disktest.Disk, path string, cutAt int) bool {
	disk.CutAfter(cutAt)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+path, childEnv+"_MIGRATES=1")
	dead := disk.Dead()
	out, err := cmd.Output()
	if err != nil {
		select {
		case <-dead:
		default:
			t.Fatalf("with power: %v: %s", err, out)
		}
	}
	return err == nil
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

// TestAMigrationIsCutAtEveryChange cuts the power at every change of the disk that a
// migration makes, and looks at several disks that may be left. Each time the file is
// the old one or the new one, opens, and has every row.
func TestAMigrationIsCutAtEveryChange(t *testing.T) {
	from, id := killed(t)
	cutAt, left := 0, 0
	for done := false; !done; {
		cutAt++
		disk := disktest.New(uint64(cutAt))
		path := filepath.Join(disk.Mount(t), "outbox.db")
		require.NoError(t, disk.Load(from))
		done = migrateOn(t, disk, path, cutAt)
		for n := range pictures() {
			keeps := disktest.Keeps((cutAt + n) % 3)
			dir := t.TempDir()
			require.NoError(t, disk.Leave(dir, keeps))
			require.NoError(t, migrated(t, filepath.Join(dir, "outbox.db"), id, done), "cut at change %d", cutAt)
			left++
		}
	}
	t.Logf("%d changes, %d disks that may be left", cutAt-1, left)
}

// migrated opens what is left and looks for what must be there.
func migrated(t *testing.T, path, id string, done bool) error {
	version, err := fileVersion(t.Context(), path)
	if err != nil {
		return err
	}
	if version != len(migrations)+1 && (done || version != len(migrations)) {
		return fmt.Errorf("schema %d", version)
	}
	if err := prepareFile(t.Context(), path, after(oneMore)); err != nil {
		return err
	}
	db := openWriter(path)
	defer db.Close()
	if err := checkFile(t.Context(), db); err != nil {
		return err
	}
	var gotID, label string
	var commands, events int
	row := db.QueryRow("SELECT (SELECT id FROM file), (SELECT max(label) FROM stream), (SELECT count(*) FROM command), (SELECT count(*) FROM journal)")
	if err := row.Scan(&gotID, &label, &commands, &events); err != nil {
		return err
	}
	if gotID != id || label != "none" || commands != 2 || events != 2 {
		return fmt.Errorf("file %s has label %s, %d commands, %d events", gotID, label, commands, events)
	}
	return nil
}

// TestTheMakingOfAFileIsCut does the same where there is no file yet: the next start
// makes one, or has one. The short form leaves changes out.
func TestTheMakingOfAFileIsCut(t *testing.T) {
	stride := max(1, 4-pictures())
	cutAt := -rand.IntN(stride)
	for done := false; !done; {
		cutAt += stride
		disk := disktest.New(uint64(cutAt))
		path := filepath.Join(disk.Mount(t), "outbox.db")
		disk.CutAfter(cutAt)
		p := promises{}
		p.work(t, disk, path, 1, "")
		done = len(p["committed"]) > 0
		for n := range pictures() {
			keeps := disktest.Keeps((cutAt + n) % 3)
			dir := t.TempDir()
			require.NoError(t, disk.Leave(dir, keeps))
			require.NoError(t, p.broken(t.Context(), filepath.Join(dir, "outbox.db")), "cut at change %d", cutAt)
		}
	}
	t.Logf("%d changes, each %d.", cutAt, stride)
}
