package sim

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestTheServiceManagerIsTold stands in for systemd: it listens on the notification
// socket and asks for a watchdog.
func TestTheServiceManagerIsTold(t *testing.T) {
	t.Parallel()
	o, l := ordinary(t)
	taxi, err := New(o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, taxi.Close()) })
	path := filepath.Join(t.TempDir(), "notify")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	require.NoError(t, err)
	defer socket.Close()

	cmd := exec.Command(program, "run", "--config", filepath.Join(o.Dir, "taxiterm.toml"))
	cmd.Env = append(os.Environ(), "NOTIFY_SOCKET="+path, "WATCHDOG_USEC=600000")
	cmd.Stderr = l
	require.NoError(t, cmd.Start())
	next := func(want string) {
		t.Helper()
		buf := make([]byte, 4096)
		require.NoError(t, socket.SetReadDeadline(time.Now().Add(20*time.Second)))
		for {
			n, err := socket.Read(buf)
			require.NoError(t, err, "waiting for %s", want)
			if strings.Contains(string(buf[:n]), want) {
				return
			}
		}
	}
	next("READY=1")
	for range 3 {
		next("WATCHDOG=1")
	}
	// A daemon that hangs is not fed any more.
	require.NoError(t, cmd.Process.Signal(syscall.SIGSTOP))
	require.NoError(t, socket.SetReadDeadline(time.Now().Add(1200*time.Millisecond)))
	fed := 0
	for buf := make([]byte, 4096); ; fed++ {
		if _, err := socket.Read(buf); err != nil {
			break
		}
	}
	require.LessOrEqual(t, fed, 3, "what was on its way when it hung")
	require.NoError(t, cmd.Process.Signal(syscall.SIGCONT))
	next("WATCHDOG=1")
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	next("STOPPING=1")
	require.NoError(t, cmd.Wait())
}
