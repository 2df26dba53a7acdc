package capture

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func values(f Fit) map[Field]string {
	m := map[Field]string{}
	for _, v := range f.Values {
		m[v.Field] = v.Text
	}
	return m
}

func TestLearnFindsTheProfile(t *testing.T) {
	t.Parallel()
	l := Learn(unhex(worked))
	require.Equal(t, "no-32", l.Own.Profile)
	require.True(t, l.Own.Good())
	require.True(t, strings.HasPrefix(l.TOML, "profile = \"no-32\"\n# This print is read as receipt:\n#   receipt  004711\n"), l.TOML)
	require.Contains(t, l.Text, "Å BETALE NOK   468,00")
	for _, name := range Profiles() {
		s := simulator(t, SimulatorConfig{Profile: name})
		require.NoError(t, s.Hired())
		require.NoError(t, s.SetFare(123450))
		require.NoError(t, s.Vacant())
		l := Learn(s.queue[0].bytes)
		require.Equal(t, name, l.Own.Profile)
		require.True(t, l.Own.Good(), name)
	}
}

// A layout that no profile knows, with a driver's name and a card on it.
const foreign = "\x1b@\x1bt\x10  VIDDA PERSONTRANSPORT\n" +
	"Sj\xe5f\xf8r: Ola Nordmann\n" +
	"Kort 4925000000000004\n" +
	"Bong 1742\n" +
	"Dato 14.03.2026\n" +
	"Fra 12:05\n" +
	"Til 12:31\n" +
	"Distanse 7,4 km\n" +
	"Startpris            65,00\n" +
	"Kj\xf8ring             302,50\n" +
	"Bompenger            31,00\n" +
	"Sum                  398,50\n" +
	"Herav MVA 12%         42,70\n" +
	"\x1dV\x00"

func TestLearnProposesKeys(t *testing.T) {
	t.Parallel()
	l := Learn([]byte(foreign))
	require.Empty(t, l.Own.Profile)
	require.Empty(t, l.Own.Err, l.TOML)
	require.True(t, l.Own.Good(), l.TOML)
	require.Equal(t, map[Field]string{
		FieldReceipt: "1742", FieldDate: "14.03.2026", FieldStart: "12:05", FieldFinish: "12:31", FieldKm: "7,4",
		FieldFare: "65,00 + 302,50", FieldTolls: "31,00", FieldTotal: "398,50", FieldVAT: "42,70",
	}, values(l.Own))
	for _, private := range []string{"Nordmann", "4925"} {
		require.NotContains(t, l.Text, private)
		require.NotContains(t, l.TOML, private)
	}

	// What is proposed works in the daemon.
	cfg, err := parseConfig(rawOf(t, "[meter]\n"+l.TOML)["meter"].(map[string]any))
	require.NoError(t, err)
	r, err := cfg.Read(cfg.jobs([]byte(foreign))[0])
	require.NoError(t, err)
	require.EqualValues(t, 39850, r.Total)
	require.EqualValues(t, 36750, r.Fare)
	require.EqualValues(t, 4270, r.VAT)
	require.Equal(t, 26.0, r.Finish.Sub(r.Start).Minutes())
}

func TestLearnOfNothing(t *testing.T) {
	t.Parallel()
	for _, p := range []string{"", "\x1b", "\x00\x00", "hello\n", strings.Repeat("9,99 ' \"\n", 5000)} {
		l := Learn([]byte(p))
		require.False(t, l.Own.Good())
		require.NotEmpty(t, l.Own.Err, "%.20q", p)
	}
	// Signs that mean something to patterns and to TOML are nothing but text.
	l := Learn([]byte("Sum '\"\\([ 1,00\n"))
	require.Empty(t, l.Own.Err, l.TOML)
	require.Equal(t, "1,00", values(l.Own)[FieldTotal])
}
