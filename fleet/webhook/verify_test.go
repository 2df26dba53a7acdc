package webhook_test

import (
	"encoding/base64"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"taxiterminal/fleet/webhook"
	"taxiterminal/vipps"
)

// The published vector, as it was before its secret was replaced by a dummy.
const (
	vectorSecret    = "A0+AeKBRG2KRGvnNwJpQlb6IJFk48CKXCIcrLoHncVJKDILsQSxS6NWCccwWm6r6FhGKhiHTBsG2wo/xU6FY/A=="
	vectorURL       = "https://webhook.site/e2cee29b-012e-4f1d-8ef4-e95fd74a7a63"
	vectorDate      = "Thu, 30 Mar 2023 08:38:32 GMT"
	vectorBody      = `{"some-unique-content":"ee6e441b-cc4a-46f8-895d-a5af79bcc233/hello-world"}`
	vectorContent   = "lNlsp1XA03N34HrQsVzPgJKtC+r7l/RBF4V3JQUWMj4="
	vectorSignature = "agAiSyogQbDHpeucoNwYz+yAr5nJ+v+zasdkSbqzv+U="
	schemeText      = "HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature="
)

func vectorHeader() http.Header {
	h := http.Header{}
	h.Set("x-ms-date", vectorDate)
	h.Set("x-ms-content-sha256", vectorContent)
	h.Set("Authorization", schemeText+vectorSignature)
	return h
}

func TestPublishedVector(t *testing.T) {
	t.Parallel()
	sent, err := webhook.Verify(vipps.NewSecret(vectorSecret), vectorURL, vectorHeader(), []byte(vectorBody))
	require.NoError(t, err)
	require.Equal(t, time.Date(2023, time.March, 30, 8, 38, 32, 0, time.UTC), sent)

	decoded, err := base64.StdEncoding.DecodeString(vectorSecret)
	require.NoError(t, err)
	_, err = webhook.Verify(vipps.NewSecret(string(decoded)), vectorURL, vectorHeader(), []byte(vectorBody))
	require.ErrorIs(t, err, webhook.ErrSignature, "the key is the text, whatever it looks like")
}

func TestVerifyRefuses(t *testing.T) {
	t.Parallel()
	set := func(name, value string) http.Header {
		h := vectorHeader()
		if h.Del(name); value != "" {
			h.Set(name, value)
		}
		return h
	}
	twice := vectorHeader()
	twice.Add("Authorization", schemeText+vectorSignature)
	for name, c := range map[string]struct {
		secret, address string
		header          http.Header
		body            string
		want            error
	}{
		"other body":        {vectorSecret, vectorURL, vectorHeader(), vectorBody + " ", webhook.ErrContent},
		"other digest":      {vectorSecret, vectorURL, set("x-ms-content-sha256", "bNlsp1XA03N34HrQsVzPgJKtC+r7l/RBF4V3JQUWMj4="), vectorBody, webhook.ErrContent},
		"digest not base64": {vectorSecret, vectorURL, set("x-ms-content-sha256", "*"), vectorBody, webhook.ErrContent},
		"other path":        {vectorSecret, vectorURL + "a", vectorHeader(), vectorBody, webhook.ErrSignature},
		"query":             {vectorSecret, vectorURL + "?a=1", vectorHeader(), vectorBody, webhook.ErrSignature},
		"other host":        {vectorSecret, "https://webhook.example/e2cee29b-012e-4f1d-8ef4-e95fd74a7a63", vectorHeader(), vectorBody, webhook.ErrSignature},
		"other date":        {vectorSecret, vectorURL, set("x-ms-date", "Thu, 30 Mar 2023 08:38:33 GMT"), vectorBody, webhook.ErrSignature},
		"other secret":      {"a", vectorURL, vectorHeader(), vectorBody, webhook.ErrSignature},
		"no secret":         {"", vectorURL, vectorHeader(), vectorBody, webhook.ErrSignature},
		"no address":        {vectorSecret, "", vectorHeader(), vectorBody, webhook.ErrSignature},
		"no date":           {vectorSecret, vectorURL, set("x-ms-date", ""), vectorBody, webhook.ErrUnsigned},
		"no digest":         {vectorSecret, vectorURL, set("x-ms-content-sha256", ""), vectorBody, webhook.ErrUnsigned},
		"no signature":      {vectorSecret, vectorURL, set("Authorization", ""), vectorBody, webhook.ErrUnsigned},
		"signed twice":      {vectorSecret, vectorURL, twice, vectorBody, webhook.ErrUnsigned},
		"fewer headers":     {vectorSecret, vectorURL, set("Authorization", "HMAC-SHA256 SignedHeaders=x-ms-date&Signature="+vectorSignature), vectorBody, webhook.ErrUnsigned},
		"short signature":   {vectorSecret, vectorURL, set("Authorization", schemeText+"agAi"), vectorBody, webhook.ErrUnsigned},
		"not base64":        {vectorSecret, vectorURL, set("Authorization", schemeText+"*"), vectorBody, webhook.ErrUnsigned},
	} {
		sent, err := webhook.Verify(vipps.NewSecret(c.secret), c.address, c.header, []byte(c.body))
		require.ErrorIs(t, err, c.want, name)
		require.Zero(t, sent, name)
		require.NotContains(t, err.Error(), "A0+A", name)
	}
	h := sign("s", address, now, []byte("{}"))
	h.Set("x-ms-date", "yesterday")
	_, err := webhook.Verify(vipps.NewSecret("s"), address, h, []byte("{}"))
	require.ErrorIs(t, err, webhook.ErrSignature, "an unsigned date is not read")
	_, err = webhook.Verify(vipps.NewSecret("s"), address, signDated("s", address, "yesterday", []byte("{}")), []byte("{}"))
	require.ErrorIs(t, err, webhook.ErrDate)
}

// A port may be part of the signed host or not.
func TestHostWithPort(t *testing.T) {
	t.Parallel()
	body := []byte("{}")
	for _, signedFor := range []string{"https://taxi.example:8443/webhook/123456?k=1", "https://taxi.example/webhook/123456?k=1"} {
		_, err := webhook.Verify(vipps.NewSecret("s"), "https://taxi.example:8443/webhook/123456?k=1", sign("s", signedFor, now, body), body)
		require.NoError(t, err, signedFor)
	}
	_, err := webhook.Verify(vipps.NewSecret("s"), "https://taxi.example", sign("s", "https://taxi.example/", now, body), body)
	require.NoError(t, err, "no path is /")
	_, err = webhook.Verify(vipps.NewSecret("s"), "https://taxi.example/", sign("s", "https://taxi.example:8443/", now, body), body)
	require.ErrorIs(t, err, webhook.ErrSignature)
}

// Whatever was signed is verified, and any flipped bit of it is refused.
func TestAnyFlippedBitIsRefused(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		body := rapid.SliceOfN(rapid.Byte(), 1, 300).Draw(t, "body")
		secret := rapid.StringN(1, 60, -1).Draw(t, "secret")
		at := time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "at"), 0).UTC()
		h := sign(secret, address, at, body)
		sent, err := webhook.Verify(vipps.NewSecret(secret), address, h, body)
		require.NoError(t, err)
		require.True(t, at.Equal(sent))

		bit := rapid.IntRange(0, len(body)*8-1).Draw(t, "bit")
		body[bit/8] ^= 1 << (bit % 8)
		_, err = webhook.Verify(vipps.NewSecret(secret), address, h, body)
		require.ErrorIs(t, err, webhook.ErrContent)
		_, err = webhook.Verify(vipps.NewSecret(secret), address, sign(secret+"x", address, at, body), body)
		require.ErrorIs(t, err, webhook.ErrSignature)
	})
}

func FuzzVerify(f *testing.F) {
	f.Add(vectorDate, vectorContent, schemeText+vectorSignature, []byte(vectorBody))
	f.Fuzz(func(t *testing.T, date, content, authorization string, body []byte) {
		h := http.Header{"X-Ms-Date": {date}, "X-Ms-Content-Sha256": {content}, "Authorization": {authorization}}
		_, err := webhook.Verify(vipps.NewSecret(vectorSecret), vectorURL, h, body)
		if err == nil {
			require.Equal(t, vectorSignature, authorization[len(schemeText):])
			require.Equal(t, vectorBody, string(body))
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	secret, header, body := vipps.NewSecret(vectorSecret), vectorHeader(), []byte(vectorBody)
	for b.Loop() {
		if _, err := webhook.Verify(secret, vectorURL, header, body); err != nil {
			b.Fatal(err)
		}
	}
}
