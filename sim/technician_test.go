package sim

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/device/meter/mdt"
	"taxiterminal/device/serialport/ptycable"
	"taxiterminal/vipps/vippstest"
)

// told is an event as taxiterm meter watch --json prints it.
type told struct {
	Kind   string
	State  string
	Now    bool
	Record *struct {
		Final bool
		Total int
	}
}

// watch starts a command that prints events, and gives them as they come.
func (d *Daemon) watch(t *testing.T, args ...string) (next func() told, end func() error) {
	cmd := exec.Command(d.program, append([]string{"--config", filepath.Join(d.dir, "taxiterm.toml"), "--json"}, args...)...)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	var errs strings.Builder
	cmd.Stderr = &errs
	require.NoError(t, cmd.Start())
	lines := bufio.NewScanner(out)
	next = func() (e told) {
		t.Helper()
		require.True(t, lines.Scan(), "%v ended: %s", args, &errs)
		require.NoError(t, json.Unmarshal(lines.Bytes(), &e), lines.Text())
		return e
	}
	return next, func() error {
		_ = cmd.Process.Signal(os.Interrupt) // it may have ended by itself
		for lines.Scan() {
		}
		return cmd.Wait()
	}
}

func awaitState(next func() told, kind, state string) told {
	for {
		if e := next(); e.Kind == kind && e.State == state {
			return e
		}
	}
}

func awaitRecord(next func() told) told {
	for {
		if e := next(); e.Record != nil && e.Record.Final {
			return e
		}
	}
}

func TestTheMeterIsWatchedWhileTheTerminalWorks(t *testing.T) {
	t.Parallel()
	ctx := withTimeout(t, 2*time.Minute)
	trip := started(t, nil)
	require.NoError(t, trip.Shows(ctx, "idle"))
	next, end := trip.Daemon.watch(t, "meter", "watch")
	require.True(t, awaitState(next, "line", "open").Now, "how things are comes first")
	require.NoError(t, paid(ctx, trip))
	awaitState(next, "position", "hired")
	awaitState(next, "position", "stopped")
	require.Equal(t, int(fare), awaitRecord(next).Record.Total)
	awaitState(next, "position", "for_hire")
	require.NoError(t, trip.Pull())
	awaitState(next, "line", "lost")
	require.NoError(t, end(), "an interrupt is how it ends")

	next, end = trip.Daemon.watch(t, "meter", "watch")
	next()
	require.NoError(t, trip.Daemon.Stop(), "somebody who watches does not hold the terminal up")
	require.Error(t, end())
}

// bench is a meter on a cable, without a terminal.
func bench(t *testing.T) (*mdt.Simulator, *Daemon, string) {
	dir := t.TempDir()
	cable := ptycable.New(filepath.Join(dir, "meter"))
	line, err := cable.Plug()
	require.NoError(t, err)
	m := mdt.NewSimulator(mdt.SimulatorConfig{Flagfall: 6500})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = m.Run(ctx, line) }()
	t.Cleanup(func() { cancel(); require.NoError(t, cable.Pull()); <-done })
	return m, &Daemon{program: program, dir: dir}, cable.Link()
}

func TestATripIsRecordedAndReplayed(t *testing.T) {
	t.Parallel()
	m, d, port := bench(t)
	tape := filepath.Join(d.dir, "tape")
	next, end := d.watch(t, "meter", "record", tape, "--driver", "mdt", "--port", port)
	awaitState(next, "health", "ok")

	_, errs, code := d.command("meter", "watch", "--driver", "mdt", "--port", port)
	require.Equal(t, 1, code)
	require.Contains(t, errs, "stop the other program")

	require.NoError(t, m.Hired())
	awaitState(next, "position", "hired")
	m.SwipeCard(0x43, "4925000000000004")
	require.NoError(t, m.SetFare(28650))
	require.NoError(t, m.TimeOff())
	awaitState(next, "position", "stopped")
	require.NoError(t, m.Vacant())
	require.Equal(t, 28650, awaitRecord(next).Record.Total)
	awaitState(next, "position", "for_hire")
	require.NoError(t, end())

	text, err := os.ReadFile(tape)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(text), "# taxiterm v0.0-test, driver mdt, line 9600 8N1\n# began "), string(text))
	require.Regexp(t, `(?m)^\d+ < \S*0243`, string(text), "the card's frame is on the tape")
	require.NotContains(t, string(text), "34393235", "its number is not")
	info, err := os.Stat(tape)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	out, errs, code := d.command("meter", "replay", tape, "--driver", "mdt")
	require.Zero(t, code, errs)
	require.Contains(t, out, "total 286.50, fare 286.50, 0 m, final")
	require.Contains(t, out, "1 trips closed, 1 of them with an amount beyond doubt")
}

func TestATapeOfSilenceIsNotKept(t *testing.T) {
	t.Parallel()
	m, d, port := bench(t)
	m.PowerOff()
	tape := filepath.Join(d.dir, "tape")
	_, errs, code := d.command("meter", "record", tape, "--driver", "mdt", "--port", port, "--for", "500ms")
	require.Equal(t, 1, code)
	require.Contains(t, errs, "not a byte was heard")
	require.NoFileExists(t, tape)
}

func TestAReceiptIsLearnedOffTheLine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := &Daemon{program: program, dir: dir}
	cable := ptycable.New(filepath.Join(dir, "printer"))
	line, err := cable.Plug()
	require.NoError(t, err)
	defer func() { require.NoError(t, cable.Pull()) }()
	receipt, err := os.ReadFile("../device/meter/capture/testdata/golden/no-48.bin")
	require.NoError(t, err)

	cmd := exec.Command(program, "--config", filepath.Join(dir, "none.toml"), "meter", "learn", "--port", cable.Link())
	var out strings.Builder
	cmd.Stdout = &out
	said, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	prompt := bufio.NewScanner(said)
	require.True(t, prompt.Scan())
	require.Contains(t, prompt.Text(), "print a receipt now")
	_, err = line.Write(receipt)
	require.NoError(t, err)
	require.False(t, prompt.Scan(), prompt.Text())
	require.NoError(t, cmd.Wait())
	require.Contains(t, out.String(), "port = \""+cable.Link()+"\"\nline = \"9600 8N1\"\nprofile = \"no-48\"\n")
	_, _, code := d.command("meter", "ports")
	require.Zero(t, code)
}

// checked is one line of taxiterm doctor --json.
type checked struct{ Name, State, Detail, Do string }

func (d *Daemon) doctor(t *testing.T, args ...string) (map[string]checked, int) {
	out, errs, code := d.command(append([]string{"--json", "doctor"}, args...)...)
	var list []checked
	require.NoError(t, json.Unmarshal([]byte(out), &list), "%s%s", out, errs)
	byName := map[string]checked{}
	for _, c := range list {
		byName[c.Name] = c
		require.True(t, c.State != "fault" || c.Do != "", "%+v", c)
	}
	for _, secret := range []string{vippstest.DefaultClientSecret, vippstest.DefaultSubscriptionKey, vippstest.DefaultClientID} {
		require.NotContains(t, out+errs, secret)
	}
	return byName, code
}

func states(checks map[string]checked) map[string]string {
	out := map[string]string{}
	for name, c := range checks {
		out[name] = c.State
	}
	return out
}

func TestTheDoctorAsksTheRunningTerminal(t *testing.T) {
	t.Parallel()
	ctx := withTimeout(t, 2*time.Minute)
	trip := started(t, nil)
	require.NoError(t, paid(ctx, trip))
	checks, code := trip.Daemon.doctor(t)
	require.Zero(t, code, checks)
	require.Equal(t, map[string]string{
		"terminal": "ok", "credentials": "ok", "serial line": "ok", "meter": "ok", "screen": "ok", "payment api": "ok",
		"clock": "ok", "disk flush": "ok", "disk space": "ok", "outbox": "ok", "other faults": "ok",
	}, states(checks))
	require.Contains(t, checks["disk flush"].Detail, "last ")
	out, _, _ := trip.Daemon.command("doctor")
	require.Regexp(t, `(?m)^OK     meter          is understood, heard \d+s ago$`, out)

	require.NoError(t, trip.Pull())
	require.NoError(t, trip.Network(vippstest.Refused))
	require.NoError(t, Poll(ctx, Patience, "cable known to be out", func() (bool, error) {
		checks, code = trip.Daemon.doctor(t)
		return strings.Contains(checks["serial line"].Do, "taxiterm meter ports") && checks["payment api"].State == "fault", nil
	}))
	require.Equal(t, 1, code)
	require.Equal(t, "fault", checks["serial line"].State)
	require.Equal(t, "skipped", checks["meter"].State)
	require.Equal(t, "ok", checks["outbox"].State)
	_, errs, _ := trip.Daemon.command("doctor")
	require.Contains(t, errs, "2 of 11 checks found a fault")
}

func TestTheDoctorLooksFromOutsideWhereNoTerminalRuns(t *testing.T) {
	t.Parallel()
	o, _ := ordinary(t)
	taxi, err := New(o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, taxi.Close()) })
	checks, code := taxi.Daemon.doctor(t, "--listen", "1s")
	require.Zero(t, code, checks)
	require.Equal(t, map[string]string{
		"terminal": "skipped", "configuration": "ok", "credentials": "ok", "serial line": "ok", "meter": "ok",
		"payment api": "ok", "clock": "ok", "disk flush": "ok", "disk space": "ok", "outbox": "ok",
	}, states(checks))
	require.NoFileExists(t, taxi.Daemon.Outbox(), "the real one is left alone")

	require.NoError(t, taxi.Pull())
	require.NoError(t, os.Remove(filepath.Join(o.Dir, "credentials.toml")))
	checks, code = taxi.Daemon.doctor(t)
	require.Equal(t, 1, code)
	require.Equal(t, map[string]string{
		"terminal": "skipped", "configuration": "ok", "credentials": "fault", "serial line": "fault", "meter": "skipped",
		"payment api": "skipped", "clock": "skipped", "disk flush": "ok", "disk space": "ok", "outbox": "ok",
	}, states(checks))

	require.NoError(t, os.WriteFile(filepath.Join(o.Dir, "taxiterm.toml"), []byte("vehicle = 7\n"), 0o600))
	checks, code = taxi.Daemon.doctor(t)
	require.Equal(t, 1, code)
	require.Contains(t, checks["configuration"].Detail, "vehicle: 7 is")
}
