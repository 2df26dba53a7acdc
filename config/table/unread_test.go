package table

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAFileThatCannotBeReadIsNamedOnce(t *testing.T) {
	dir := t.TempDir()
	none := filepath.Join(dir, "none.toml")
	for path, want := range map[string]string{
		none: "configuration " + none + ": no such file or directory; write one (taxiterm config example) or name another with --config",
		dir:  "configuration " + dir + ": is a directory; name another with --config",
	} {
		_, err := os.ReadFile(path)
		got := Unread(path, "taxiterm", err)
		require.EqualError(t, got, want)
	}
	denied := Unread("x", "taxiterm", &fs.PathError{Op: "open", Path: "x", Err: syscall.EACCES})
	require.EqualError(t, denied, "configuration x: permission denied; run this as its user (sudo -u taxiterm taxiterm ...) or name another with --config")
	require.ErrorIs(t, denied, fs.ErrPermission)
}
