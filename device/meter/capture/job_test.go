package capture

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestJobEnds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		ends, print string
		want        []string
	}{
		{`"cut"`, "a\n\x1dV\x00b\n\x1bib", []string{"cut a", "cut b", "idle b"}},
		{`"ff"`, "a\n\x1dV\x00b\x0cc", []string{"ff a\nb", "idle c"}},
		{`"etx"`, "x\x02a\x03y\x02b\x03", []string{"etx a", "etx b"}},
		{`"line"`, "a\r\n\r\nb\n", []string{"line a", "line b"}},
		{`"feed:3"`, "a\n\nb\n\n  \n\nc\x1bd\x03d", []string{"feed a\n\nb", "feed c", "idle d"}},
		{`"init"`, "a\n\x1b@b\x1b@", []string{"init a", "init b"}},
		{`"cut"`, "noise\x1b@a\n\x1b@", []string{"idle a"}},
		{`"text:^Takk"`, "a\nTakk!\nb\n", []string{"text a\nTakk!", "idle b"}},
	} {
		cfg := configOf(t, strings.Replace(workedTOML, `"cut", "idle:1500ms"`, c.ends, 1))
		var got []string
		for _, j := range cfg.jobs([]byte(c.print)) {
			got = append(got, string(j.End)+" "+j.Text)
		}
		require.Equal(t, c.want, got, c.ends)
	}
}

func TestAJobIsBounded(t *testing.T) {
	t.Parallel()
	cfg := configOf(t, workedTOML)
	jobs := cfg.jobs([]byte(strings.Repeat("Takst 1 1,00\n", maxText) + "\x1dV\x00" + strings.Repeat("\x1bR\x09x", 2*maxMarks)))
	require.True(t, jobs[0].Over)
	require.LessOrEqual(t, len(jobs[0].Text), maxText)
	require.False(t, jobs[1].Over, "a fixed charset is not changed")
	cfg.Charset = auto
	require.True(t, cfg.jobs([]byte(strings.Repeat("\x1bR\x09x", 2*maxMarks)))[0].Over)
}

func TestAReceiptWithoutANumberHasAKey(t *testing.T) {
	t.Parallel()
	km := int64(7400)
	a := Reading{Total: 100, Distance: &km}
	b := Reading{Total: 200, Distance: &km}
	require.Equal(t, a.key(), a.key())
	require.NotEqual(t, a.key(), b.key())
	b.Total, b.Distance = 100, nil
	require.NotEqual(t, a.key(), b.key())
}
