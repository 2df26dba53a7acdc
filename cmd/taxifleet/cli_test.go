package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/fleet/office"
	"taxiterminal/vipps/vippstest"
)

// machine is one with a gateway that was set up as the manual says.
type machine struct {
	t    *testing.T
	dir  string
	sim  *vippstest.Sim
	logs *bytes.Buffer
}

// taxifleet runs a command; what it says on standard output and error, and its code.
func (m *machine) taxifleet(args ...string) (out, errs string, code int) {
	m.t.Helper()
	var stdout, stderr bytes.Buffer
	code = run(m.t.Context(), append([]string{"--config", m.config()}, args...), strings.NewReader(""), &stdout, &stderr)
	return stdout.String(), stderr.String(), code
}

// says runs a command that must work.
func (m *machine) says(args ...string) string {
	m.t.Helper()
	out, errs, code := m.taxifleet(args...)
	require.Equal(m.t, exitOK, code, errs)
	return out
}

func (m *machine) config() string { return filepath.Join(m.dir, "taxifleet.toml") }

// newMachine has a configuration and keys, and no gateway yet.
func newMachine(t *testing.T) *machine {
	t.Helper()
	dir, err := os.MkdirTemp("", "fleet") // a socket's path is short
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	m := &machine{t: t, dir: dir, sim: vippstest.New(vippstest.Options{}), logs: &bytes.Buffer{}}
	t.Cleanup(m.sim.Close)
	api, err := m.sim.Listen("127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = api.Close() })
	m.file("taxifleet.toml", fmt.Sprintf(`operator = "Byens Taxi"
public_url = "https://pay.taxi.example"
[http]
listen = "127.0.0.1:0"
[nats]
dir = %q
listen = "127.0.0.1:0"
[admin]
socket = %q
[[merchant]]
name = "main"
msn = %q
environment = "simulator"
url = %q
`, filepath.Join(dir, "nats"), filepath.Join(dir, "admin.sock"), vippstest.DefaultMSN, api.URL()))
	keys := m.says("config", "keys")
	for name, value := range map[string]string{"client_id": vippstest.DefaultClientID, "client_secret": vippstest.DefaultClientSecret, "subscription_key": vippstest.DefaultSubscriptionKey} {
		keys = strings.Replace(keys, name+` = ""`, fmt.Sprintf("%s = %q", name, value), 1)
	}
	m.file("keys.toml", keys)
	return m
}

func (m *machine) file(name, text string) {
	require.NoError(m.t, os.WriteFile(filepath.Join(m.dir, name), []byte(text), 0o600))
}

// serving runs the gateway until the test ends.
func serving(t *testing.T) *machine {
	m := newMachine(t)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"--config", m.config(), "serve"}, strings.NewReader(""), &bytes.Buffer{}, m.logs)
	}()
	t.Cleanup(func() {
		cancel()
		require.Equal(t, exitOK, <-ended, m.logs)
		require.NotContains(t, m.logs.String(), vippstest.DefaultClientSecret)
	})
	require.Eventually(t, func() bool { _, _, code := m.taxifleet("status"); return code == exitOK }, 20*time.Second, 20*time.Millisecond)
	return m
}

func TestAFleetIsSetUpByItsCommands(t *testing.T) {
	m := serving(t)
	require.Contains(t, m.says("config", "check"), "is good")
	require.Contains(t, m.says("status"), "ready")
	require.Contains(t, m.says("car", "list"), "no cars yet")
	require.Contains(t, m.says("car", "add", "T122"), "next: taxifleet token T122")
	require.Contains(t, m.says("car", "list"), "T122")
	require.Contains(t, m.says("merchant", "list"), vippstest.DefaultMSN)
	token := m.says("token", "T122")
	require.Contains(t, token, "taxiterm enroll --server https://pay.taxi.example")
	require.Contains(t, m.says("token", "T122", "--cancel"), "worthless")
	require.Contains(t, m.says("terminal", "list"), "no terminals yet")
	require.Contains(t, m.says("trips"), "no trips")
	require.Contains(t, m.says("report"), "days in Europe/Oslo")
	require.Equal(t, 1, strings.Count(m.says("report", "--csv"), "\n"))
	require.Equal(t, 1, strings.Count(m.says("trips", "--csv"), "\n"))
	require.Contains(t, m.says("qr", "sync", "--dry-run"), "nothing was changed")
	require.Contains(t, m.says("qr", "sync"), "made")
	file := filepath.Join(m.dir, "s.pdf")
	require.Equal(t, file+"\n", m.says("qr", "sticker", "T122", "-o", file))
	pdf, err := os.ReadFile(file)
	require.NoError(t, err)
	require.True(t, bytes.HasPrefix(pdf, []byte("%PDF")))
	require.True(t, strings.HasPrefix(m.says("qr", "sticker", "--all", "-o", "-"), "%PDF"))
	require.Contains(t, m.says("webhook", "register"), "ours")
	require.Contains(t, m.says("webhook", "list", "main"), "epayments.payment.authorized")
	require.Contains(t, m.says("car", "new-page", "T122"), "next: taxifleet qr sync")
	require.Contains(t, m.says("qr", "sync"), "retargeted")
	require.Contains(t, m.says("car", "qr", "T122", ""), "sticker   -")
	require.Contains(t, m.says("car", "show", "t122"), "merchant main")
	require.Contains(t, m.says("admin", "add", "kari"), "taxiadmin_")
	require.Contains(t, m.says("admin", "list"), "operate")
	require.Contains(t, m.says("admin", "remove", "kari"), "removed")
	audit := m.says("audit")
	for _, what := range []string{"vehicle_added", "token_made", "qr_made", "qr_retargeted", "webhook_checked", "admin_removed"} {
		require.Contains(t, audit, what)
	}
	require.NotContains(t, audit, strings.Fields(token)[0], "no token is on record")
}

func TestScriptsGetJSON(t *testing.T) {
	m := serving(t)
	var car office.Car
	require.NoError(t, json.Unmarshal([]byte(m.says("car", "add", "T122", "--json")), &car))
	require.Equal(t, "T122", car.ID)
	var token office.Token
	require.NoError(t, json.Unmarshal([]byte(m.says("--json", "token", "T122")), &token))
	require.NotEmpty(t, token.Token)
	var ready office.Ready
	require.NoError(t, json.Unmarshal([]byte(m.says("--json", "status")), &ready))
	require.True(t, ready.OK)
	for _, args := range [][]string{{"trips"}, {"terminal", "list"}, {"audit"}, {"admin", "list"}, {"webhook", "list"}, {"car", "list"}, {"merchant", "list"}} {
		var list []map[string]any
		out := m.says(append([]string{"--json"}, args...)...)
		require.NoError(t, json.Unmarshal([]byte(out), &list), "%v: %s", args, out)
		require.NotNil(t, list, "%v: an empty list is no null", args)
	}
}

func TestWhatIsWrongSaysWhatToDo(t *testing.T) {
	m := newMachine(t)
	t.Setenv(tokenVariable, "")
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"car", "list"}, exitFailure, "hint: start it with systemctl start taxifleet"},
		{[]string{"car", "add"}, exitUsage, "accepts 1 arg"},
		{[]string{"nonsense"}, exitUsage, "unknown command"},
		{[]string{"car", "list", "--nonsense"}, exitUsage, "unknown flag"},
		{[]string{"refund", "T122-ZZZZZ-0001", "a lot"}, exitUsage, "amount"},
		{[]string{"refund", "T122-ZZZZZ-0001", "5", "--already", "a lot"}, exitUsage, "already"},
		{[]string{"qr", "sticker"}, exitUsage, "cars or --all"},
		{[]string{"token", "T1", "--cancel", "--replace"}, exitFailure, "none of the others can be"},
		{[]string{"--server", "http://fleet.example", "car", "list"}, exitUsage, "want https"},
		{[]string{"--server", "https://fleet.example", "car", "list"}, exitUsage, "TAXIFLEET_TOKEN"},
		{[]string{"--server", "https://fleet.example", "--token-file", "/nowhere", "car", "list"}, exitFailure, "token read"},
	} {
		_, errs, code := m.taxifleet(c.args...)
		require.Equal(t, c.code, code, "%v: %s", c.args, errs)
		require.Contains(t, errs, c.says, "%v", c.args)
	}
	m.file("keys.toml", "client = 'hush")
	_, errs, code := m.taxifleet("serve")
	require.Equal(t, exitConfig, code, "starting again would not help")
	require.NotContains(t, errs, "hush")
	m.file("taxifleet.toml", "operator = 7\n")
	_, errs, code = m.taxifleet("serve")
	require.Equal(t, exitConfig, code)
	require.Contains(t, errs, "operator")
}

// TestEveryCommandIsInTheManual: what the operator can type is what they can read.
func TestEveryCommandIsInTheManual(t *testing.T) {
	text, err := os.ReadFile("../../docs/fleet.md")
	require.NoError(t, err)
	for _, cmd := range newRoot().Commands() {
		require.Contains(t, string(text), "taxifleet "+cmd.Name())
	}
	known := map[string]bool{}
	for _, cmd := range newRoot().Commands() {
		known[cmd.Name()] = true
		for _, sub := range cmd.Commands() {
			require.True(t, cmd.Name() == "config" || cmd.Name() == "car" || strings.Contains(string(text), cmd.Name()+" "+sub.Name()), "%s %s", cmd.Name(), sub.Name())
		}
	}
	for _, found := range regexp.MustCompile("(?m)(?:^|`)(?:sudo -u taxifleet )?taxifleet ([a-z]+)").FindAllStringSubmatch(string(text), -1) {
		require.True(t, known[found[1]], "the manual knows %s", found[0])
	}
}
