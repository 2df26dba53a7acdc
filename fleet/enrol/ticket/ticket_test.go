package ticket_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/nats-io/nkeys"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"taxiterminal/fleet/enrol/ticket"
)

func key(t testing.TB) nkeys.KeyPair {
	t.Helper()
	pair, err := nkeys.CreateUser()
	require.NoError(t, err)
	return pair
}

func TestATokenMayBeTypedByHand(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		token := ticket.NewToken()
		want, err := ticket.Hash(token)
		require.NoError(t, err)
		sloppy := strings.Map(func(c rune) rune {
			switch {
			case c == '-':
				return rapid.SampledFrom([]rune{'-', ' '}).Draw(t, "hyphen")
			case c == '0' && rapid.Bool().Draw(t, "zero"):
				return rapid.SampledFrom([]rune("oO")).Draw(t, "o")
			case c == '1' && rapid.Bool().Draw(t, "one"):
				return rapid.SampledFrom([]rune("iIlL")).Draw(t, "l")
			}
			return c
		}, token)
		if rapid.Bool().Draw(t, "small") {
			sloppy = " " + strings.ToLower(sloppy) + "\n"
		}
		got, err := ticket.Hash(sloppy)
		require.NoError(t, err, sloppy)
		require.Equal(t, want, got)
	})
	for _, wrong := range []string{"", "K7Q2X", strings.Repeat("U", 26), strings.Repeat("A", 27), strings.Repeat("-", 1000)} {
		_, err := ticket.Hash(wrong)
		require.ErrorIs(t, err, ticket.ErrToken)
	}
}

func TestTheGatewaysName(t *testing.T) {
	for address, want := range map[string]string{
		"https://Fleet.Example.com":      "fleet.example.com",
		"https://fleet.example.com:443/": "fleet.example.com",
		"https://fleet.example.com:8443": "fleet.example.com:8443",
		"http://127.0.0.1:8080":          "127.0.0.1:8080",
	} {
		got, err := ticket.Server(address)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for _, wrong := range []string{"", "fleet.example.com", "http://fleet.example.com", "https://", "https://a:b@c", "https://a/?x=1"} {
		_, err := ticket.Server(wrong)
		require.Error(t, err, wrong)
	}
}

func TestAProofIsForOneGatewayOneTokenOneKey(t *testing.T) {
	good, err := ticket.New("fleet.example.com", ticket.NewToken(), "box", key(t))
	require.NoError(t, err)
	hash, err := good.Verify("fleet.example.com")
	require.NoError(t, err)
	require.Len(t, hash, 64)

	other, err := key(t).PublicKey()
	require.NoError(t, err)
	for name, change := range map[string]func(*ticket.Request){
		"token": func(r *ticket.Request) { r.Token = ticket.NewToken() },
		"key":   func(r *ticket.Request) { r.PublicKey = other },
		"proof": func(r *ticket.Request) { r.Proof = append([]byte{r.Proof[0] ^ 1}, r.Proof[1:]...) },
		"none":  func(r *ticket.Request) { r.Proof = nil },
	} {
		r := good
		change(&r)
		_, err := r.Verify("fleet.example.com")
		var no *ticket.Refusal
		require.ErrorAs(t, err, &no, name)
		require.Equal(t, ticket.Unproven, no.Code)
	}
	_, err = good.Verify("evil.example.com")
	require.Error(t, err)
	require.NotContains(t, fmt.Sprintf("%v %+v %#v", good, good, good), good.Token)
}

func FuzzParse(f *testing.F) {
	good, err := ticket.New("fleet.example.com", ticket.NewToken(), "box", key(f))
	require.NoError(f, err)
	text, err := json.Marshal(good)
	require.NoError(f, err)
	f.Add(text)
	f.Add([]byte(`{"v":1}`))
	f.Add([]byte(`{"v":1,"name":"\u001b[2J"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := ticket.Parse(body)
		if err != nil {
			var no *ticket.Refusal
			require.ErrorAs(t, err, &no)
			require.NotEmpty(t, no.Hint)
			return
		}
		again, err := json.Marshal(r)
		require.NoError(t, err)
		same, err := ticket.Parse(again)
		require.NoError(t, err)
		require.Equal(t, r.PublicKey, same.PublicKey)
		_, _ = r.Verify("fleet.example.com")
	})
}

func TestAnswersThatAreNoGateways(t *testing.T) {
	k := key(t)
	public, err := k.PublicKey()
	require.NoError(t, err)
	token := ticket.NewToken()
	ask := func(answer http.HandlerFunc) (ticket.Welcome, error) {
		server := httptest.NewServer(answer)
		defer server.Close()
		return ticket.Enrol(t.Context(), server.Client(), server.URL, token, "", k)
	}
	say := func(status int, text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte(text))
		}
	}
	welcome := fmt.Sprintf(`{"v":1,"terminal":%q,"vehicle":"T122","urls":["tls://a"],"secret":"c2VjcmV0"}`, public)
	w, err := ask(say(200, welcome))
	require.NoError(t, err)
	require.NotContains(t, fmt.Sprintf("%v %+v %#v", w, w, w), "secret")

	for name, answer := range map[string]http.HandlerFunc{
		"another terminal": say(200, strings.Replace(welcome, public, "UOTHER", 1)),
		"another version":  say(200, strings.Replace(welcome, `"v":1`, `"v":2`, 1)),
		"a page":           say(200, "<html>"),
		"a page not found": say(404, "<html>"),
		"endless":          say(200, strings.Repeat(" ", ticket.MaxWelcome+1)),
		"elsewhere": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://evil.example.com", http.StatusTemporaryRedirect)
		},
		"cut": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		_, err := ask(answer)
		require.Error(t, err, name)
		require.False(t, errors.As(err, new(*ticket.Refusal)), name)
		require.NotContains(t, err.Error(), token, name)
	}
	_, err = ask(say(410, `{"v":1,"error":{"code":"used","text":"a","hint":"b"}}`))
	var no *ticket.Refusal
	require.ErrorAs(t, err, &no)
	require.Equal(t, &ticket.Refusal{Code: "used", Text: "a", Hint: "b"}, no)
}
