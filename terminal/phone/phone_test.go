package phone_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"taxiterminal/terminal/phone"
)

// The numbers here are made up: round ones, or from the ranges that regulators keep
// for films.
func TestParse(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ text, country, want string }{
		{"40000000", "NO", "4740000000"},
		{"400 00 000", "NO", "4740000000"},
		{" 40 00 00 00 ", "NO", "4740000000"},
		{"400\u00a000\u00a0000", "NO", "4740000000"},
		{"+47 400 00 000", "NO", "4740000000"},
		{"0047 400 00 000", "NO", "4740000000"},
		{"+47 400 00 000", "SE", "4740000000"},
		{"070-174 06 05", "SE", "46701740605"},
		{"070/1740605", "SE", "46701740605"},
		{"0046701740605", "NO", "46701740605"},
		{"+46 (0)70 174 06 05", "NO", "46701740605"},
		{"20 20 20 20", "DK", "4520202020"},
		{"+45 20.20.20.20", "NO", "4520202020"},
		{"040 000 0000", "FI", "358400000000"},
		{"+358 40 000 0000", "NO", "358400000000"},
		{"+33 6 00 00 00 00", "NO", "33600000000"},
	} {
		got, err := phone.Parse(tt.text, tt.country)
		require.NoError(t, err, tt.text)
		require.Equal(t, tt.want, got, tt.text)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text, country string
		want          phone.Reason
	}{
		{"", "NO", phone.Empty},
		{" \t ", "NO", phone.Empty},
		{"ring meg", "NO", phone.NotDigits},
		{"4000000O", "NO", phone.NotDigits},
		{"400 00 000 ext 5", "NO", phone.NotDigits},
		{"400+00000", "NO", phone.NotDigits},
		{"٤٠٠٠٠٠٠٠", "NO", phone.NotDigits},
		{"+", "NO", phone.NotDigits},
		{"()", "NO", phone.NotDigits},
		{"4000000", "NO", phone.TooShort},
		{"+47", "NO", phone.TooShort},
		{"4", "NO", phone.TooShort},
		{"4000", "NO", phone.TooShort},
		{"400000000", "NO", phone.TooLong},
		{strings.Repeat("4", 41), "NO", phone.TooLong},
		{strings.Repeat("4", 30), "NO", phone.TooLong},
		{"+999 400 00 000", "NO", phone.NoCountry},
		{"22 00 00 00", "NO", phone.NotMobile},
		{"815 00 000", "NO", phone.NotMobile},
		{"08-123 456 78", "SE", phone.NotMobile},
		{"10 00 00 00", "NO", phone.NotInUse},
		{"40000000", "IS", phone.BadHome},
		{"40000000", "", phone.BadHome},
	} {
		got, err := phone.Parse(tt.text, tt.country)
		var reason *phone.Error
		require.ErrorAs(t, err, &reason, tt.text)
		require.Equal(t, tt.want, reason.Reason, tt.text)
		require.Empty(t, got)
	}
}

func TestEveryReasonSaysWhatToDo(t *testing.T) {
	t.Parallel()
	for _, r := range phone.Reasons() {
		require.Greater(t, len((&phone.Error{Reason: r}).Error()), len("phone number: "), r)
	}
}

func TestMask(t *testing.T) {
	t.Parallel()
	for msisdn, want := range map[string]string{
		"4740000678":      "+47 ••• •• 678",
		"46701740605":     "+46 ••• •• 605",
		"358400000123":    "+358 ••• •• 123",
		"33600000123":     "+33 ••• •• 123",
		"":                "•••",
		"678":             "•••",
		"+4740000678":     "•••",
		"40000678; DROP ": "•••",
		"999400000000":    "•••",
	} {
		require.Equal(t, want, phone.Mask(msisdn), msisdn)
	}
}

// FuzzParse: whatever is typed, nothing panics, an error gives nothing away, and
// what comes out is a number that means the same when it goes in again.
func FuzzParse(f *testing.F) {
	for _, text := range []string{"400 00 000", "+46 (0)70 174 06 05", "0047 40000000", "08-123 456 78", "+", "1-800-FLOWERS", "٤٠٠"} {
		f.Add(text, "NO")
		f.Add(text, "FI")
	}
	digits := regexp.MustCompile(`[0-9]+`)
	f.Fuzz(func(t *testing.T, text, country string) {
		got, err := phone.Parse(text, country)
		var reason *phone.Error
		if err != nil {
			require.True(t, errors.As(err, &reason))
			require.Contains(t, phone.Reasons(), reason.Reason)
			for _, run := range digits.FindAllString(err.Error(), -1) {
				require.Equal(t, "47", run, "the only figures are the example's")
			}
			return
		}
		require.Regexp(t, `^[1-9][0-9]{8,14}$`, got)
		again, err := phone.Parse("+"+got, country)
		require.NoError(t, err)
		require.Equal(t, got, again)
		require.Equal(t, 3, len(digits.FindAllString(phone.Mask(got), -1)[1]), "no more than three digits are shown")
	})
}
