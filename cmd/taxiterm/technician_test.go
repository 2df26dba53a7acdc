package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/config"
	"taxiterminal/device/meter"
	"taxiterminal/device/serialport"
	"taxiterminal/terminal/control"
	"taxiterminal/vipps"
)

var update = flag.Bool("update", false, "write the golden files anew")

// command runs the program in this process, with a configuration that is not there.
func command(t *testing.T, args ...string) (stdout, stderr string, code int) {
	var out, errs bytes.Buffer
	code = run(append([]string{"--config", filepath.Join(t.TempDir(), "none.toml")}, args...), strings.NewReader(""), &out, &errs)
	return out.String(), errs.String(), code
}

func golden(t *testing.T, name, got string) {
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

func TestReplayOfATape(t *testing.T) {
	t.Parallel()
	out, errs, code := command(t, "meter", "replay", "testdata/pulsar.tape", "--driver", "mdt", "--json")
	require.Zero(t, code, errs)
	golden(t, "pulsar.jsonl", out)
	for line := range strings.Lines(out) {
		require.True(t, json.Valid([]byte(line)), line)
	}
}

func TestReplayInWordsAndInRealTime(t *testing.T) {
	t.Parallel()
	began := time.Now()
	out, errs, code := command(t, "meter", "replay", "testdata/pulsar.tape", "--driver", "mdt", "--set", "profile=tap", "--real-time")
	require.Zero(t, code, errs)
	require.GreaterOrEqual(t, time.Since(began), 3690*time.Millisecond)
	require.Regexp(t, `(?m)^\S+  position  hired$`, out)
	require.Regexp(t, `(?m)^\S+  record    total 65\.90, fare 65\.90, 0 m, final$`, out)
	require.Contains(t, out, "1 trips closed, 1 of them with an amount beyond doubt")
}

// tape writes a tape of what the meter says, a tenth of a second apart.
func tape(t *testing.T, chunks ...string) string {
	text := "# began 2026-03-14T22:51:07Z\n"
	for i, c := range chunks {
		text += fmt.Sprintf("%d < %s\n", 100*i, hex.EncodeToString([]byte(c)))
	}
	path := filepath.Join(t.TempDir(), "tape")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestReplaySaysWhyThereIsNoTrip(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		tape, want string
	}{
		"nothing":  {tape(t), "nothing from the meter is on the tape"},
		"no end":   {tape(t, "\x02A\x011s\x03"), "no closed trip is on the tape"},
		"no frame": {tape(t, "what is this"), "no closed trip is on the tape"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, errs, code := command(t, "meter", "replay", c.tape, "--driver", "mdt", "--set", `profile = "tap"`)
			require.Equal(t, 1, code)
			require.Contains(t, errs, c.want)
		})
	}
	require.ErrorContains(t, replaySum{bytes: 900, health: meter.HealthGarbled}.verdict(), "check --driver, speed and format")
	require.ErrorContains(t, replaySum{bytes: 900, trips: 1}.verdict(), "the doubts say why")
}

func TestWrongUseOfTheMeterCommandsIsExplained(t *testing.T) {
	t.Parallel()
	there := filepath.Join(t.TempDir(), "there")
	require.NoError(t, os.WriteFile(there, []byte("keep me"), 0o600))
	for _, c := range []struct {
		want string
		code int
		args []string
	}{
		{"name the meter's protocol with --driver", 1, []string{"replay", "testdata/pulsar.tape"}},
		{"this program has capture, gwp5043, jtt905, mdt", 1, []string{"replay", "testdata/pulsar.tape", "--driver", "halda"}},
		{"profile: \"pulsaar\" is not known", 2, []string{"replay", "testdata/pulsar.tape", "--driver", "mdt", "--set", "profile=pulsaar"}},
		{"want KEY=VALUE", 2, []string{"replay", "testdata/pulsar.tape", "--driver", "mdt", "--set", "profile"}},
		{"want speed and format", 2, []string{"replay", "testdata/pulsar.tape", "--driver", "mdt", "--line", "fast"}},
		{"tape line 1: want milliseconds", 1, []string{"replay", "technician_test.go", "--driver", "mdt"}},
		{"no such file", 1, []string{"replay", "none.tape", "--driver", "mdt"}},
		{"name one with --port", 2, []string{"record", "x.tape", "--driver", "mdt"}},
		{"is there already", 1, []string{"record", there, "--driver", "mdt", "--port", "/dev/null"}},
		{"not a serial port", 1, []string{"watch", "--driver", "mdt", "--port", "/dev/null"}},
		{"not a serial port", 1, []string{"learn", "--port", "/dev/null"}},
		{"name one with --port", 2, []string{"learn"}},
		{"the meter printed nothing", 1, []string{"learn", tape(t)}},
	} {
		_, errs, code := command(t, append([]string{"meter"}, c.args...)...)
		require.Equal(t, c.code, code, "%v: %s", c.args, errs)
		require.Contains(t, errs, c.want, c.args)
	}
	text, err := os.ReadFile(there)
	require.NoError(t, err)
	require.Equal(t, "keep me", string(text))
	require.NoFileExists(t, "x.tape")
}

const aPrint = "../../device/meter/capture/testdata/golden/no-48.bin"

func TestLearnFindsTheProfileOfAPrint(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(aPrint)
	require.NoError(t, err)
	for name, path := range map[string]string{"bytes": aPrint, "tape": tape(t, string(raw[:300]), string(raw[300:]))} {
		out, errs, code := command(t, "meter", "learn", path, "--json")
		require.Zero(t, code, "%s: %s", name, errs)
		var l learned
		require.NoError(t, json.Unmarshal([]byte(out), &l))
		require.True(t, l.Good)
		require.Equal(t, "no-48", l.Profiles[0].Profile)
		require.Equal(t, "1 341,00", l.Profiles[0].Fields["total"])
		require.NotEmpty(t, l.Profiles[1].Problem)
		require.Contains(t, l.TOML, "profile = \"no-48\"\n")
		require.Contains(t, l.Text, "KVITTERING")
		require.NotContains(t, l.Text, "Telefon 00 00 00 00")
	}
	out, _, code := command(t, "meter", "learn", aPrint, "--port", "/dev/taximeter", "--line", "19200 8N1")
	require.Zero(t, code)
	require.Contains(t, out, "[meter]\ndriver = \"capture\"\nport = \"/dev/taximeter\"\nline = \"19200 8N1\"\nprofile = \"no-48\"\n")
	require.Contains(t, out, "  | SUM Å BETALE                        NOK 1 341,00\n")
	require.Regexp(t, `(?m)^no-48 +receipt +receipt trip .* total +good$`, out)
}

func TestLearnProposesKeysThatTheConfigurationTakes(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "print")
	require.NoError(t, os.WriteFile(path, []byte("By Taxi\r\nTelefon 12345678\r\nBong 77\r\nStartpris 200,00\r\nBompenger 31,50\r\nTotal 231,50\r\n\f"), 0o600))
	out, errs, code := command(t, "meter", "learn", path, "--json")
	require.Zero(t, code, errs)
	require.NotContains(t, out, "12345678")
	var l learned
	require.NoError(t, json.Unmarshal([]byte(out), &l))
	dir := t.TempDir()
	file := filepath.Join(dir, "taxiterm.toml")
	own := strings.Replace(l.TOML, "/dev/serial/by-id/...", "/dev/serial/by-id/x", 1)
	require.NoError(t, os.WriteFile(file, []byte("vehicle = \"T122\"\n[payment]\nmsn = \"123456\"\n"+own), 0o600))
	_, err := load(file)
	require.NoError(t, err)

	require.NoError(t, os.WriteFile(path, []byte("nothing that is a receipt\r\n\f"), 0o600))
	_, errs, code = command(t, "meter", "learn", path)
	require.Equal(t, 1, code)
	require.Contains(t, errs, "cannot be read as it is")
}

func TestPortsAreListed(t *testing.T) {
	t.Parallel()
	out, errs, code := command(t, "meter", "ports", "--json")
	require.Zero(t, code, errs)
	var list []serialport.Found
	require.NoError(t, json.Unmarshal([]byte(out), &list))
	require.NotNil(t, list)

	var b bytes.Buffer
	printPorts(&b, nil)
	require.Contains(t, b.String(), "plug the adapter in")
	b.Reset()
	printPorts(&b, []serialport.Found{
		{Port: "/dev/ttyS0", Device: "/dev/ttyS0", Use: serialport.Console},
		{Port: "/dev/serial/by-id/a", Device: "/dev/ttyUSB0", Maker: "FTDI", Product: "UART", USB: "0403:6001", Serial: "A5", Use: serialport.Held,
			Holders: []serialport.Holder{{PID: 812, Name: "taxiterm"}, {PID: 9}}},
		{Port: "/dev/serial/by-path/b", Device: "/dev/ttyUSB1", USB: "1a86:7523", Use: serialport.Free},
		{Port: "/dev/ttyAMA0", Device: "/dev/ttyAMA0", Use: serialport.Unseen},
	})
	require.Equal(t, `PORT                   DEVICE        ADAPTER                                USE
/dev/ttyS0             /dev/ttyS0    built in                               console of this computer
/dev/serial/by-id/a    /dev/ttyUSB0  FTDI UART (0403:6001)                  held by taxiterm 812, 9
/dev/serial/by-path/b  /dev/ttyUSB1  unnamed (1a86:7523, no serial number)  free
/dev/ttyAMA0           /dev/ttyAMA0  built in                               free, as far as this user can see
`, b.String())
}

func TestChecksOfTheDoctor(t *testing.T) {
	t.Parallel()
	failed := func(c vipps.Class) vipps.Result { return vipps.Result{Err: &vipps.Error{Op: vipps.OpGet, Class: c}} }
	for _, c := range []struct {
		want  control.CheckState
		text  string
		check control.Check
	}{
		{control.CheckOK, "is right, to 2s", clockCheck(2 * time.Second)},
		{control.CheckFault, "1h0m0s ahead of the payment", clockCheck(time.Hour)},
		{control.CheckFault, "26h0m0s behind the payment", clockCheck(-26 * time.Hour)},
		{control.CheckSkipped, "nothing was heard yet", meterCheck(meter.Health{}, 0)},
		{control.CheckSkipped, "nothing that was understood yet", meterCheck(meter.Health{}, time.Second)},
		{control.CheckOK, "heard 3s ago", meterCheck(meter.Health{State: meter.HealthOK}, 3*time.Second)},
		{control.CheckFault, "silent: no byte for 35 s", meterCheck(meter.Health{State: meter.HealthSilent, Detail: "no byte for 35 s"}, time.Minute)},
		{control.CheckFault, "garbled: ", meterCheck(meter.Health{State: meter.HealthGarbled}, time.Second)},
		{control.CheckFault, "degraded: ", meterCheck(meter.Health{State: meter.HealthDegraded}, time.Second)},
		{control.CheckOK, "after 80ms", apiCheck(failed(vipps.ClassNotFound), 80*time.Millisecond)},
		{control.CheckOK, "after 1.23s", apiCheck(vipps.Result{Kind: vipps.Done}, 1234*time.Millisecond)},
		{control.CheckSkipped, "too often", apiCheck(failed(vipps.ClassRateLimited), 0)},
		{control.CheckFault, "network", apiCheck(failed(vipps.ClassNetwork), 0)},
		{control.CheckFault, "credentials", apiCheck(failed(vipps.ClassCredentials), 0)},
		{control.CheckFault, "unavailable", apiCheck(failed(vipps.ClassUnavailable), 0)},
		{control.CheckFault, "is not there", credentialsCheck(config.Credentials{File: "/c"}, config.ErrNoCredentials)},
		{control.CheckFault, "missing: [client_id", credentialsCheck(config.Credentials{File: "/c"}, nil)},
		{control.CheckFault, "no such file", flushCheck("/none/outbox.db", "")},
		{control.CheckFault, "/none", spaceCheck("/none/outbox.db")},
		{control.CheckFault, "no such file", trialCheck(t.Context(), "/none/outbox.db")},
	} {
		require.Equal(t, c.want, c.check.State, c.check)
		require.Contains(t, c.check.Detail, c.text)
		if c.want == control.CheckFault {
			require.NotEmpty(t, c.check.Do, c.check)
		}
	}
}

func TestTheDoctorLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "outbox.db")
	require.Regexp(t, `median \S+s, longest \S+s; more$`, flushCheck(path, "; more").Detail)
	c := trialCheck(t.Context(), path)
	require.Equal(t, control.CheckOK, c.State, c.Detail)
	require.Contains(t, c.Detail, "is not there yet")
	require.NoError(t, filepath.WalkDir(dir, func(p string, _ fs.DirEntry, err error) error {
		require.Equal(t, dir, p)
		return err
	}))
}

func TestCommitTimesAreTheLastOnes(t *testing.T) {
	t.Parallel()
	var c commits
	require.Empty(t, c.String())
	c.add(time.Hour)
	for range 64 {
		c.add(2 * time.Millisecond)
	}
	c.add(30 * time.Millisecond)
	require.Equal(t, "; last 64 commits: median 2ms, longest 30ms", c.String())
}
