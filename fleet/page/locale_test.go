package page

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"taxiterminal/display/locale"
	"taxiterminal/trip/receipt"
)

func languages(t *testing.T) *locale.Set {
	t.Helper()
	set, err := locale.LoadFrom(catalogues(), Languages()...)
	require.NoError(t, err)
	return set
}

// TestLanguagesAgree: the same keys everywhere, and the same figures in each text.
func TestLanguagesAgree(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"da", "en", "fi", "nb", "sv"}, Languages())
	set := languages(t)
	first := set.Default()
	for _, c := range set.Catalogues() {
		require.Equal(t, first.Keys(), c.Keys(), c.Tag())
		for _, k := range first.Keys() {
			require.Equal(t, first.Placeholders(k), c.Placeholders(k), "%s in %s", k, c.Tag())
		}
	}
}

// TestEverythingHasItsText goes through every constant that a page can name.
func TestEverythingHasItsText(t *testing.T) {
	t.Parallel()
	var keys []string
	add := func(prefix string, names ...string) {
		for _, n := range names {
			keys = append(keys, prefix+n)
		}
	}
	p := pages(t, newGateway())
	for _, state := range append(States(), "dancing") {
		for _, s := range []scene{
			p.renderer.ofFare(visit{link: sticker, catalogue: p.renderer.preferred}, in(state), p.seal),
			p.renderer.ofPayment(visit{link: Link{Return, reference}, catalogue: p.renderer.preferred}, payment(state)),
		} {
			add(s.key(), ".title", ".text")
		}
	}
	for _, n := range notices() {
		add("notice.", string(n))
	}
	for _, n := range plains() {
		add("plain."+string(n), ".title", ".text")
	}
	for _, i := range Items() {
		add("item.", string(i))
	}
	for _, m := range receipt.AllMeans() {
		add("means.", string(m))
	}
	for _, s := range Shares() {
		add("share.", string(s))
	}
	for _, u := range []receipt.Unit{receipt.Kilometres, receipt.Minutes} {
		add("unit.", string(u))
	}
	for _, c := range languages(t).Catalogues() {
		for _, k := range keys {
			require.True(t, c.Has(k), "%s has no text for %s", c.Tag(), k)
		}
	}
}

// TestTextsAreTidy catches what an editor leaves behind.
func TestTextsAreTidy(t *testing.T) {
	t.Parallel()
	for _, c := range languages(t).Catalogues() {
		for _, k := range c.Keys() {
			text := c.Text(k, nil)
			require.NotEmpty(t, text, k)
			require.Equal(t, strings.TrimSpace(text), text, k)
			require.NotContains(t, text, "  ", k)
			require.NotContains(t, text, "...", "%s: use the ellipsis sign", k)
			require.NotContains(t, text, `"`, "%s: use the language's quotation marks", k)
			require.NotContains(t, text, "'", "%s: use the typographic apostrophe", k)
		}
	}
}

func TestLanguageOfAPage(t *testing.T) {
	t.Parallel()
	h := pages(t, newGateway()).Handler()
	for _, tt := range []struct{ query, accept, want string }{
		{"", "nb-NO,nb;q=0.9,en;q=0.8", "nb"},
		{"", "nn", "nb"},
		{"", "da-DK", "da"},
		{"", "fi,en;q=0.5", "fi"},
		{"", "sv-FI", "sv"},
		{"", "en-GB", "en"},
		{"", "de-DE,de;q=0.9", "en"},
		{"", "zh-CN,zh;q=0.9,sv;q=0.1", "sv"},
		{"", "", "nb"},
		{"", "*", "nb"},
		{"", "'; drop table", "en"},
		{"?lang=fi", "nb", "fi"},
		{"?lang=tlh", "da", "da"},
		{"?lang=%22%3E", "da", "da"},
	} {
		r := request("GET", "/v/"+code+tt.query, nil)
		r.Header.Del("Accept-Language")
		if tt.accept != "" {
			r.Header.Set("Accept-Language", tt.accept)
		}
		require.Contains(t, serve(h, r).Body.String(), `<html lang="`+tt.want+`">`, "%+v", tt)
	}
}
