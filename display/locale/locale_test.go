package locale_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"taxiterminal/display"
	"taxiterminal/display/locale"
	"taxiterminal/trip/receipt"
	"taxiterminal/trip/shift"
)

// TestLanguagesAgree: every catalogue has the same keys, and every text mentions
// the same figures, as the default one.
func TestLanguagesAgree(t *testing.T) {
	t.Parallel()
	set := load(t, locale.Available()...)
	require.GreaterOrEqual(t, len(set.Catalogues()), 2)
	first := set.Default()
	for _, other := range set.Catalogues()[1:] {
		require.Equal(t, first.Keys(), other.Keys(), "%s and %s have different keys", first.Tag(), other.Tag())
		for _, key := range first.Keys() {
			require.Equal(t, first.Placeholders(key), other.Placeholders(key), "%s in %s", key, other.Tag())
		}
	}
}

// TestEverythingHasItsText goes through every constant of package display.
func TestEverythingHasItsText(t *testing.T) {
	t.Parallel()
	for _, c := range load(t, locale.Available()...).Catalogues() {
		for _, key := range wanted() {
			require.True(t, c.Has(key), "%s has no text for %s", c.Tag(), key)
		}
	}
}

func wanted() []string {
	var keys []string
	add := func(key string) { keys = append(keys, key) }
	for _, s := range display.Screens() {
		add("screen." + string(s) + ".title")
		add("screen." + string(s) + ".text")
		add("state." + string(s))
	}
	for _, r := range display.Reasons() {
		add("reason." + string(r))
		add("reason." + string(r) + ".next")
		add("outcome." + string(r))
	}
	for _, f := range display.Faults() {
		add("fault." + string(f))
		add("fault." + string(f) + ".do")
	}
	for _, a := range display.Actions() {
		add("action." + string(a))
		add("action." + string(a) + ".confirm")
		add("action." + string(a) + ".yes")
	}
	for _, l := range display.Labels() {
		add("label." + string(l))
	}
	for _, n := range display.NoticeKeys() {
		add("notice." + n)
	}
	for _, n := range display.Networks() {
		add("network." + string(n))
	}
	for _, h := range display.Healths() {
		add("meter." + string(h))
	}
	for _, r := range display.Refusals() {
		add("refused." + string(r))
	}
	for _, s := range display.Shares() {
		add("share." + string(s))
	}
	for _, i := range receipt.Items() {
		add("receipt.item." + string(i))
	}
	for _, m := range receipt.AllMeans() {
		add("receipt.means." + string(m))
	}
	for _, k := range shift.OpenKinds() {
		add("shift.open." + string(k))
	}
	for _, u := range []receipt.Unit{receipt.Kilometres, receipt.Minutes} {
		add("receipt.unit." + string(u))
	}
	return keys
}

// TestNoticesMentionOnlyWhatANoticeCarries: a placeholder that nobody fills in
// would stand on the screen as it is.
func TestNoticesMentionOnlyWhatANoticeCarries(t *testing.T) {
	t.Parallel()
	c := load(t, "nb").Default()
	for _, n := range display.NoticeKeys() {
		require.Subset(t, []string{"amount", "brand", "trip"}, c.Placeholders("notice."+n), n)
	}
}

// TestTextsAreTidy catches what an editor leaves behind.
func TestTextsAreTidy(t *testing.T) {
	t.Parallel()
	for _, c := range load(t, locale.Available()...).Catalogues() {
		for _, key := range c.Keys() {
			text := c.Text(key, nil)
			require.NotEmpty(t, text, key)
			require.Equal(t, strings.TrimSpace(text), text, key)
			require.NotContains(t, text, "  ", key)
			require.NotContains(t, text, "...", "%s: use the ellipsis sign", key)
			require.NotContains(t, text, `"`, "%s: use the language's quotation marks", key)
		}
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	c := load(t, "en").Default()
	for _, tt := range []struct {
		name, key string
		args      locale.Args
		want      string
	}{
		{"plain", "state.paid", nil, "Paid"},
		{"filled in", "step.open", locale.Args{"brand": "Vipps"}, "Open Vipps"},
		{"a brace in a value stays text", "step.open", locale.Args{"brand": "{brand}"}, "Open {brand}"},
		{"missing value", "step.open", nil, "Open {brand}"},
		{"unknown key", "state.flying", nil, "state.flying"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, c.Text(tt.key, tt.args))
		})
	}
}

func TestMatch(t *testing.T) {
	t.Parallel()
	set := load(t, "nb", "en")
	for _, tt := range []struct {
		wanted []string
		want   string
	}{
		{[]string{"nb"}, "nb"},
		{[]string{"nb-NO"}, "nb"},
		{[]string{"no"}, "nb"},
		{[]string{"nn-NO"}, "nb"},
		{[]string{"da-DK,da;q=0.9"}, "nb"},
		{[]string{"en-GB"}, "en"},
		{[]string{"de", "en"}, "en"},
		{[]string{"", "en"}, "en"},
		{[]string{"zh-CN"}, "nb"},
		{[]string{"'; drop table"}, "nb"},
		{nil, "nb"},
	} {
		require.Equal(t, tt.want, set.Match(tt.wanted...).Tag(), "%q", tt.wanted)
	}
	require.Equal(t, "en", load(t, "en", "nb").Match("zh").Tag(), "the first is the default")
	require.Equal(t, "Norsk", set.Default().Name())
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	_, err := locale.Load("nb", "tlh")
	require.ErrorIs(t, err, locale.ErrUnknownLanguage)
	require.ErrorContains(t, err, "there are en, nb")
	_, err = locale.Load()
	require.Error(t, err)
	_, err = locale.Load("../locale/nb")
	require.ErrorIs(t, err, locale.ErrUnknownLanguage)
}

// TestLoadFrom: another part of the program brings its own words, and other files in
// its directory are not catalogues.
func TestLoadFrom(t *testing.T) {
	t.Parallel()
	dir := fstest.MapFS{
		"sv.toml": {Data: []byte("[page]\nhello = \"Hej {name}\"")}, "readme.md": {}, "da.toml": {Data: []byte("page = 1")},
	}
	require.Equal(t, []string{"da", "sv"}, locale.AvailableIn(dir))
	set, err := locale.LoadFrom(dir, "sv")
	require.NoError(t, err)
	require.Equal(t, "Hej du", set.Default().Text("page.hello", locale.Args{"name": "du"}))
	_, err = locale.LoadFrom(dir, "nb")
	require.ErrorContains(t, err, "there are da, sv")
	_, err = locale.LoadFrom(dir, "da")
	require.ErrorContains(t, err, "want a text")
}

func load(t *testing.T, tags ...string) *locale.Set {
	t.Helper()
	set, err := locale.Load(tags...)
	require.NoError(t, err)
	return set
}
