package claim_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"taxiterminal/fleet/claim"
	"taxiterminal/money"
)

func secret(t require.TestingT, letter string) claim.Secret {
	s, err := claim.NewSecret([]byte(strings.Repeat(letter, claim.SecretSize)))
	require.NoError(t, err)
	return s
}

const paidRef = "T122-K7Q2X-0042-1"

var paidAmount = money.Of(28650, money.NOK)

// The digits are a promise: both sides compute them for themselves.
func TestGoldenCodes(t *testing.T) {
	t.Parallel()
	s := secret(t, "k")
	require.Equal(t, goldenPaid, s.Code(paidRef, paidAmount, claim.Paid))
	require.Equal(t, goldenNotPaid, s.Code(paidRef, paidAmount, claim.NotPaid))
}

func TestCodesSayOneThingOnly(t *testing.T) {
	t.Parallel()
	s := secret(t, "k")
	code := s.Code(paidRef, paidAmount, claim.Paid)
	for name, other := range map[string]string{
		"another terminal":  secret(t, "l").Code(paidRef, paidAmount, claim.Paid),
		"another attempt":   s.Code("T122-K7Q2X-0042-2", paidAmount, claim.Paid),
		"another amount":    s.Code(paidRef, money.Of(28651, money.NOK), claim.Paid),
		"another currency":  s.Code(paidRef, money.Of(28650, money.DKK), claim.Paid),
		"another outcome":   s.Code(paidRef, paidAmount, claim.NotPaid),
		"shifted boundary":  s.Code(paidRef+"N", money.Of(28650, "OK"), claim.Paid),
		"nobody's":          claim.Secret{}.Code(paidRef, paidAmount, claim.Paid),
		"nobody's, zeroes?": "000000",
	} {
		require.NotEqual(t, code, other, name)
	}
	for _, typed := range []string{code, " " + code[:3] + " " + code[3:], code[:3] + "-" + code[3:], code[:3] + "\u00a0" + code[3:]} {
		o, ok := s.Read(paidRef, paidAmount, typed)
		require.True(t, ok, typed)
		require.Equal(t, claim.Paid, o)
	}
	o, ok := s.Read(paidRef, paidAmount, s.Code(paidRef, paidAmount, claim.NotPaid))
	require.True(t, ok)
	require.Equal(t, claim.NotPaid, o)
	for _, typed := range []string{"", "12345", "1234567", code + "0", "abcdef", "०१२३४५"} {
		_, ok := s.Read(paidRef, paidAmount, typed)
		require.False(t, ok, typed)
	}
	_, ok = claim.Secret{}.Read(paidRef, paidAmount, "")
	require.False(t, ok)
}

// Digits are spread evenly: no first digit is more than a quarter off its share.
func TestCodesAreSpread(t *testing.T) {
	t.Parallel()
	s := secret(t, "k")
	var first [10]int
	const n = 10_000
	for i := range n {
		code := s.Code(fmt.Sprintf("T122-K7Q2X-%04d-1", i), paidAmount, claim.Paid)
		require.Len(t, code, 6)
		first[code[0]-'0']++
	}
	for digit, count := range first {
		require.InDelta(t, n/10, count, n/40, "digit %d", digit)
	}
}

func TestSecretsNeverPrint(t *testing.T) {
	t.Parallel()
	s := secret(t, "k")
	type deep struct{ s claim.Secret }
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, v := range []any{s, &s, deep{s}} {
			text := fmt.Sprintf(verb, v)
			require.NotContains(t, text, "kkk", verb)
			require.NotContains(t, text, "6b6b", verb)
			require.NotContains(t, text, "107 107", verb)
		}
	}
	_, err := json.Marshal(s)
	require.Error(t, err)
	_, err = claim.NewSecret(nil)
	require.ErrorContains(t, err, "enrol")
	require.True(t, claim.Secret{}.IsZero())
}

func TestGuard(t *testing.T) {
	t.Parallel()
	var g claim.Guard
	var waited time.Duration
	clock := now
	for n := range claim.MaxGuesses {
		var wait *claim.WaitError
		if err := g.Allow(clock); err != nil {
			require.ErrorAs(t, err, &wait)
			require.GreaterOrEqual(t, n, 3, "typing errors are free")
			require.Error(t, g.Allow(clock.Add(wait.Left-1)))
			clock, waited = clock.Add(wait.Left), waited+wait.Left
		}
		require.NoError(t, g.Allow(clock))
		g = g.Missed(clock)
	}
	require.ErrorIs(t, g.Allow(clock.AddDate(1, 0, 0)), claim.ErrLocked)
	require.Greater(t, waited, 15*time.Minute, "ten guesses take their time")
	require.Equal(t, g.Wrong, g.Missed(clock).Wrong, "does not grow")

	kept, err := json.Marshal(claim.Guard{Wrong: 4, Last: now})
	require.NoError(t, err)
	var back claim.Guard
	require.NoError(t, json.Unmarshal(kept, &back))
	require.Error(t, back.Allow(now), "a restart is no new set of guesses")
	require.NoError(t, back.Allow(now.AddDate(-50, 0, 0)), "a clock that was turned back does not lock for years")
}

// However somebody tries, no more than MaxGuesses codes of a fare are read.
func TestGuardBoundsGuesses(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var g claim.Guard
		clock, read := now, 0
		for range 200 {
			clock = clock.Add(time.Duration(rapid.Int64Range(-int64(time.Hour), int64(time.Hour)).Draw(t, "step")))
			if g.Allow(clock) == nil {
				g, read = g.Missed(clock), read+1
			}
		}
		require.LessOrEqual(t, read, claim.MaxGuesses)
	})
}
