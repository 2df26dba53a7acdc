package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"taxiterminal/sim"
)

// taxisim runs the program with what a person types.
func taxisim(typed string, args ...string) (stdout, stderr string, code int) {
	var out, errs bytes.Buffer
	code = run(args, strings.NewReader(typed), &out, &errs)
	return out.String(), errs.String(), code
}

// TestEveryMeterIsPlayed drives a trip on each, pulls its cable, and makes a mistake.
func TestEveryMeterIsPlayed(t *testing.T) {
	t.Parallel()
	for protocol, keys := range map[string][]string{
		"mdt":     {"hired", "timeoff", "payment", "resume", "vacant", "loseacks", "miscount"},
		"jtt905":  {"hired", "extras", "vacant", "resend", "signout"},
		"gwp5043": {"occupied", "vacancy", "print", "exchange"},
		"capture": {"hired", "toll", "vacant", "copy", "shift", "noise"},
	} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			link := filepath.Join(t.TempDir(), "meter")
			out, errs, code := taxisim(strings.Join(keys, "\n")+"\noff\non\npull\nplug\n", "meter", "--protocol", protocol, "--link", link, "--flagfall", "7000")
			require.Zero(t, code, errs)
			require.Contains(t, out, "the meter is at "+link)
			require.Contains(t, out, "\n  driver = \""+protocol+"\"\n  port = \""+link+"\"\n")
			require.Regexp(t, `hired +fare 70\.00 `, out)
			require.Regexp(t, `vacant +fare 0\.00 `, out)
			require.Contains(t, out, "without power")
			require.NotContains(t, out, "the keys are")
			require.NotContains(t, out, "no effect")

			out, _, code = taxisim("turbo\n"+keys[len(keys)-1]+"\n\n", "meter", "--protocol", protocol, "--link", link)
			require.Zero(t, code)
			require.Contains(t, out, "the keys are\n")
			for _, key := range keys {
				require.Regexp(t, `(?m)^  `+key+` +\S`, out)
			}
		})
	}
}

func TestHelpNamesEveryMeterAndItsKeys(t *testing.T) {
	t.Parallel()
	out, _, code := taxisim("", "meter", "--help")
	require.Zero(t, code)
	for _, p := range sim.Protocols() {
		require.Contains(t, out, "\n"+p.Name+": "+p.About+"\n")
	}
	require.Contains(t, out, "misprint ")
	require.Contains(t, out, "cutshort ")
	out, _, _ = taxisim("", "demo", "--help")
	require.Contains(t, out, "--meter")
	require.Contains(t, out, "needs a meter that tells the fare at Stopped")
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		`no meter protocol "halda": want one of`: {"meter", "--protocol", "halda"},
		`are choices of protocol mdt`:            {"meter", "--protocol", "jtt905", "--tlc"},
		`currency "XXX"`:                         {"meter", "--currency", "XXX"},
		`no meter protocol "zeus"`:               {"demo", "--once", "--meter", "zeus", "--terminal", "/bin/true"},
		`resumed on capture needs a meter that`:  {"demo", "--scenario", "resumed", "--meter", "capture", "--terminal", "/bin/true"},
	} {
		_, errs, code := taxisim("", args...)
		require.Equal(t, 1, code, args)
		require.Contains(t, errs, want)
	}
}
