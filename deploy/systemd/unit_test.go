// Package systemd has no code: its tests hold the unit to what it promises.
package systemd

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// programs each have a unit.
var programs = []string{"taxiterm", "taxifleet"}

func analyze(t *testing.T, args ...string) string {
	t.Helper()
	path, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("SKIPPED LOUDLY: systemd-analyze is not installed, the unit was not checked")
	}
	out, err := exec.Command(path, args...).CombinedOutput()
	require.NoError(t, err, string(out))
	return string(out)
}

func TestTheUnitIsClean(t *testing.T) {
	for _, name := range programs {
		t.Run(name, func(t *testing.T) { requireClean(t, name) })
	}
}

func requireClean(t *testing.T, program string) {
	root := t.TempDir()
	unit, err := os.ReadFile(program + ".service")
	require.NoError(t, err)
	for name, file := range map[string]struct {
		text []byte
		mode os.FileMode
	}{
		"usr/lib/systemd/system/" + program + ".service": {unit, 0o644},
		"usr/bin/" + program:                             {nil, 0o755}, // any executable file
	} {
		require.NoError(t, os.MkdirAll(filepath.Join(root, filepath.Dir(name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(root, name), file.text, file.mode))
	}
	for _, target := range []string{"sysinit", "basic", "network", "network-online", "local-fs", "multi-user", "shutdown"} {
		text := "[Unit]\nDescription=" + target + "\n"
		require.NoError(t, os.WriteFile(filepath.Join(root, "usr/lib/systemd/system", target+".target"), []byte(text), 0o644))
	}
	out := analyze(t, "verify", "--man=no", "--root="+root, program+".service")
	require.Empty(t, strings.TrimSpace(out))
}

func TestTheUnitIsHardened(t *testing.T) {
	for _, name := range programs {
		out := analyze(t, "security", "--offline=true", "--no-pager", "./"+name+".service")
		m := regexp.MustCompile(`Overall exposure level for ` + name + `.service: ([0-9.]+)`).FindStringSubmatch(out)
		require.NotNil(t, m, out)
		exposure, err := strconv.ParseFloat(m[1], 64)
		require.NoError(t, err)
		require.LessOrEqual(t, exposure, 2.0, out)
		t.Logf("%s: exposure %.1f", name, exposure)
	}
}

func TestAnExitThatRepeatingWouldNotMendEndsTheUnit(t *testing.T) {
	for _, name := range programs {
		unit, err := os.ReadFile(name + ".service")
		require.NoError(t, err)
		for _, line := range []string{"RestartPreventExitStatus=78", "Restart=always", "Type=notify", "StartLimitIntervalSec=0",
			"StateDirectory=" + name, "RuntimeDirectory=" + name} {
			require.Contains(t, "\n"+string(unit), "\n"+line+"\n", name)
		}
	}
}
