package sim

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/vipps/vippstest"
)

// command runs taxiterm as a person does, for what it prints.
func (d *Daemon) command(args ...string) (stdout, stderr string, code int) {
	cmd := exec.Command(d.program, append([]string{"--config", filepath.Join(d.dir, "taxiterm.toml")}, args...)...)
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	}
	return out.String(), errs.String(), code
}

func TestTheCommandsTellAPersonWhatIsGoingOn(t *testing.T) {
	t.Parallel()
	ctx := withTimeout(t, 2*time.Minute)
	trip := started(t, nil)
	run := func(args ...string) string {
		t.Helper()
		out, errs, code := trip.Daemon.command(args...)
		require.Zero(t, code, "%v: %s", args, errs)
		return out
	}
	fails := func(args ...string) string {
		t.Helper()
		_, errs, code := trip.Daemon.command(args...)
		require.Equal(t, 1, code, args)
		return errs
	}
	require.NoError(t, trip.Shows(ctx, "idle"))
	require.Contains(t, run("trips"), "no trips yet")
	require.Contains(t, run("outbox", "list"), "nothing is on its way")
	require.Contains(t, fails("pay", "cash"), "unknown_trip")
	require.Contains(t, fails("pay", "cash", "99"), "taxiterm: trip 99: refused: unknown_trip\nhint: ")
	require.Contains(t, fails("outbox", "park", "99"), "\nhint: taxiterm outbox list")

	require.NoError(t, trip.Network(vippstest.Refused))
	require.NoError(t, trip.Ride(ctx, fare))
	require.NoError(t, trip.Shows(ctx, "connecting"))
	require.NoError(t, Poll(ctx, Patience, "network known to be down", func() (bool, error) {
		return strings.Contains(run("status"), "network down"), nil
	}))
	status := run("status")
	require.Contains(t, status, "T122  connecting  (offline)  trip 0001  286.50 NOK")
	require.Contains(t, status, "1 pending")
	require.Contains(t, status, "fault N1: ")
	list := run("outbox", "list")
	require.Regexp(t, `1 +0001 +create +pending`, list)
	require.Regexp(t, `(?m)^1 +0001 +create +parked`, run("outbox", "park", "1", "--reason", "the office looks into it"))
	require.Contains(t, run("outbox", "show", "1"), "note: the office looks into it")
	require.Contains(t, fails("outbox", "park", "1"), "no open command")
	require.Contains(t, run("status"), "fault P1: ")
	require.NoError(t, trip.Network(vippstest.Up))
	run("outbox", "retry", "1", "--reason", "go on")
	require.NoError(t, trip.Approve(ctx))
	require.NoError(t, finish(ctx, trip))
	require.NoError(t, trip.Settle(ctx))

	require.Regexp(t, `0001 +\S+ \S+ +paid +286.50 NOK +286.50 +0.00`, run("trips"))
	require.Contains(t, fails("refund", "1", "300"), "too_much")
	require.Contains(t, run("refund", "1", "86.50", "--reason", "detour"), "refund of 86.50 NOK for trip 0001")
	require.NoError(t, trip.Settle(ctx))
	show := run("trips", "show", "1")
	for _, want := range []string{"paid", "refunded 86.50", "refund_asked", "detour", "outbox.parked", "outbox.retried", "-0001-1"} {
		require.Contains(t, show, want)
	}
	require.NotContains(t, show, "qr.vipps.no", "the code is not for the eyes of others")
	require.Contains(t, run("refund", "1"), "refund of 200.00 NOK", "without an amount: all that is left")
	require.NoError(t, trip.Settle(ctx))
	require.Contains(t, run("outbox", "list", "--all"), "refund")
	require.Contains(t, run("outbox", "verify"), "each follows from the ones before it")
	require.Contains(t, fails("trips", "show", "77"), "no trip has the number 77")
	require.Contains(t, fails("trips", "show", "0"), "no trip has the number 0")
	require.Contains(t, fails("pay", "retry", "1"), "not_now")
	require.NoError(t, trip.Daemon.Stop())
	require.Contains(t, run("outbox", "verify"), trip.Daemon.Outbox()+", without a terminal:\nok: ")
	require.Equal(t, "taxiterm v0.0-test\n", run("version"))
	require.Contains(t, run("completion", "bash"), "bash completion")
}

func TestMistakesOnTheCommandLine(t *testing.T) {
	t.Parallel()
	d := &Daemon{program: program, dir: t.TempDir()}
	for _, args := range [][]string{{"pey"}, {"pay", "--cash"}, {"trips", "show"}, {"refund"}, {"refund", "1", "a lot"}, {"outbox", "show", "1", "2"}, {"enroll"}, {"qr", "create"}, {"qr", "paint"}} {
		_, errs, code := d.command(args...)
		require.Equal(t, 2, code, "%v: %s", args, errs)
		require.Contains(t, errs, "hint: ")
	}
	_, errs, _ := d.command("trips", "show")
	require.Contains(t, errs, "usage: taxiterm trips show TRIP")
	_, errs, code := d.command("--socket", filepath.Join(d.dir, "none.sock"), "status")
	require.Equal(t, 1, code)
	require.Contains(t, errs, "taxiterm is not running: nobody answers at "+filepath.Join(d.dir, "none.sock")+"\nhint: start it")
}

func TestConfigCheckReportsEverythingAtOnce(t *testing.T) {
	t.Parallel()
	d := &Daemon{program: program, dir: t.TempDir()}
	example, _, code := d.command("config", "example")
	require.Zero(t, code)
	require.NoError(t, writeFiles(d.dir, map[string]string{"taxiterm.toml": example, "credentials.toml": credentials(Options{PIN: "4711"})}))
	out, errs, code := d.command("config", "check")
	require.Zero(t, code, errs)
	require.Contains(t, out, "driver_pin set")
	out, _, code = d.command("config", "show")
	require.Zero(t, code)
	require.Contains(t, out, `driver = "mdt"`)
	for _, secret := range []string{vippstest.DefaultClientSecret, vippstest.DefaultSubscriptionKey, vippstest.DefaultClientID, "4711"} {
		require.NotContains(t, out, secret)
	}

	broken := strings.NewReplacer(`profile = "pulsar"`, "profil = \"pulsar\"\nline = \"fast\"", `vehicle = "T122"`, `vehicle = "122"`,
		`# languages = ["nb", "en"]`, `languages = ["xx"]`).Replace(example)
	require.NoError(t, writeFiles(d.dir, map[string]string{"taxiterm.toml": broken}))
	for _, args := range [][]string{{"config", "check"}, {"run"}} {
		_, errs, code = d.command(args...)
		require.Equal(t, 78, code, args)
		for _, want := range []string{"vehicle: ", "meter.profil: unknown key", "meter.line: ", "display.languages: "} {
			require.Contains(t, errs, want)
		}
	}
}

func TestTheTerminalStartsWithoutAnythingAndSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	ctx := withTimeout(t, time.Minute)
	o, l := ordinary(t)
	taxi, err := New(o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, taxi.Close()) })
	require.NoError(t, taxi.Pull())
	require.NoError(t, taxi.Network(vippstest.Refused))
	require.NoError(t, os.Remove(filepath.Join(o.Dir, "credentials.toml")))
	require.NoError(t, taxi.Daemon.Start(ctx))
	screen := taxi.Daemon.Open("/")
	defer screen.Close()
	_, err = screen.Await(ctx, Patience, "out of order", func(html string) bool {
		return Kind(html) == "outoforder" && strings.Contains(html, "M1") && strings.Contains(html, "C1")
	})
	require.NoError(t, err)
	out, _, _ := taxi.Daemon.command("status")
	require.Contains(t, out, "fault C1")
	require.Contains(t, out, "fault M1")
	require.Contains(t, l.String(), "credentials.toml does not exist")
}

func TestAnOutboxThatCannotBeUsedIsSaidOnTheScreen(t *testing.T) {
	t.Parallel()
	ctx := withTimeout(t, time.Minute)
	o, l := ordinary(t)
	taxi, err := New(o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, taxi.Close()) })
	require.NoError(t, os.WriteFile(taxi.Daemon.Outbox(), []byte("this is not a database but a letter"), 0o600))
	require.NoError(t, taxi.Daemon.Start(ctx))
	screen := taxi.Daemon.Open("/")
	defer screen.Close()
	_, err = screen.Await(ctx, Patience, "out of order", func(html string) bool {
		return Kind(html) == "outoforder" && strings.Contains(html, "D6")
	})
	require.NoError(t, err)
	require.Contains(t, l.String(), "not a database")
	require.Contains(t, l.String(), "taxiterm outbox set-aside", "what to do about it")
	require.NoError(t, os.Remove(taxi.Daemon.Outbox()))
	_, err = screen.Await(ctx, Patience, "idle", func(html string) bool { return Kind(html) == "idle" })
	require.NoError(t, err)
}

func TestHealthAndMetricsAreOnTheControlSocket(t *testing.T) {
	t.Parallel()
	ctx := withTimeout(t, time.Minute)
	trip := started(t, nil)
	require.NoError(t, paid(ctx, trip))
	socket := filepath.Join(trip.Daemon.dir, "control.sock")
	info, err := os.Stat(socket)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", socket)
		}}}
	get := func(path string) (int, string) {
		res, err := client.Get("http://taxiterm" + path)
		require.NoError(t, err)
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		return res.StatusCode, string(body)
	}
	code, body := get("/healthz")
	require.Equal(t, http.StatusOK, code, body)
	code, body = get("/metrics")
	require.Equal(t, http.StatusOK, code)
	for _, want := range []string{
		`taxiterm_settlements_total{means="",settlement="paid"} 1`, "taxiterm_queue_pending 0", "taxiterm_network_up 1",
		`taxiterm_api_requests_total{kind="done",op="capture"} 1`, `taxiterm_fault{code="M1"} 0`, `taxiterm_build_info{version="v0.0-test"} 1`,
		"taxiterm_commit_seconds_count",
	} {
		require.Contains(t, body, want)
	}
	require.NotContains(t, body, "T122-")
}

func TestASecondTerminalLeavesTheFirstAlone(t *testing.T) {
	t.Parallel()
	trip := started(t, nil)
	_, errs, code := trip.Daemon.command("run")
	require.Equal(t, 1, code)
	require.Contains(t, errs, "address already in use")
	out, _, code := trip.Daemon.command("status")
	require.Zero(t, code, out)
}
