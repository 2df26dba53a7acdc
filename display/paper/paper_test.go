package paper_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"taxiterminal/display/locale"
	"taxiterminal/display/paper"
	"taxiterminal/money"
	"taxiterminal/trip/receipt"
	"taxiterminal/trip/shift"
)

var update = flag.Bool("update", false, "write the golden files anew")

var oslo = time.FixedZone("Oslo", 2*60*60)

func at(hour, minute int) time.Time { return time.Date(2026, 10, 12, hour, minute, 0, 0, time.UTC) }

func options(width int) paper.Options {
	return paper.Options{
		Width: width, Brand: "Vipps", Zone: oslo,
		Header: []string{"Nordvik Taxi AS", "Org.nr 999 888 777 MVA", "Fjordgata 1, 9999 Nordvik"},
	}
}

func whole() receipt.Receipt {
	return receipt.Receipt{
		Vehicle: "T122", Number: "0042", Currency: money.NOK, Begun: at(12, 1), Ended: at(12, 19),
		Lines: []receipt.Line{
			{Item: receipt.Fare, Total: 141200, Net: 126071, Tax: 15129, Rate: 1200, Quantity: "7.4", Unit: receipt.Kilometres},
			{Item: receipt.Supplements, Total: 2500, Net: 2232, Tax: 268, Rate: 1200},
			{Item: receipt.Tolls, Total: 3100, Net: 2768, Tax: 332, Rate: 1200},
			{Item: receipt.Tip, Total: 2000, Net: 2000},
		},
		Total:    148800,
		Taxes:    []receipt.Tax{{Rate: 1200, Gross: 146800, Net: 131071, Tax: 15729}},
		Payments: []receipt.Payment{{Means: receipt.Vipps, Amount: 148800, Reference: "T122-K7Q2X-0042-1"}},
	}
}

// refunded is a copy of a receipt with everything that can be marked.
func refunded() receipt.Receipt {
	return receipt.Receipt{
		Vehicle: "T122", Number: "0043", Currency: money.EUR, Typed: true,
		Lines: []receipt.Line{
			{Item: receipt.Fare, Total: 28650, Net: 25242, Tax: 3408, Rate: 1350, Quantity: "18", Unit: receipt.Minutes},
			{Item: receipt.MeterTax, Total: 1000, Net: 881, Tax: 119, Rate: 1350},
			{Item: receipt.Rest, Total: 350, Net: 308, Tax: 42, Rate: 1350},
		},
		Total: 30000,
		Taxes: []receipt.Tax{{Rate: 1350, Gross: 30000, Net: 26431, Tax: 3569}},
		Payments: []receipt.Payment{
			{Means: receipt.Vipps, Amount: 10000, Reference: "T122-K7Q2X-0043-1"},
			{Means: receipt.Card, Amount: 5000},
			{Means: receipt.Refund, Amount: -2500, Reference: "T122-K7Q2X-0043-1"},
		},
	}
}

// exempt is a Danish trip that nobody has paid yet.
func exempt() receipt.Receipt {
	return receipt.Receipt{
		Vehicle: "LANGTBILNAVN1234", Number: "10042", Currency: money.DKK, Begun: at(22, 30),
		Lines: []receipt.Line{{Item: receipt.Fare, Total: 50, Net: 50}}, Total: 50,
	}
}

func report() shift.Summary {
	return shift.Summary{
		Currency: money.NOK, From: at(6, 0), To: at(14, 0), First: 41, Last: 46, Trips: 6, Typed: 1, Void: 1,
		Takings: []shift.Taking{
			{Means: receipt.Vipps, Trips: 3, Amount: 5965000},
			{Means: receipt.Cash, Trips: 1, Amount: 12000},
			{Means: receipt.Refund, Trips: 1, Amount: -5000},
		},
		Total: 5979000, Tips: 1000, Due: 9000, Over: 2000,
		Taxes: []receipt.Tax{{Rate: 1200, Gross: 5978000, Net: 5337500, Tax: 640500}},
		Open: []shift.Open{
			{Trip: "0043", Reference: "T122-K7Q2X-0043-2", Kind: shift.Uncaptured, Amount: 5000, Since: at(8, 7)},
			{Trip: "0046", Kind: shift.Unsettled, Amount: 9000},
		},
	}
}

func TestGolden(t *testing.T) {
	t.Parallel()
	set, err := locale.Load("nb", "en")
	require.NoError(t, err)
	for _, c := range set.Catalogues() {
		var receipts, shifts strings.Builder
		for _, width := range []int{24, 32, 42, 48} {
			o := options(width)
			write(&receipts, width, paper.Receipt(whole(), c, o))
			write(&receipts, width, paper.Receipt(exempt(), c, paper.Options{Width: width, Zone: oslo}))
			write(&shifts, width, paper.Shift(report(), c, o))
			write(&shifts, width, paper.Shift(shift.Summary{Currency: money.NOK, From: at(6, 0)}, c, o))
			o.Copy = true
			write(&receipts, width, paper.Receipt(refunded(), c, o))
		}
		compare(t, "receipt."+c.Tag()+".txt", receipts.String())
		compare(t, "shift."+c.Tag()+".txt", shifts.String())
	}
}

// write shows the edges of the paper and how a line is meant.
func write(b *strings.Builder, width int, lines []paper.Line) {
	for i, text := range strings.Split(strings.TrimSuffix(paper.Text(lines, width), "\n"), "\n") {
		fmt.Fprintf(b, "|%-*s|%s\n", width, text, lines[i].Style)
	}
	b.WriteString("\n")
}

func compare(t *testing.T, name, got string) {
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err, "make it with go test ./display/paper -update")
	require.Equal(t, string(want), got)
}

// TestNothingIsLost: on any paper every figure is there in one piece, no line is too
// wide, and nothing in a text can move a cursor.
func TestNothingIsLost(t *testing.T) {
	t.Parallel()
	set, err := locale.Load(locale.Available()...)
	require.NoError(t, err)
	rapid.Check(t, func(t *rapid.T) {
		c := rapid.SampledFrom(set.Catalogues()).Draw(t, "language")
		o := paper.Options{
			Width: rapid.IntRange(0, 60).Draw(t, "width"), Zone: oslo, Copy: rapid.Bool().Draw(t, "copy"),
			Header: rapid.SliceOfN(rapid.String(), 0, 3).Draw(t, "header"),
			Brand:  rapid.StringN(1, 60, -1).Draw(t, "brand"),
		}
		amount := money.Minor(rapid.Int64Range(-99_999_999_99, 99_999_999_99).Draw(t, "amount"))
		r := whole()
		r.Payments[0].Amount = amount
		s := report()
		s.Takings[0].Amount = amount
		s.Open[0].Amount = amount
		for _, lines := range [][]paper.Line{paper.Receipt(r, c, o), paper.Shift(s, c, o)} {
			width := max(o.Width, paper.MinWidth)
			figure := strings.ReplaceAll(c.Money(money.Of(amount, money.NOK)), "\u00a0", " ")
			found := 0
			for _, l := range lines {
				wide := len([]rune(l.Text))
				if l.Style == paper.Big {
					wide *= 2
				}
				require.LessOrEqual(t, wide, width, l.Text)
				require.False(t, strings.ContainsFunc(l.Text, unicode.IsControl), "%q", l.Text)
				if strings.HasSuffix(l.Text, figure) {
					found++
				}
			}
			require.Positive(t, found, "%q in\n%s", figure, paper.Text(lines, width))
		}
	})
}

// TestWhatIsTooLongIsBroken: a reference after a hyphen, a word anywhere.
func TestWhatIsTooLongIsBroken(t *testing.T) {
	t.Parallel()
	set, err := locale.Load("nb")
	require.NoError(t, err)
	r := exempt()
	r.Payments = []receipt.Payment{{Means: receipt.Vipps, Amount: 50, Reference: "LANGTBILNAVN1234-K7Q2X-10042-1"}}
	text := paper.Text(paper.Receipt(r, set.Default(), paper.Options{
		Width: 24, Brand: "Donaudampfschifffahrtsgesellschaft",
	}), 24)
	require.Contains(t, text, "\nLANGTBILNAVN1234-K7Q2X-\n10042-1\n")
	require.Contains(t, text, "\nDonaudampfschifffahrtsge\nsellschaft\n                0,50 DKK\n")
}

// TestEveryWordIsThere: no key of a catalogue shows where a word should be.
func TestEveryWordIsThere(t *testing.T) {
	t.Parallel()
	set, err := locale.Load(locale.Available()...)
	require.NoError(t, err)
	r := whole()
	r.Typed, r.Lines, r.Payments = true, nil, nil
	for _, item := range receipt.Items() {
		r.Lines = append(r.Lines, receipt.Line{Item: item, Total: 100, Quantity: "1", Unit: receipt.Minutes})
	}
	for _, m := range receipt.AllMeans() {
		r.Payments = append(r.Payments, receipt.Payment{Means: m, Amount: 100, Reference: "x"})
	}
	s := report()
	for _, k := range shift.OpenKinds() {
		s.Open = append(s.Open, shift.Open{Trip: "0001", Kind: k})
	}
	o := options(60)
	o.Copy = true
	for _, c := range set.Catalogues() {
		for _, text := range []string{
			paper.Text(paper.Receipt(r, c, o), 60), paper.Text(paper.Shift(s, c, o), 60),
			paper.Text(paper.Shift(shift.Summary{}, c, o), 60), paper.Text(paper.Receipt(whole(), c, o), 60),
		} {
			require.NotRegexp(t, `receipt\.|shift\.|[{}]`, text, c.Tag())
		}
	}
}

func TestAReceiptOfTheNightInWhichTheClockIsPutBack(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Oslo")
	require.NoError(t, err)
	set, err := locale.Load("nb")
	require.NoError(t, err)
	r := whole()
	r.Begun = time.Date(2026, 10, 25, 0, 50, 0, 0, time.UTC)
	r.Ended = r.Begun.Add(20 * time.Minute)
	for _, width := range []int{32, 42, 48} {
		o := options(width)
		o.Zone = zone
		text := fmt.Sprint(paper.Receipt(r, set.Default(), o))
		require.Contains(t, text, "02:50 CEST")
		require.Contains(t, text, "02:10 CET")
	}
}
