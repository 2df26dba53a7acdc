package main

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/fleet/enrol"
	"taxiterminal/fleet/enrol/ticket"
	"taxiterminal/fleet/hub"
	"taxiterminal/fleet/hub/hubtest"
	"taxiterminal/fleet/link"
	"taxiterminal/fleet/registry"
	"taxiterminal/money"
)

const office = "kari"

// operator is a gateway's hub, registry and enrolment, with one merchant and the
// vehicles T122 and T200.
type operator struct {
	t        *testing.T
	hub      *hub.Hub
	registry *registry.Registry
	enrol    *enrol.Service
	web      *httptest.Server
	// lose swallows so many answers to enrolments.
	lose int
}

func settings(vehicle string) link.Settings {
	return link.Settings{Vehicle: vehicle, Currency: money.NOK, ClaimHost: "fleet.example", ConfirmSecret: someSecret}
}

func newOperator(t *testing.T) *operator {
	o := &operator{t: t, hub: hubtest.Start(t)}
	var err error
	o.registry, err = registry.Open(t.Context(), o.hub.JetStream(), time.Now)
	require.NoError(t, err)
	require.NoError(t, o.registry.AddMerchant(t.Context(), office, registry.Merchant{
		Name: "north", MSN: "123456", Currency: money.NOK, Environment: registry.Test, AmountLimit: 1_000_000,
	}))
	for _, v := range []string{"T122", "T200"} {
		_, err = o.registry.AddVehicle(t.Context(), office, v, "north")
		require.NoError(t, err)
	}
	var handler http.Handler
	o.web = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if o.lose--; o.lose >= 0 {
			handler.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		}
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(o.web.Close)
	o.enrol, err = enrol.Start(t.Context(), enrol.Config{
		Registry: o.registry, Conn: o.hub.Conn(), System: o.hub.System(), Issuer: o.hub.Issuer(), Account: hub.CarsAccount,
		Address: o.web.URL, URLs: []string{o.hub.URL()}, Log: hubtest.Quiet,
		Settings: func(_ context.Context, vehicle string) (json.RawMessage, error) {
			return json.Marshal(settings(vehicle))
		},
	})
	require.NoError(t, err)
	t.Cleanup(o.enrol.Stop)
	handler = o.enrol.Handler()
	return o
}

func (o *operator) token(vehicle string) string {
	token, err := o.enrol.Replace(o.t.Context(), office, vehicle, time.Hour)
	require.NoError(o.t, err)
	return token
}

// box is a car's computer: its folder, and its commands.
type box struct {
	t   *testing.T
	dir string
}

func newBox(t *testing.T, more ...string) *box {
	b := &box{t, t.TempDir()}
	b.configure("T122", more...)
	return b
}

func (b *box) configure(vehicle string, more ...string) {
	text := []string{
		"vehicle = " + quoted(vehicle), "[fleet]", "enabled = true", "state = " + quoted(b.path("fleet.json")),
		"[control]", "socket = " + quoted(b.path("control.sock")), "[storage]", "path = " + quoted(b.path("outbox.db")),
		"[meter]", `driver = "mdt"`, `profile = "pulsar"`, "port = " + quoted(b.path("meter")),
		"[display]", `listen = "127.0.0.1:0"`,
	}
	require.NoError(b.t, os.WriteFile(b.path("taxiterm.toml"), []byte(strings.Join(append(text, more...), "\n")), 0o600))
}

func quoted(s string) string { return `"` + s + `"` }

func (b *box) path(name string) string { return filepath.Join(b.dir, name) }

func (b *box) file(name string) string {
	text, err := os.ReadFile(b.path(name))
	if os.IsNotExist(err) {
		return ""
	}
	require.NoError(b.t, err)
	return string(text)
}

// command runs one, as a person would.
func (b *box) command(typed string, args ...string) (code int, out, complaint string) {
	var stdout, stderr bytes.Buffer
	code = run(append(args, "--config", b.path("taxiterm.toml")), strings.NewReader(typed), &stdout, &stderr)
	return code, stdout.String(), stderr.String()
}

func (b *box) enroll(o *operator, token string, more ...string) (code int, out, complaint string) {
	code, out, complaint = b.command(token+"\n", append([]string{"enroll", "--server", o.web.URL}, more...)...)
	all := out + complaint
	require.NotContains(b.t, all, token)
	for _, name := range []string{"device.key", "device.key.new"} {
		if seed := strings.TrimSpace(b.file(name)); seed != "" {
			require.NotContains(b.t, all, seed)
		}
	}
	return code, out, complaint
}

func (b *box) enrolment() enrolment {
	who, key, err := stateFile{b.path("fleet.json")}.load()
	require.NoError(b.t, err)
	require.Equal(b.t, who.Terminal, key.terminal)
	return who
}

func TestEnroll(t *testing.T) {
	o, b := newOperator(t), newBox(t)
	token := o.token("T122")
	code, out, complaint := b.enroll(o, strings.ToLower(token))
	require.Zero(t, code, complaint)
	require.Contains(t, out, "T122 is enrolled with 127.0.0.1:")
	require.Contains(t, out, "systemctl restart taxiterm")
	first := b.enrolment()
	require.Equal(t, someSecret, first.Secret)
	require.Equal(t, "fleet.example", first.ClaimHost)
	require.Equal(t, []string{o.hub.URL()}, first.URLs)
	for _, name := range []string{"fleet.json", "device.key"} {
		info, err := os.Stat(b.path(name))
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), name)
	}
	require.Empty(t, b.file("device.key.new"))
	code, out, _ = b.command("", "config", "check")
	require.Zero(t, code)
	require.Contains(t, out, first.Terminal)

	code, _, complaint = b.enroll(o, o.token("T122"))
	require.Equal(t, exitFailure, code)
	require.Contains(t, complaint, "enrolled already")
	require.Contains(t, complaint, "hint:")
	require.Equal(t, first, b.enrolment())

	code, _, complaint = b.enroll(o, "AAAAA-AAAAA-AAAAA-AAAAA-AAAAA-A", "--force")
	require.Equal(t, exitFailure, code)
	require.Contains(t, complaint, "not known here")
	require.Equal(t, first, b.enrolment(), "it still works with what it has")

	code, _, complaint = b.enroll(o, o.token("T122"), "--force")
	require.Zero(t, code, complaint)
	require.NotEqual(t, first.Terminal, b.enrolment().Terminal)
	require.Contains(t, b.file("fleet.json.old"), first.Terminal)
	old, err := readKey(b.path("device.key.old"))
	require.NoError(t, err)
	require.Equal(t, first.Terminal, old.terminal)
}

func TestRootEnrolsForTheDaemonsUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED LOUDLY: not root")
	}
	o, b := newOperator(t), newBox(t)
	const daemon = 64123
	require.NoError(t, os.Chown(b.dir, daemon, daemon))
	code, _, complaint := b.enroll(o, o.token("T122"))
	require.Zero(t, code, complaint)
	for _, name := range []string{"fleet.json", "device.key"} {
		info, err := os.Stat(b.path(name))
		require.NoError(t, err)
		require.Equal(t, uint32(daemon), info.Sys().(*syscall.Stat_t).Uid, name)
	}
}

func TestAnAnswerThatWasLostIsAskedForAgain(t *testing.T) {
	o, b := newOperator(t), newBox(t)
	token := o.token("T122")
	o.lose = 1
	code, _, complaint := b.enroll(o, token)
	require.Equal(t, exitFailure, code)
	require.Contains(t, complaint, "the token is still good")
	require.Empty(t, b.file("fleet.json"))
	code, _, complaint = b.enroll(o, token)
	require.Zero(t, code, complaint)

	// A crash between the two files: the enrolment says which key counts.
	require.NoError(t, os.Rename(b.path("device.key"), b.path("device.key.new")))
	b.enrolment()
}

func TestATokenForAnotherVehicle(t *testing.T) {
	o, b := newOperator(t), newBox(t)
	token := o.token("T200")
	code, _, complaint := b.enroll(o, token)
	require.Equal(t, exitFailure, code)
	require.Contains(t, complaint, "the token is for vehicle T200, this car is configured as T122")
	require.Contains(t, complaint, `set vehicle = "T200"`)
	require.Empty(t, b.file("fleet.json"))

	code, _, complaint = b.enroll(o, o.token("T122"))
	require.Equal(t, exitFailure, code, "this key is T200's now")
	require.Contains(t, complaint, "new key")
	code, _, complaint = b.enroll(o, o.token("T122"))
	require.Zero(t, code, complaint)

	b.configure("T123")
	code, _, complaint = b.command("", "config", "check")
	require.Equal(t, exitFailure, code)
	require.Contains(t, complaint, "is for vehicle T122")
}

func TestEnrolmentsThatCannotBe(t *testing.T) {
	o, b := newOperator(t), newBox(t)
	used := o.token("T122")
	code, _, complaint := newBox(t).enroll(o, used)
	require.Zero(t, code, complaint)
	for name, x := range map[string]struct {
		server, token string
		want          []string
		code          int
	}{
		"used":            {o.web.URL, used, []string{"used already", "another token"}, exitFailure},
		"mistyped":        {o.web.URL, "K7Q2X", []string{"mistyped", "type it again"}, exitFailure},
		"none":            {o.web.URL, "", []string{"no token"}, exitUsage},
		"no https":        {"http://fleet.example", ticket.NewToken(), []string{"https://"}, exitFailure},
		"nobody there":    {"http://127.0.0.1:1", ticket.NewToken(), []string{"not reached", "network"}, exitFailure},
		"somebody else's": {o.web.URL + "/shop", ticket.NewToken(), []string{"is the address right"}, exitFailure},
	} {
		code, _, complaint := b.command(x.token+"\n", "enroll", "--server", x.server)
		require.Equal(t, x.code, code, name)
		for _, want := range x.want {
			require.Contains(t, complaint, want, name)
		}
		require.Contains(t, complaint, "hint:", name)
		if x.token != "" {
			require.NotContains(t, complaint, x.token, name)
		}
	}
	require.Empty(t, b.file("fleet.json"))
}

func TestCertificatesAndClocks(t *testing.T) {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	b := newBox(t)
	_, _, complaint := b.command(ticket.NewToken(), "enroll", "--server", server.URL)
	require.Contains(t, complaint, "not the gateway")
	require.Contains(t, complaint, "this computer's clock says")
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	_, _, complaint = b.command(ticket.NewToken(), "enroll", "--server", strings.Replace(plain.URL, "http:", "https:", 1))
	require.Contains(t, complaint, "no HTTPS")

	var help hinted
	year := time.Date(1980, 1, 6, 0, 0, 0, 0, time.UTC)
	require.ErrorAs(t, unreached(fmt.Errorf("reach: %w", x509.CertificateInvalidError{Reason: x509.Expired}), year), &help)
	require.Contains(t, help.hint, "clock says 1980-01-06")
}

func TestKeysThatOthersCanRead(t *testing.T) {
	o, b := newOperator(t), newBox(t)
	code, _, complaint := b.enroll(o, o.token("T122"))
	require.Zero(t, code, complaint)
	require.NoError(t, os.Chmod(b.path("device.key"), 0o644))
	_, _, err := stateFile{b.path("fleet.json")}.load()
	require.ErrorContains(t, err, "chmod 600")

	// As a credential, systemd guards it.
	dir := t.TempDir()
	t.Setenv("CREDENTIALS_DIRECTORY", dir)
	require.NoError(t, os.Rename(b.path("device.key"), filepath.Join(dir, "device_key")))
	b.enrolment()
	require.NoError(t, os.WriteFile(b.path("fleet.json"), []byte(`{"v":9}`), 0o600))
	_, _, err = stateFile{b.path("fleet.json")}.load()
	require.ErrorContains(t, err, "enrol this terminal anew")
}
