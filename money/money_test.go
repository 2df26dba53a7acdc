package money

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestDecimal(t *testing.T) {
	for m, want := range map[Minor]string{
		0: "0.00", 5: "0.05", -5: "-0.05", 28650: "286.50", -28650: "-286.50",
		math.MaxInt64: "92233720368547758.07", math.MinInt64: "-92233720368547758.08",
	} {
		require.Equal(t, want, m.Decimal())
	}
	require.Equal(t, "286.50 NOK", Of(28650, NOK).String())
}

func TestParseDecimal(t *testing.T) {
	for in, want := range map[string]Minor{
		"286.50": 28650, "286,5": 28650, " 286 ": 28600, "0,05": 5, "286.": 28600,
	} {
		got, err := ParseDecimal(in)
		require.NoError(t, err, in)
		require.Equal(t, want, got, in)
	}
	for _, in := range []string{"", ".", ",5", "1.234", "1.2.3", "-5", "+5", "1 000", "12a", "99999999999999999999", "1,-5"} {
		_, err := ParseDecimal(in)
		require.Error(t, err, in)
	}
}

func TestParseDecimalReadsWhatDecimalWrites(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := Minor(rapid.Int64Range(0, math.MaxInt64).Draw(t, "minor"))
		got, err := ParseDecimal(m.Decimal())
		require.NoError(t, err)
		require.Equal(t, m, got)
	})
}

func TestParseCurrency(t *testing.T) {
	c, err := ParseCurrency("NOK")
	require.NoError(t, err)
	require.Equal(t, NOK, c)
	_, err = ParseCurrency("nok")
	require.ErrorContains(t, err, "want NOK")
}
