package main

import (
	"crypto/ed25519"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nkeys"
	"github.com/stretchr/testify/require"

	"taxiterminal/fleet/claim"
	"taxiterminal/money"
	"taxiterminal/trip"
)

var someSecret = []byte(strings.Repeat("s", claim.SecretSize))

func someKey(t testing.TB) deviceKey {
	pair, err := nkeys.CreateUser()
	require.NoError(t, err)
	terminal, err := pair.PublicKey()
	require.NoError(t, err)
	return deviceKey{terminal, pair}
}

func someClaims(t testing.TB) (c *claims, serial *int64, who *enrolment) {
	key := someKey(t)
	public, err := key.public()
	require.NoError(t, err)
	serial, who = new(int64(17)), &enrolment{ClaimHost: "fleet.example", Secret: someSecret}
	return &claims{public: public, sign: key.pair.Sign, serial: func() int64 { return *serial }, told: func() enrolment { return *who }}, serial, who
}

func read(t testing.TB, url string, public ed25519.PublicKey) claim.Claim {
	text, ok := strings.CutPrefix(url, "https://fleet.example/p/")
	require.True(t, ok, url)
	u, err := claim.Parse(text)
	require.NoError(t, err)
	got, err := u.Verify(claim.Terminal{Public: public, Vehicle: "T122"})
	require.NoError(t, err)
	return got
}

func TestAClaimStaysTheSameWhileItIsShown(t *testing.T) {
	c, serial, who := someClaims(t)
	id, fare := trip.ID{Vehicle: "T122", File: "K7Q2X", Number: 42}, money.Of(28650, money.NOK)
	now := time.Date(2026, 10, 12, 14, 3, 0, 123, time.FixedZone("", 7200))
	url, err := c.URL(id, 2, fare, now)
	require.NoError(t, err)
	require.Equal(t, claim.Claim{Trip: id, Attempt: 2, Amount: fare, Serial: 17, Issued: now.Truncate(time.Second).UTC()}, read(t, url, c.public))

	*serial = 18
	again, err := c.URL(id, 2, fare, now.Add(time.Minute))
	require.NoError(t, err)
	require.Equal(t, url, again)
	other, err := c.URL(id, 2, money.Of(28700, money.NOK), time.Time{})
	require.NoError(t, err)
	require.Equal(t, claim.Claim{Trip: id, Attempt: 2, Amount: money.Of(28700, money.NOK), Serial: 18}, read(t, other, c.public), "the time is not known")

	for n := range 2 * maxClaims {
		_, err := c.URL(id, 3+n, fare, now)
		require.NoError(t, err)
	}
	require.Len(t, c.made, maxClaims)

	who.ClaimHost = ""
	_, err = c.URL(id, 2, fare, now)
	require.ErrorIs(t, err, errNoClaimHost)
}

func TestWhatACodeProves(t *testing.T) {
	c, _, who := someClaims(t)
	const reference = "T122-K7Q2X-0042-1"
	fare := money.Of(28650, money.NOK)
	secret, err := claim.NewSecret(someSecret)
	require.NoError(t, err)
	now := time.Now()
	for name, x := range map[string]struct {
		code   string
		missed int
		last   time.Time
		want   bool
		err    string
	}{
		"paid":                 {code: secret.Code(reference, fare, claim.Paid), want: true},
		"not paid":             {code: secret.Code(reference, fare, claim.NotPaid)},
		"of another fare":      {code: secret.Code(reference, money.Of(1, money.NOK), claim.Paid)},
		"after a typing error": {code: secret.Code(reference, fare, claim.Paid), missed: 1, last: now, want: true},
		"too soon":             {code: secret.Code(reference, fare, claim.Paid), missed: 5, last: now, err: "wait"},
		"soon enough":          {code: secret.Code(reference, fare, claim.Paid), missed: 5, last: now.Add(-time.Hour), want: true},
		"too often":            {code: secret.Code(reference, fare, claim.Paid), missed: claim.MaxGuesses, last: now.Add(-time.Hour), err: "too many"},
	} {
		ok, err := c.Confirm(reference, fare, x.code, x.missed, x.last)
		require.Equal(t, x.want, ok, name)
		if x.err == "" {
			require.NoError(t, err, name)
		} else {
			require.ErrorContains(t, err, x.err, name)
		}
	}
	who.Secret = nil
	_, err = c.Confirm(reference, fare, "123456", 0, time.Time{})
	require.ErrorIs(t, err, errNoSecret, "no wrong code, but none that can be read")
	require.NotContains(t, fmt.Sprintf("%v %+v %#v", *who, enrolment{Secret: someSecret}, &enrolment{Secret: someSecret}), string(someSecret))
}
