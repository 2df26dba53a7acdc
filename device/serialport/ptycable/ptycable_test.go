package ptycable_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"taxiterminal/device/serialport/ptycable"
)

func TestLinkFollowsTheCable(t *testing.T) {
	t.Parallel()
	link := filepath.Join(t.TempDir(), "tty")
	require.NoError(t, os.Symlink("/nonexistent", link), "as a killed process leaves it")
	c := ptycable.New(link)
	require.NoError(t, c.Pull(), "nothing to pull")
	first, err := c.Plug()
	require.NoError(t, err)
	_, err = c.Plug()
	require.NoError(t, err)
	_, err = first.Write([]byte{1})
	require.ErrorIs(t, err, os.ErrClosed, "plugging pulls the old cable")
	_, err = os.Stat(link)
	require.NoError(t, err)
	require.NoError(t, c.Pull())
	_, err = os.Lstat(link)
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestBytesSentBeforeOpenAreNotEchoed(t *testing.T) {
	t.Parallel()
	c := ptycable.New(filepath.Join(t.TempDir(), "tty"))
	meter, err := c.Plug()
	require.NoError(t, err)
	defer func() { require.NoError(t, c.Pull()) }()
	_, err = meter.Write([]byte("\r\n\x03"))
	require.NoError(t, err)
	computer, err := os.OpenFile(c.Link(), os.O_RDWR, 0)
	require.NoError(t, err)
	defer computer.Close()
	buf := make([]byte, 8)
	n, err := computer.Read(buf)
	require.NoError(t, err)
	require.Equal(t, "\r\n\x03", string(buf[:n]))
	_, err = computer.Write([]byte("!"))
	require.NoError(t, err)
	n, err = meter.Read(buf)
	require.NoError(t, err)
	require.Equal(t, "!", string(buf[:n]), "the first thing the meter hears is the computer")
}

func TestNeverRemovesAFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "precious")
	require.NoError(t, os.WriteFile(file, []byte("x"), 0o600))
	_, err := ptycable.New(file).Plug()
	require.ErrorContains(t, err, "in the way")
	require.FileExists(t, file)
}

func TestPullEndsAReadThatWaits(t *testing.T) {
	t.Parallel()
	c := ptycable.New(filepath.Join(t.TempDir(), "tty"))
	meter, err := c.Plug()
	require.NoError(t, err)
	ended := make(chan error)
	go func() {
		_, err := meter.Read(make([]byte, 1))
		ended <- err
	}()
	require.NoError(t, c.Pull())
	require.ErrorIs(t, <-ended, os.ErrClosed)
}

func TestWhatIsInTheWayIsNamedOnce(t *testing.T) {
	t.Parallel()
	link := filepath.Join(t.TempDir(), "letter")
	require.NoError(t, os.WriteFile(link, []byte("precious"), 0o600))
	c := ptycable.New(link)
	_, err := c.Plug()
	require.EqualError(t, err, "pseudo-terminal plug: "+link+" is in the way and is no symlink")
	require.NoError(t, c.Pull(), "nothing is plugged in")
	require.FileExists(t, link)
}
