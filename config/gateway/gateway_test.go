package gateway

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"taxiterminal/money"
)

func TestTheExampleIsCorrectAndShowsTheDefaults(t *testing.T) {
	written, err := parse("example", []byte(Example))
	require.NoError(t, err)
	require.Equal(t, money.Minor(500000), written.Merchants[0].Limit)
	var all []string
	for line := range strings.Lines(Example) {
		if text, commented := strings.CutPrefix(line, "# "); commented && strings.Contains(text, " = ") {
			line = text
		}
		all = append(all, line)
	}
	spelled, err := parse("example", []byte(strings.Join(all, "")))
	require.NoError(t, err)
	spelled.HTTP.Proxies, spelled.NATS.Advertise, spelled.NATS.URLs, spelled.Page.Tips = nil, nil, nil, nil
	require.Equal(t, written, spelled, "what is commented out is the default")
}

func TestEverythingThatIsWrongIsReportedAtOnce(t *testing.T) {
	_, err := parse("fleet.toml", []byte(`
operator = ""
public_url = "http://pay.example"
terms = "ftp://x"
[http]
listen = "0.0.0.0:80"
certificate = "cert.pem"
[page]
share = "nin"
[[merchant]]
name = "Oslo"
msn = "12"
limit = "free"
url = "http://127.0.0.1:1"
`))
	for _, want := range []string{"operator: missing", "public_url:", "terms:", "http.certificate:", "http.key:", "page.share:",
		"merchant[0].name", "merchant[0].msn", "merchant[0].limit", "merchant[0].url"} {
		require.ErrorContains(t, err, want)
	}
	_, err = parse("fleet.toml", []byte("operator = \"a\"\npublic_url = \"https://a.example\"\n[http]\nlisten = \"0.0.0.0:80\"\n"))
	require.ErrorContains(t, err, "without a certificate")
	require.ErrorContains(t, err, "[[merchant]]")
	for listen, want := range map[string]string{"8443": "is no address", "0.0.0.0:8443": "unencrypted"} {
		_, err = parse("fleet.toml", []byte("operator = \"a\"\npublic_url = \"https://a.example\"\n[http]\nlisten = \"127.0.0.1:80\"\n[admin]\nlisten = \""+listen+"\"\n"))
		require.ErrorContains(t, err, want)
	}
}

func TestKeysAreReadFromAFileOfTheirOwnAndNeverPrinted(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, KeysFile)
	write := func(text string, mode os.FileMode) {
		require.NoError(t, os.WriteFile(path, []byte(text), mode))
		require.NoError(t, os.Chmod(path, mode))
	}
	good := "store_key = \"hush-hush-hush-hush-hush-hush-hush\"\npage_key = \"BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\"\n" +
		"[merchant.main]\nclient_id = \"hush-id\"\nclient_secret = \"hush-secret\"\nsubscription_key = \"hush-sub\"\n"
	_, err := LoadKeys(filepath.Join(dir, "x.toml"))
	require.ErrorContains(t, err, "does not exist")
	write(good, 0o644)
	_, err = LoadKeys(filepath.Join(dir, "x.toml"))
	require.ErrorContains(t, err, "chmod 600")
	write(good, 0o600)
	k, err := LoadKeys(filepath.Join(dir, "x.toml"))
	require.NoError(t, err)
	m, ok := k.Merchant("main")
	require.True(t, ok)
	require.Equal(t, "hush-secret", m.ClientSecret)
	require.NotContains(t, k.String()+m.String()+k.LogValue().String(), "hush")
	_, ok = k.Merchant("other")
	require.False(t, ok)
	for _, bad := range []string{good + "more = 1\n", strings.Replace(good, "BwcHBwcH", "hush", 1), "client = \"hush"} {
		write(bad, 0o600)
		_, err = LoadKeys(filepath.Join(dir, "x.toml"))
		require.Error(t, err)
		require.NotContains(t, err.Error(), "hush")
	}
}
