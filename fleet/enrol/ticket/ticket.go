// Package ticket is what a computer and the gateway say to each other when the
// computer becomes the terminal of a car: once, over HTTPS, before anything else.
//
//	POST /enrol {token, public_key, proof} -> {terminal, vehicle, urls, ...}
//
// The operator makes a token for a car; whoever brings it first, gets the car. The
// computer makes itself an Ed25519 key, which never leaves it, and signs a statement
// that names the gateway, the token and the key. So an answer cannot be got with
// somebody else's key, and what was meant for one gateway is worth nothing at another.
//
// The package is shared by both sides and knows neither's insides.
package ticket

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"unicode"

	"github.com/nats-io/nkeys"
)

// Path is where the gateway takes requests.
const Path = "/enrol"

// MaxRequest and MaxWelcome are the largest bodies in bytes.
const (
	MaxRequest = 4 << 10
	MaxWelcome = 256 << 10
)

// Request asks to become the terminal that a token is for.
type Request struct {
	V         int    `json:"v"` // 1
	Token     string `json:"token"`
	PublicKey string `json:"public_key"` // nkey of a user, U...
	Proof     []byte `json:"proof"`      // Ed25519 over Statement
	Name      string `json:"name,omitempty"`
}

// Welcome is what a terminal needs to know from then on.
type Welcome struct {
	V        int      `json:"v"` // 1
	Terminal string   `json:"terminal"`
	Vehicle  string   `json:"vehicle"`
	Server   string   `json:"server"`       // the gateway's name, as in Statement
	URLs     []string `json:"urls"`         // where to connect, tls://...
	CA       string   `json:"ca,omitempty"` // PEM, if the certificate there is not publicly known
	// Secret is shared with the gateway, for codes that are checked with no network.
	Secret   []byte          `json:"secret,omitempty"`
	Settings json.RawMessage `json:"settings,omitempty"` // as the gateway and the terminal agree
}

// String keeps the secret out of logs.
func (w Welcome) String() string       { return "terminal " + w.Terminal + " of vehicle " + w.Vehicle }
func (w Welcome) GoString() string     { return w.String() }
func (w Welcome) LogValue() slog.Value { return slog.StringValue(w.String()) }

// String keeps the token out of logs.
func (r Request) String() string       { return "request of " + r.PublicKey }
func (r Request) GoString() string     { return r.String() }
func (r Request) LogValue() slog.Value { return slog.StringValue(r.String()) }

// Refusal is why not, and what to do.
type Refusal struct {
	Code string `json:"code"` // of package registry, or one of those below
	Text string `json:"text"`
	Hint string `json:"hint"`
}

// Codes of refusals, beside those that are about tokens and cars.
const (
	Malformed   = "malformed"   // not a request
	Unproven    = "unproven"    // the proof does not fit the rest
	Busy        = "busy"        // too many requests; come again
	Unavailable = "unavailable" // the gateway cannot look anything up; come again
)

func (e *Refusal) Error() string { return e.Text + "; " + e.Hint }

// alphabet is Crockford's base 32: no letter that looks like a digit.
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// tokenLength is that of a token without hyphens: 130 bits.
const tokenLength = 26

// NewToken makes a token, "K7Q2-...": what the operator gives to the car. Only its
// Hash is kept.
func NewToken() string {
	b := make([]byte, tokenLength)
	_, _ = rand.Read(b) // never fails
	var text strings.Builder
	for i := range b {
		if i > 0 && i%5 == 0 {
			text.WriteByte('-')
		}
		text.WriteByte(alphabet[b[i]%32])
	}
	return text.String()
}

// people writes what they read: these are the letters that the alphabet lacks.
var people = strings.NewReplacer("-", "", " ", "", "O", "0", "I", "1", "L", "1")

// ErrToken means that a token cannot be one. The error says no more, because the
// token may be right but for one letter.
var ErrToken = errors.New("enrolment token is mistyped: want 26 letters and digits")

// Hash is under what the gateway knows a token: SHA-256 in hex. Hyphens, spaces,
// small letters and letters that look like digits do not matter.
func Hash(token string) (string, error) {
	if len(token) > 4*tokenLength {
		return "", ErrToken
	}
	plain := people.Replace(strings.ToUpper(strings.TrimSpace(token)))
	if len(plain) != tokenLength || strings.Trim(plain, alphabet) != "" {
		return "", ErrToken
	}
	sum := sha256.Sum256([]byte("taxi terminal enrolment token\n" + plain))
	return hex.EncodeToString(sum[:]), nil
}

// Server is the name of the gateway at an address: host, and port if it is not 443.
func Server(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Scheme != "https" && !loopback(u) {
		return "", errors.New(`read address of the gateway: want one such as "https://fleet.example.com"`)
	}
	return strings.TrimSuffix(strings.ToLower(u.Host), ":443"), nil
}

// loopback is where tests and demonstrations are.
func loopback(u *url.URL) bool {
	return u.Scheme == "http" && (u.Hostname() == "127.0.0.1" || u.Hostname() == "localhost" || u.Hostname() == "::1")
}

// Statement is what the terminal signs.
func Statement(server, hash, terminal string) []byte {
	return fmt.Appendf(nil, "taxi terminal enrolment 1\n%s\n%s\n%s\n", server, hash, terminal)
}

// New makes a signed request; key is the terminal's own, of a user.
func New(server, token, name string, key nkeys.KeyPair) (Request, error) {
	hash, err := Hash(token)
	if err != nil {
		return Request{}, err
	}
	public, err := key.PublicKey()
	if err != nil {
		return Request{}, fmt.Errorf("read key: %w", err)
	}
	proof, err := key.Sign(Statement(server, hash, public))
	if err != nil {
		return Request{}, fmt.Errorf("sign request: %w", err)
	}
	return Request{V: 1, Token: token, PublicKey: public, Proof: proof, Name: name}, nil
}

// Parse reads a request and checks its form. Errors are a *Refusal.
func Parse(body []byte) (Request, error) {
	var r Request
	malformed := func(text string) (Request, error) {
		return Request{}, &Refusal{Malformed, text, "use the enrolment command of the terminal, in a version that fits"}
	}
	switch err := json.Unmarshal(body, &r); {
	case err != nil:
		return malformed("request is not JSON of the right form")
	case r.V != 1:
		return malformed("request has a version that is not known here")
	case !nkeys.IsValidPublicUserKey(r.PublicKey):
		return malformed("public key is not one of a terminal")
	case len(r.Proof) > 128 || len(r.Name) > 64:
		return malformed("request has parts that are too long")
	case strings.ContainsFunc(r.Name, func(c rune) bool { return !unicode.IsPrint(c) }):
		return malformed("name of the computer has characters that cannot be seen")
	}
	if _, err := Hash(r.Token); err != nil {
		return Request{}, &Refusal{Malformed, err.Error(), "type it again as the operator gave it"}
	}
	return r, nil
}

// Verify tells whether the request was signed for this gateway by the key that it
// names, and returns the hash of its token.
func (r Request) Verify(server string) (hash string, err error) {
	if hash, err = Hash(r.Token); err != nil {
		return "", err
	}
	key, err := nkeys.FromPublicKey(r.PublicKey)
	if err == nil {
		err = key.Verify(Statement(server, hash, r.PublicKey), r.Proof)
	}
	if err != nil {
		return "", &Refusal{Unproven, "request is not signed for this gateway by its own key", "use the gateway's address as the operator gave it: https://" + server}
	}
	return hash, nil
}
