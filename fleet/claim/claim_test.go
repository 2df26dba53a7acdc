package claim_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	qrcode "github.com/skip2/go-qrcode"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"taxiterminal/display/qr"
	"taxiterminal/fleet/claim"
	"taxiterminal/money"
	"taxiterminal/trip"
)

var now = time.Date(2026, time.November, 20, 21, 30, 0, 0, time.UTC)

// key is a key pair made of a word.
func key(word string) (ed25519.PublicKey, func([]byte) ([]byte, error)) {
	seed := sha256.Sum256([]byte(word))
	private := ed25519.NewKeyFromSeed(seed[:])
	return private.Public().(ed25519.PublicKey), func(m []byte) ([]byte, error) { return ed25519.Sign(private, m), nil }
}

func fare() claim.Claim {
	return claim.Claim{
		Trip: trip.ID{Vehicle: "T122", File: "K7Q2X", Number: 42}, Attempt: 1,
		Amount: money.Of(28650, money.NOK), Serial: 300, Issued: now,
	}
}

// largest is a claim in which nothing could be longer.
func largest() claim.Claim {
	return claim.Claim{
		Trip: trip.ID{Vehicle: "T" + strings.Repeat("9", 15), File: "K7Q2XK7Q", Number: claim.MaxNumber}, Attempt: claim.MaxAttempt,
		Amount: money.Of(claim.MaxAmount, money.SEK), Serial: claim.MaxSerial, Issued: now.AddDate(1000, 0, 0),
	}
}

func signed(t require.TestingT, c claim.Claim, word string) string {
	public, sign := key(word)
	text, err := claim.Sign(c, public, sign)
	require.NoError(t, err)
	return text
}

// open is what the gateway does with a text from a phone of this car's terminal.
func open(text, word, vehicle string) (claim.Claim, error) {
	u, err := claim.Parse(text)
	if err != nil {
		return claim.Claim{}, err
	}
	public, _ := key(word)
	return u.Verify(claim.Terminal{Public: public, Vehicle: vehicle})
}

// The bytes are a promise: cars in the field are older than the gateway.
func TestGoldenClaims(t *testing.T) {
	t.Parallel()
	unknown := fare()
	unknown.Issued, unknown.Amount = time.Time{}, money.Of(9900, money.DKK)
	for name, c := range map[string]struct {
		claim claim.Claim
		text  string
	}{
		"ordinary":      {fare(), goldenOrdinary},
		"without clock": {unknown, goldenWithoutClock},
	} {
		require.Equal(t, c.text, signed(t, c.claim, "terminal"), name)
		got, err := open(c.text, "terminal", "T122")
		require.NoError(t, err, name)
		require.Equal(t, c.claim, got, name)
	}
	require.Equal(t, "T122-K7Q2X-0042-1", fare().Reference())
	require.Equal(t, "claim T122-K7Q2X-0042-1, 286.50 NOK, serial 300", fare().String())
}

func TestAClaimIsSmallEnoughForACode(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		claim   claim.Claim
		bytes   int
		host    string
		version int
	}{
		"ordinary": {fare(), 96, "pay.taxi-nord.example", 9},
		"largest":  {largest(), claim.MaxBytes, strings.Repeat("h", claim.MaxHost), 10},
	} {
		text := signed(t, c.claim, "terminal")
		raw, err := base64.RawURLEncoding.DecodeString(text)
		require.NoError(t, err)
		require.Len(t, raw, c.bytes, name)
		address := claim.URL(c.host, text)
		medium, err := qrcode.New(address, qrcode.Medium)
		require.NoError(t, err)
		require.Equal(t, c.version, medium.VersionNumber, name)
		drawn, err := qr.Encode(address)
		require.NoError(t, err)
		require.LessOrEqual(t, drawn.Version(), c.version, name)
	}
	require.Len(t, signed(t, largest(), "terminal"), claim.MaxText)
	require.GreaterOrEqual(t, claim.MaxHost, 39)
	tooLong, err := qrcode.New(claim.URL(strings.Repeat("h", claim.MaxHost+1), signed(t, largest(), "terminal")), qrcode.Medium)
	require.NoError(t, err)
	require.Equal(t, 11, tooLong.VersionNumber, "MaxHost is exact")
}

func TestWhatIsNotSigned(t *testing.T) {
	t.Parallel()
	public, sign := key("terminal")
	for name, change := range map[string]func(*claim.Claim){
		"no vehicle":          func(c *claim.Claim) { c.Trip.Vehicle = "" },
		"vehicle with hyphen": func(c *claim.Claim) { c.Trip.Vehicle = "T-122" },
		"long vehicle":        func(c *claim.Claim) { c.Trip.Vehicle = "T" + strings.Repeat("1", 16) },
		"no file":             func(c *claim.Claim) { c.Trip.File = "" },
		"file with hyphen":    func(c *claim.Claim) { c.Trip.File = "K7-2X" },
		"long file":           func(c *claim.Claim) { c.Trip.File = "K7Q2XK7Q2" },
		"trip 0":              func(c *claim.Claim) { c.Trip.Number = 0 },
		"trip too high":       func(c *claim.Claim) { c.Trip.Number = claim.MaxNumber + 1 },
		"attempt 0":           func(c *claim.Claim) { c.Attempt = 0 },
		"attempt too high":    func(c *claim.Claim) { c.Attempt = claim.MaxAttempt + 1 },
		"nothing to pay":      func(c *claim.Claim) { c.Amount.Value = 0 },
		"negative":            func(c *claim.Claim) { c.Amount.Value = -1 },
		"too much":            func(c *claim.Claim) { c.Amount.Value = claim.MaxAmount + 1 },
		"no currency":         func(c *claim.Claim) { c.Amount.Currency = "" },
		"unknown currency":    func(c *claim.Claim) { c.Amount.Currency = "USD" },
		"serial too high":     func(c *claim.Claim) { c.Serial = claim.MaxSerial + 1 },
		"clock at 1970":       func(c *claim.Claim) { c.Issued = time.Unix(0, 0) },
		"parts of a second":   func(c *claim.Claim) { c.Issued = c.Issued.Add(1) },
	} {
		c := fare()
		change(&c)
		_, err := claim.Sign(c, public, sign)
		require.ErrorIs(t, err, claim.ErrMalformed, name)
	}
	other, _ := key("other")
	_, err := claim.Sign(fare(), other, sign)
	require.ErrorContains(t, err, "does not fit")
	_, err = claim.Sign(fare(), nil, sign)
	require.ErrorContains(t, err, "32 bytes")
	broken := errors.New("no device")
	_, err = claim.Sign(fare(), public, func([]byte) ([]byte, error) { return nil, broken })
	require.ErrorIs(t, err, broken)
}

func TestWhatIsNotBelieved(t *testing.T) {
	t.Parallel()
	text := signed(t, fare(), "terminal")
	public, _ := key("terminal")
	other, _ := key("other")
	u, err := claim.Parse(text)
	require.NoError(t, err)
	require.Equal(t, claim.KeyIDOf(public), u.Key())
	for name, c := range map[string]struct {
		terminal claim.Terminal
		want     error
	}{
		"nobody's key":      {claim.Terminal{}, claim.ErrUnknownKey},
		"another's key":     {claim.Terminal{Public: other, Vehicle: "T122"}, claim.ErrUnknownKey},
		"revoked":           {claim.Terminal{Public: public, Vehicle: "T122", Revoked: true}, claim.ErrRevokedKey},
		"moved to another":  {claim.Terminal{Public: public, Vehicle: "T123"}, claim.ErrWrongCar},
		"car by its prefix": {claim.Terminal{Public: public, Vehicle: "T12"}, claim.ErrWrongCar},
		"good":              {claim.Terminal{Public: public, Vehicle: "T122"}, nil},
	} {
		got, err := u.Verify(c.terminal)
		require.ErrorIs(t, err, c.want, name)
		if c.want != nil {
			require.Zero(t, got, name)
		}
	}
	for name, bad := range map[string]string{
		"nothing": "", "blank": " ", "cut": text[:len(text)-1], "longer": text + "A", "padded": text + "=", "newline": text + "\n",
		"newline inside": text[:9] + "\n" + text[9:], "standard alphabet": strings.Repeat("+", len(text)),
		"too long": strings.Repeat("A", claim.MaxText+1), "signature alone": text[len(text)-86:],
	} {
		_, err := claim.Parse(bad)
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), "AAAA", name)
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	require.NoError(t, err)
	raw[0] = 2
	_, err = claim.Parse(base64.RawURLEncoding.EncodeToString(raw))
	require.ErrorIs(t, err, claim.ErrVersion)
}

// A signature over the same bytes for another purpose is none.
func TestDomain(t *testing.T) {
	t.Parallel()
	text := signed(t, fare(), "terminal")
	raw, err := base64.RawURLEncoding.DecodeString(text)
	require.NoError(t, err)
	body := raw[:len(raw)-ed25519.SignatureSize]
	_, sign := key("terminal")
	bare, err := sign(body)
	require.NoError(t, err)
	_, err = open(base64.RawURLEncoding.EncodeToString(append(body, bare...)), "terminal", "T122")
	require.ErrorIs(t, err, claim.ErrAltered)
}

// A claim is written in one way only, also by whoever has the key.
func TestOneWayToWrite(t *testing.T) {
	t.Parallel()
	public, sign := key("terminal")
	id := claim.KeyIDOf(public)
	write := func(number, end []byte) string {
		body := append([]byte{1}, id[:]...)
		body = append(body, "\x04T122\x05K7Q2X"...)
		body = append(body, number...)
		body = append(body, 1, 0xea, 0xdf, 1, 1, 0, 0)
		body = append(body, end...)
		sig, err := sign(append([]byte("\xfftaxi terminal fare claim\x00"), body...))
		require.NoError(t, err)
		return base64.RawURLEncoding.EncodeToString(append(body, sig...))
	}
	good, err := open(write([]byte{42}, nil), "terminal", "T122")
	require.NoError(t, err)
	require.EqualValues(t, 42, good.Trip.Number)
	for name, bad := range map[string]string{
		"long number":   write([]byte{42 | 0x80, 0}, nil),
		"longer number": write([]byte{42 | 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0}, nil),
		"more at end":   write([]byte{42}, []byte{0}),
		"cut number":    write([]byte{42 | 0x80}, nil),
	} {
		_, err := claim.Parse(bad)
		require.ErrorIs(t, err, claim.ErrMalformed, name)
	}
	// The last letter of this one has bits that stand for nothing.
	text := signed(t, largest(), "terminal")
	require.NotZero(t, len(text)%4)
	for _, letter := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" {
		if other := text[:len(text)-1] + string(letter); other != text {
			_, err := open(other, "terminal", largest().Trip.Vehicle)
			require.Error(t, err, "%c", letter)
		}
	}
}

func genClaim(t *rapid.T) claim.Claim {
	c := claim.Claim{
		Trip: trip.ID{
			Vehicle: rapid.StringMatching(`[A-Za-z][A-Za-z0-9]{0,15}`).Draw(t, "vehicle"),
			File:    rapid.StringMatching(`[A-Za-z0-9]{1,8}`).Draw(t, "file"),
			Number:  rapid.Int64Range(1, claim.MaxNumber).Draw(t, "number"),
		},
		Attempt: rapid.IntRange(1, claim.MaxAttempt).Draw(t, "attempt"),
		Amount: money.Of(money.Minor(rapid.Int64Range(1, int64(claim.MaxAmount)).Draw(t, "amount")),
			rapid.SampledFrom([]money.Currency{money.NOK, money.DKK, money.EUR, money.SEK}).Draw(t, "currency")),
		Serial: rapid.Uint64Range(0, claim.MaxSerial).Draw(t, "serial"),
	}
	if rapid.Bool().Draw(t, "clock") {
		c.Issued = time.Unix(rapid.Int64Range(1767225600, 1767225600+1<<35-2).Draw(t, "issued"), 0).UTC()
	}
	return c
}

// What is signed comes out as it went in, in one way only, and a claim with any bit
// flipped is refused.
func TestAnyFlippedBitIsRefused(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := genClaim(t)
		text := signed(t, c, "terminal")
		require.LessOrEqual(t, len(text), claim.MaxText)
		got, err := open(text, "terminal", c.Trip.Vehicle)
		require.NoError(t, err)
		require.Equal(t, c, got)

		raw, err := base64.RawURLEncoding.DecodeString(text)
		require.NoError(t, err)
		bit := rapid.IntRange(0, len(raw)*8-1).Draw(t, "bit")
		raw[bit/8] ^= 1 << (bit % 8)
		_, err = open(base64.RawURLEncoding.EncodeToString(raw), "terminal", c.Trip.Vehicle)
		require.Error(t, err)

		letters := []byte(text)
		at := rapid.IntRange(0, len(letters)-1).Draw(t, "letter")
		with := rapid.SampledFrom([]byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+/ ")).Draw(t, "with")
		if letters[at] != with {
			letters[at] = with
			_, err = open(string(letters), "terminal", c.Trip.Vehicle)
			require.Error(t, err, "no two texts are one claim")
		}
	})
}

func TestEveryBitOfOneClaim(t *testing.T) {
	t.Parallel()
	raw, err := base64.RawURLEncoding.DecodeString(signed(t, fare(), "terminal"))
	require.NoError(t, err)
	for bit := range len(raw) * 8 {
		raw[bit/8] ^= 1 << (bit % 8)
		_, err := open(base64.RawURLEncoding.EncodeToString(raw), "terminal", "T122")
		require.Error(t, err, "bit %d", bit)
		raw[bit/8] ^= 1 << (bit % 8)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(goldenOrdinary)
	f.Add(goldenWithoutClock)
	f.Fuzz(func(t *testing.T, text string) {
		u, err := claim.Parse(text)
		if err != nil {
			require.True(t, errors.Is(err, claim.ErrMalformed) || errors.Is(err, claim.ErrVersion))
			return
		}
		require.LessOrEqual(t, len(text), claim.MaxText)
		public, sign := key("terminal")
		c, err := u.Verify(claim.Terminal{Public: public, Vehicle: "T122"})
		if err != nil {
			require.Zero(t, c)
			return
		}
		again, err := claim.Sign(c, public, sign)
		require.NoError(t, err)
		require.Equal(t, again, text, "written in one way only")
	})
}

func TestUnverifiedPrintsNothing(t *testing.T) {
	t.Parallel()
	u, err := claim.Parse(signed(t, fare(), "terminal"))
	require.NoError(t, err)
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("m", "claim", u)
	for _, text := range []string{fmt.Sprint(u), fmt.Sprintf("%+v %#v %x %s", u, u, u, u), log.String()} {
		require.NotContains(t, text, "T122")
		require.NotContains(t, text, fmt.Sprintf("%x", "T122"))
		require.Contains(t, text, u.Key().String())
	}
}

func TestPolicy(t *testing.T) {
	t.Parallel()
	at := func(d time.Duration) time.Time { return now.Add(d) }
	without, old, ahead := fare(), fare(), fare()
	without.Issued, old.Issued, ahead.Issued = time.Time{}, at(-25*time.Hour), at(time.Hour)
	first := func(d time.Duration) claim.Seen { return claim.Seen{First: at(-d), Amount: 28650} }
	paid, later := first(time.Minute), first(time.Minute)
	paid.Paid, later.Later = true, at(-16*time.Minute)
	overlapping := later
	overlapping.Later = at(-14 * time.Minute)
	for name, c := range map[string]struct {
		claim claim.Claim
		seen  claim.Seen
		want  error
	}{
		"fresh":                     {fare(), claim.Seen{}, nil},
		"never seen, no clock":      {without, claim.Seen{}, nil},
		"made yesterday":            {old, claim.Seen{}, claim.ErrExpired},
		"made in the future":        {ahead, claim.Seen{}, nil},
		"opened a while ago":        {fare(), first(59 * time.Minute), nil},
		"opened long ago":           {fare(), first(61 * time.Minute), claim.ErrExpired},
		"opened long ago, no clock": {without, first(61 * time.Minute), claim.ErrExpired},
		"paid":                      {fare(), paid, claim.ErrUsed},
		"another amount":            {fare(), claim.Seen{First: at(-time.Minute), Amount: 28651}, claim.ErrAltered},
		"next fare just begun":      {fare(), overlapping, nil},
		"next fare long since":      {fare(), later, claim.ErrSuperseded},
		"next fare, first sight":    {without, claim.Seen{Later: at(-16 * time.Minute)}, claim.ErrSuperseded},
	} {
		require.ErrorIs(t, claim.Policy{}.Check(c.claim, c.seen, now), c.want, name)
	}
	strict := claim.Policy{Open: time.Minute}
	require.ErrorIs(t, strict.Check(fare(), first(2*time.Minute), now), claim.ErrExpired)

	next := fare()
	next.Trip.Number, next.Serial = 43, 310
	require.True(t, next.Supersedes(fare()))
	require.False(t, fare().Supersedes(next))
	attempt := fare()
	attempt.Attempt, attempt.Serial = 2, 310
	require.False(t, attempt.Supersedes(fare()), "the same trip, asked anew")
	file := next
	file.Trip.File = "AAAAA"
	require.False(t, file.Supersedes(fare()), "serials of two files say nothing")
	car := next
	car.Trip.Vehicle = "T123"
	require.False(t, car.Supersedes(fare()))
}

func BenchmarkVerify(b *testing.B) {
	text := signed(b, fare(), "terminal")
	public, _ := key("terminal")
	for b.Loop() {
		u, err := claim.Parse(text)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := u.Verify(claim.Terminal{Public: public, Vehicle: "T122"}); err != nil {
			b.Fatal(err)
		}
	}
}
