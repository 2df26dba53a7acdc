package locale_test

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"taxiterminal/display/locale"
	"taxiterminal/money"
)

// Signs that look like a space and a hyphen and are neither.
const (
	nbsp  = "\u00a0"
	minus = "\u2212"
)

func TestMoney(t *testing.T) {
	t.Parallel()
	set := load(t, "nb", "en")
	for _, tt := range []struct {
		amount money.Amount
		nb, en string
	}{
		{money.Of(28650, money.NOK), "286,50~kr", "NOK~286.50"},
		{money.Of(28650, money.DKK), "286,50~DKK", "DKK~286.50"},
		{money.Of(28650, money.SEK), "286,50~SEK", "SEK~286.50"},
		{money.Of(28650, money.EUR), "286,50~€", "€286.50"},
		{money.Of(0, money.NOK), "0,00~kr", "NOK~0.00"},
		{money.Of(5, money.NOK), "0,05~kr", "NOK~0.05"},
		{money.Of(100, money.NOK), "1,00~kr", "NOK~1.00"},
		{money.Of(128650, money.NOK), "1~286,50~kr", "NOK~1,286.50"},
		{money.Of(65_000_000, money.NOK), "650~000,00~kr", "NOK~650,000.00"},
		{money.Of(-12000, money.NOK), minus + "120,00~kr", "NOK~-120.00"},
		{money.Of(-5, money.EUR), minus + "0,05~€", "€-0.05"},
		{money.Of(math.MinInt64, ""), minus + "92~233~720~368~547~758,08", "-92,233,720,368,547,758.08"},
		{money.Of(28650, "ISK"), "286,50~ISK", "286.50~ISK"},
	} {
		require.Equal(t, strings.ReplaceAll(tt.nb, "~", nbsp), set.Match("nb").Money(tt.amount))
		require.Equal(t, strings.ReplaceAll(tt.en, "~", nbsp), set.Match("en").Money(tt.amount))
	}
}

// TestMoneyIsExact reads the figures back: what stands on the screen is what was
// given, to the last øre, and never breaks over two lines.
func TestMoneyIsExact(t *testing.T) {
	t.Parallel()
	set := load(t, locale.Available()...)
	rapid.Check(t, func(t *rapid.T) {
		c := rapid.SampledFrom(set.Catalogues()).Draw(t, "language")
		value := money.Minor(rapid.Int64().Draw(t, "value"))
		currency := rapid.SampledFrom([]money.Currency{money.NOK, money.DKK, money.EUR, money.SEK}).Draw(t, "currency")
		before, figures, after := c.MoneyParts(money.Of(value, currency))

		require.Equal(t, c.Money(money.Of(value, currency)), before+figures+after)
		require.NotContains(t, before+figures+after, " ")
		require.Equal(t, strings.ReplaceAll(value.Decimal(), ".", ""), bare(figures))
	})
}

// bare leaves the sign and the digits.
func bare(figures string) string {
	return strings.NewReplacer(minus, "-", nbsp, "", ",", "", ".", "").Replace(figures)
}
