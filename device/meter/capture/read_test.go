package capture

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"taxiterminal/config/table"
	"taxiterminal/device/meter"
	"taxiterminal/money"
)

func TestMoney(t *testing.T) {
	t.Parallel()
	comma := Numbers{Decimal: ",", Thousands: " ."}
	point := Numbers{Decimal: ".", Thousands: ","}
	bare := Numbers{Implied: 2}
	for _, c := range []struct {
		n    Numbers
		text string
		want money.Minor
	}{
		{comma, "468,00", 46800}, {comma, " 1 234,50 ", 123450}, {comma, "1.234,50", 123450}, {comma, "12.345.678,90", 1234567890},
		{comma, "468,-", 46800}, {comma, "468", 46800}, {comma, "1.234", 123400}, {comma, "-25,00", -2500}, {comma, "25,00-", -2500}, {comma, "- 25,00", -2500},
		{point, "468.00", 46800}, {point, "1,234.50", 123450}, {bare, "46800", 46800}, {bare, "5", 5},
	} {
		got, err := c.n.Money(c.text)
		require.NoError(t, err, c.text)
		require.Equal(t, c.want, got, c.text)
	}
	for text, n := range map[string]Numbers{
		"": comma, ",50": comma, "468,": comma, "468,5": comma, "468,500": comma, "1.23,00": comma, "1 234.567,00": comma, "12,34,56": comma,
		"1 .234,00": comma, "468.00": {Decimal: ","}, "1.234": {Decimal: ",", Thousands: " "}, "1234567890123": comma, "46 8,00": comma, "a": comma,
		"468,00": bare, "1234 567,00": comma, "--5": comma, "٣": comma, "1.234.": comma,
	} {
		_, err := n.Money(text)
		require.ErrorIs(t, err, errNumber, text)
	}
}

func TestMoneyReadsWhatTheSimulatorPrints(t *testing.T) {
	t.Parallel()
	var sims []*Simulator
	for _, name := range Profiles() {
		sims = append(sims, simulator(t, SimulatorConfig{Profile: name}))
	}
	rapid.Check(t, func(t *rapid.T) {
		v := money.Minor(rapid.Int64Range(100, 999_999_999).Draw(t, "amount"))
		s := rapid.SampledFrom(sims).Draw(t, "meter")
		got, err := s.rules.Numbers.Money(s.amount(v))
		if s.rules.Numbers.Decimal != "" {
			require.NoError(t, err)
			require.Equal(t, v, got)
		}
	})
}

func TestMetres(t *testing.T) {
	t.Parallel()
	n := Numbers{Decimal: ","}
	for text, want := range map[string]int64{"7,4": 7400, "7": 7000, "0,05": 50, "123,456": 123456} {
		got, err := n.Metres(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "7.4", "-7,4", "7,4567", "x"} {
		_, err := n.Metres(text)
		require.Error(t, err, text)
	}
}

func TestTimes(t *testing.T) {
	t.Parallel()
	at := func(day, hour, minute int) time.Time { return time.Date(2026, 3, day, hour, minute, 0, 0, oslo) }
	c := Config{Zone: oslo, Layouts: []string{"02.01.2006 15:04", "02.01.2006", "15:04"}}
	for name, x := range map[string]struct {
		date, start, finish string
		from, to            time.Time
	}{
		"whole":                {"", "14.03.2026 12:05", "14.03.2026  12:31", at(14, 12, 5), at(14, 12, 31)},
		"date apart":           {"14.03.2026", "12:05", "12:31", at(14, 12, 5), at(14, 12, 31)},
		"over midnight":        {"14.03.2026", "23:51", "00:09", at(14, 23, 51), at(15, 0, 9)},
		"finish has no date":   {"", "14.03.2026 23:51", "00:09", at(14, 23, 51), at(15, 0, 9)},
		"times without a date": {"", "12:05", "12:31", time.Time{}, time.Time{}},
		"printed at":           {"14.03.2026 12:31", "", "", time.Time{}, at(14, 12, 31)},
		"day only":             {"14.03.2026", "", "", time.Time{}, time.Time{}},
	} {
		texts := map[Field]string{}
		for f, text := range map[Field]string{FieldDate: x.date, FieldStart: x.start, FieldFinish: x.finish} {
			if text != "" {
				texts[f] = text
			}
		}
		var r Reading
		require.NoError(t, c.times(&r, texts), name)
		require.True(t, x.from.Equal(r.Start) && x.to.Equal(r.Finish), "%s: %v %v", name, r.Start, r.Finish)
	}
	var r Reading
	require.EqualError(t, c.times(&r, map[Field]string{FieldStart: "14/3"}), "start fits none of date_layouts")
	require.EqualError(t, c.times(&r, map[Field]string{FieldStart: "14.03.2026 12:05", FieldFinish: "13.03.2026 12:05"}), "finish is before the start")
}

const slip = `KVITTERING
Kvitteringsnr. 000001
Turnr. 00001
Dato 14.03.2026
Tid 12:05 - 12:31
Takst 1 100,00
Takst 2 50,00
Tillegg barnesete 25,00
Rabatt 10,00
SUM Å BETALE NOK 165,00
`

func read(t *testing.T, text string) (Reading, error) {
	t.Helper()
	return configOf(t, `profile = "no-48"`).Read(Job{Text: text, Lines: 1})
}

func TestRead(t *testing.T) {
	t.Parallel()
	r, err := read(t, slip)
	require.NoError(t, err)
	require.EqualValues(t, 15000, r.Fare, "tariffs are added up")
	require.Equal(t, "2", r.Tariff, "the last")
	require.EqualValues(t, 14000, r.record().Fare, "what it comes to with the discount")
	require.EqualValues(t, 2500, r.record().Supplements)
	require.Empty(t, configOf(t, `profile = "no-48"`).Checks.doubts(r, time.Date(2026, 3, 14, 12, 40, 0, 0, oslo)))
}

func TestNothingIsGuessed(t *testing.T) {
	t.Parallel()
	for want, change := range map[string][2]string{
		"receipt read: total is missing":                              {"SUM Å BETALE NOK 165,00\n", ""},
		"receipt read: receipt is missing":                            {"000001", "OOOO01"},
		"receipt read: total stands there twice and differs":          {"SUM", "SUM Å BETALE NOK 166,00\nSUM"},
		"receipt read: fare is no number in the configured notation":  {"100,00", "10 0,00"},
		"receipt read: total is no number in the configured notation": {"165,00", "1.65,00"},
		"receipt read: date fits none of date_layouts":                {"14.03", "14.13"},
	} {
		_, err := read(t, strings.Replace(slip, change[0], change[1], 1))
		require.EqualError(t, err, want)
	}
	c := configOf(t, `profile = "no-48"`)
	_, err := c.Read(Job{Text: slip, Over: true})
	require.ErrorContains(t, err, "check job_end")
}

func TestDoubts(t *testing.T) {
	t.Parallel()
	sum, stale := meter.DoubtSum, meter.DoubtStale
	checks := configOf(t, `profile = "no-48"`).Checks
	now := time.Date(2026, 3, 14, 12, 40, 0, 0, oslo)
	for name, c := range map[string]struct {
		old, new string
		now      time.Time
		want     []meter.Doubt
	}{
		"sound":             {"", "", now, nil},
		"total":             {"165,00", "166,00", now, []meter.Doubt{sum}},
		"a part is missing": {"Takst 2", "T#kst 2", now, []meter.Doubt{sum}},
		"tax":               {"165,00", "165,00\nMVA 12 % 17,70", now, []meter.Doubt{sum}},
		"tax is right":      {"165,00", "165,00\nMVA 12 % 17,68", now, nil},
		"yesterday's":       {"", "", now.AddDate(0, 0, 1), []meter.Doubt{stale}},
		"clock is wrong":    {"", "", now.AddDate(-1, 0, 0), []meter.Doubt{stale}},
		"day only":          {"Tid 12:05 - 12:31\n", "", now, nil},
		"another day":       {"Tid 12:05 - 12:31\n", "", now.AddDate(0, 0, 2), []meter.Doubt{stale}},
	} {
		r, err := read(t, strings.Replace(slip, c.old, c.new, 1))
		require.NoError(t, err, name)
		require.Equal(t, c.want, checks.doubts(r, c.now), name)
	}
	r, err := read(t, slip)
	require.NoError(t, err)
	checks.Max = 16499
	require.Equal(t, []meter.Doubt{sum}, checks.doubts(r, now))
	checks.Max, checks.Min = 16500, 16501
	require.Equal(t, []meter.Doubt{sum}, checks.doubts(r, now))
	checks.Min, checks.Clock = 1, 0
	require.Empty(t, checks.doubts(r, now.AddDate(9, 0, 0)))
}

func TestKinds(t *testing.T) {
	t.Parallel()
	c := configOf(t, `profile = "no-48"`)
	for text, want := range map[string]Kind{
		slip: Receipt, "*** KOPI ***\n" + slip: Copy, "DEL" + slip: PartReceipt, "MAKULERT\n" + slip: Void,
		"SKIFTLAPP\nSUM Å BETALE NOK 9,00": ShiftReport, "AID: A0\nTVR: 0": CardSlip, "test": Other,
	} {
		require.Equal(t, want, c.Classify(Job{Text: text, Lines: 1}), text)
	}
	require.Equal(t, Graphic, c.Classify(Job{Pictures: 100}))
}

func TestKeys(t *testing.T) {
	t.Parallel()
	key := func(changes ...string) string {
		r, err := read(t, strings.NewReplacer(changes...).Replace(slip))
		require.NoError(t, err)
		return r.key()
	}
	base := key()
	require.Equal(t, base, key("000001", "000002"), "two receipts of one trip")
	require.Equal(t, base, key("165,00", "166,00"), "the amount may have been read wrong")
	require.NotEqual(t, base, key("Turnr. 00001", "Turnr. 00002"))
	require.NotEqual(t, base, key("14.03", "15.03"), "numbers begin anew")
	require.NotEqual(t, key("KVITTERING", "DELKVITTERING"), key("KVITTERING", "DELKVITTERING", "000001", "000002"), "each payer has one")
	require.NotContains(t, base, "00001")
}

func TestCharsets(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]string{
		"cp865": "\x91\x9b\x86\x92\x9d\x8f", "cp850": "\x91\x9b\x86\x92\x9d\x8f", "cp858": "\x91\x9b\x86\x92\x9d\x8f",
		"cp1252": "\xe6\xf8\xe5\xc6\xd8\xc5", "iso8859-1": "\xe6\xf8\xe5\xc6\xd8\xc5", "ascii-no": "{|}[\\]", "ascii-dk": "{|}[\\]", "utf-8": "æøåÆØÅ",
	} {
		var b strings.Builder
		require.Zero(t, charsetOf(name).decode(&b, []byte(p)), name)
		require.Equal(t, "æøåÆØÅ", b.String(), name)
		require.Equal(t, p, string(charsetOf(name).encode("æøåÆØÅ")), name)
	}
	for name, p := range map[string]string{"cp865": "\x84\x94\x86\x8e\x99\x8f", "ascii-se": "{|}[\\]", "cp437": "\x84\x94\x86\x8e\x99\x8f"} {
		var b strings.Builder
		require.Zero(t, charsetOf(name).decode(&b, []byte(p)), name)
		require.Equal(t, "äöåÄÖÅ", b.String(), name)
	}
	for name, p := range map[string]string{"gbk": "\xb3\xf6\xd7\xe2", "big5": "\xa5\x58\xaf\xb2"} {
		var b strings.Builder
		require.Zero(t, charsetOf(name).decode(&b, []byte(p)), name)
		require.Len(t, []rune(b.String()), 2)
		require.Equal(t, p, string(charsetOf(name).encode(b.String())))
	}
	var b strings.Builder
	require.Equal(t, 1, charsetOf("utf-8").decode(&b, []byte("a\xffb")))
	require.Equal(t, "a\uFFFDb", b.String())
}

func TestAutoFollowsThePrinter(t *testing.T) {
	t.Parallel()
	c := configOf(t, strings.Replace(workedTOML, `charset = "cp865"`, `charset = "auto"`, 1))
	jobs := c.jobs([]byte("\x9b\n\x1bt\x05\x9b\n\x1bt\x10\xf8\n\x1bR\x09|\x1bR\x00|\n\x1b@\x9b\x1dV\x00|\x1bR\x05|"))
	require.Len(t, jobs, 2)
	require.Equal(t, "¢\nø\nø\nø|\n¢", jobs[0].Text)
	require.Equal(t, "|ö", jobs[1].Text)
}

func TestConfigProblems(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]string{
		`profile: "no-49" is not known`:                       `profile = "no-49"`,
		`mode: "listen" is not known`:                         `mode = "listen"`,
		`charset: "latin" is not known`:                       `charset = "latin"`,
		`job_end: "knife" is not known`:                       `job_end = ["knife"]`,
		`job_end: "idle:1ms" is no duration from 200ms to 1m`: `job_end = ["idle:1ms"]`,
		`job_end: "feed:1" is no number of blank lines`:       `job_end = ["feed:1"]`,
		`zone: is not known`:                                  `zone = "Europe/Bergen"`,
		`money.currency: is not known`:                        `money = { currency = "USD" }`,
		`money.thousands: has the decimal sign too`:           `money = { currency = "NOK", thousands = "," }`,
		`money.thousands: has signs that are none`:            `money = { currency = "NOK", thousands = "x" }`,
		`money.implied: contradicts decimal`:                  `money = { currency = "NOK", implied = 2 }`,
		`classify[0].match: error parsing regexp`:             `classify = [{ kind = "copy", match = '(?<=x)' }]`,
		`classify[0].kind: "bill" is not known`:               `classify = [{ kind = "bill", match = 'x' }]`,
		`classify: missing`:                                   `classify = []`,
		`fields.fare.re: has no group v`:                      `fields = { fare = { re = '\d+' } }`,
		`fields.fare.re: is too long`:                         `fields = { fare = { re = '(?P<v>` + strings.Repeat("x", 500) + `)' } }`,
		`fields.km.policy: "sum" is not known`:                `fields = { km = { re = '(?P<v>x)', policy = "sum" } }`,
		`fields.total: missing`:                               `fields = { total = { re = '' } }`,
		`fields.total.required: is false`:                     `fields = { total = { re = '(?P<v>x)', required = false } }`,
		`fields.tip: unknown key`:                             `fields = { tip = { re = '(?P<v>x)' } }`,
		`checks.sum: does not end with`:                       `checks = { sum = ["fare", "total"] }`,
		`checks.sum: "km" is no amount`:                       `checks = { sum = ["km", "=", "total"] }`,
		`checks.min_total: is no amount`:                      `checks = { min_total = "1.5" }`,
		`checks.vat_percent: is no rate`:                      `checks = { vat_percent = "x" }`,
		`checks.clock: "9d" is no such duration`:              `checks = { clock = "9d" }`,
		`printer: goes with mode tee, and only with it`:       `mode = "tee"`,
		`wrong: unknown key`:                                  `wrong = 1`,
	} {
		if !strings.HasPrefix(change, "profile") {
			change = "profile = \"no-32\"\n" + change
		}
		_, err := meter.New("capture", rawOf(t, change), quiet)
		var all *table.Error
		require.ErrorAs(t, err, &all, want)
		require.ErrorContains(t, err, want)
	}
	_, err := meter.New("capture", nil, quiet)
	require.ErrorContains(t, err, "fields.total: missing")
	require.ErrorContains(t, err, "classify: missing")
	require.ErrorContains(t, err, "money.currency: missing")
}

func TestOwnKeysChangeTheProfile(t *testing.T) {
	t.Parallel()
	base := configOf(t, `profile = "no-32"`)
	c := configOf(t, `
profile = "no-32"
charset = "cp1252"
fields = { fare = { re = '(?m)^Pris (?P<v>[\d,]+)$' }, km = { re = "" } }
checks = { clock = "5m" }`)
	require.Equal(t, "cp1252", c.Charset)
	require.Equal(t, 5*time.Minute, c.Checks.Clock)
	require.Equal(t, base.Checks.Terms, c.Checks.Terms)
	require.Equal(t, base.Fields[FieldTotal].Re.String(), c.Fields[FieldTotal].Re.String())
	require.Equal(t, `(?m)^Pris (?P<v>[\d,]+)$`, c.Fields[FieldFare].Re.String())
	require.NotContains(t, c.Fields, FieldKm)
	require.Contains(t, configOf(t, `profile = "no-32"`).Fields, FieldKm, "the profile itself stays as it is")
}
