package capture

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// guessed is a configuration made from the words of a print.
type guessed struct {
	text     string
	dialect  Dialect
	charset  string
	ends     []string
	currency string
	decimal  string
	layouts  []string
	rules    map[Field]*guessedRule
	total    string // the label of the total
}

type guessedRule struct {
	patterns []string
	sum      bool
}

// words say which field a label stands for, in the languages of the market. The first
// that matches decides.
var words = []struct {
	field Field
	label *regexp.Regexp
}{
	{FieldVAT, regexp.MustCompile(`(?i)\b(?:mva|moms|alv|vat)\b`)},
	{FieldTolls, regexp.MustCompile(`(?i)bompenge|bomring|ferge|ferje|trängselskatt|vägavgift|^bro\b|færge|tietull|^toll`)},
	{FieldExtras, regexp.MustCompile(`(?i)tillegg|tillägg|tillæg|lisä|extra|supplement|surcharge`)},
	{FieldDiscount, regexp.MustCompile(`(?i)rabatt?\b|alennus|discount`)},
	{FieldTotal, regexp.MustCompile(`(?i)å betale|att betala|at betale|maksettava|yhteensä|^total|to pay|^sum(?:ma)?\b|^i alt`)},
	{FieldFare, regexp.MustCompile(`(?i)takst|taxa\b|taksa|tariff|kjørepris|kjøring|körning|kørsel|startpris|ventetid|fast pris|^fare`)},
}

// times and numbers say which field a label with a time or a number stands for.
var (
	timeWords = []struct {
		field Field
		label *regexp.Regexp
	}{
		{FieldStart, regexp.MustCompile(`(?i)^(?:start|fra\b|från|påbörjad|alku|begin|from)`)},
		{FieldFinish, regexp.MustCompile(`(?i)^(?:slutt?|til\b|till\b|avslutad|loppu|end\b|to\b)`)},
		{FieldDate, regexp.MustCompile(`(?i)^(?:dato|datum|pvm|päiv|date)`)},
	}
	receiptWords = regexp.MustCompile(`(?i)^(?:kvittering|kvitto|kuitti|bong?|receipt|nr\b|no\b)`)
	tripWords    = regexp.MustCompile(`(?i)^(?:tur|resa|ajo|trip)\b`)
)

var (
	amountLine = regexp.MustCompile(`^(\S.*?)\s+(?:(?:NOK|SEK|DKK|EUR|kr\.?|€)\s*)?(\d[\d .]*[.,]\d\d)$`)
	kmLine     = regexp.MustCompile(`^(\S.*?)\s+\d+[.,]\d{1,3}\s*km$`)
	numberLine = regexp.MustCompile(`^(\S.*?)\s+(\d{1,12})$`)
	timeLine   = regexp.MustCompile(`^(\S.*?)\s+((?:\d{4}-\d\d-\d\d|\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d\d))?\s*(?:\d\d[:.]\d\d)?)$`)
)

// guess looks at the longest print.
func guess(p []byte) *guessed {
	g := &guessed{rules: map[Field]*guessedRule{}, dialect: Plain}
	if bytes.ContainsAny(p, "\x1b\x1d") {
		g.dialect = ESCPOS
	}
	g.ends = guessEnds(p)
	g.readBest(p)
	g.currency, g.decimal = guessCurrency(g.text), guessDecimal(g.text)
	for line := range strings.Lines(g.text) {
		g.line(strings.TrimSpace(line))
	}
	return g
}

// guessEnds sees what ends the print.
func guessEnds(p []byte) (ends []string) {
	s := stripper{emit: func(t told) {
		word := map[op]string{opCut: "cut", opFormFeed: "ff", opETX: "etx"}[t.op]
		if word != "" && !slices.Contains(ends, word) {
			ends = append(ends, word)
		}
	}}
	s.feed(p)
	return append(ends, "idle:1500ms")
}

// readBest takes the charset in which most of the known words are found.
func (g *guessed) readBest(p []byte) {
	most := -1
	for _, name := range []string{auto, "utf-8", "cp865", "cp858", "cp1252", "ascii-no", "ascii-se"} {
		c := Config{Dialect: g.dialect, Charset: name}
		for _, word := range g.ends {
			c.Ends.set(nil, word)
		}
		text := fullest(c.jobs(p)).Text
		if n := wordsIn(text); n > most {
			most, g.charset, g.text = n, name, text
		}
	}
}

// wordsIn counts known labels, and takes off what is no text.
func wordsIn(text string) (n int) {
	for line := range strings.Lines(text) {
		if _, ok := labelled(strings.TrimSpace(line)); ok {
			n += 2
		}
	}
	return n + strings.Count(text, "ø") + strings.Count(text, "ä") + strings.Count(text, "å") - 3*strings.Count(text, "\uFFFD")
}

func labelled(line string) (Field, bool) {
	for _, w := range words {
		if w.label.MatchString(line) {
			return w.field, true
		}
	}
	return "", false
}

// currencies are told by the first sign that is found; without one it is NOK.
var currencies = []struct {
	code  string
	signs *regexp.Regexp
}{
	{"DKK", regexp.MustCompile(`(?i)\bDKK\b|\bCVR\b|at betale`)},
	{"SEK", regexp.MustCompile(`(?i)\bSEK\b|att betala`)},
	{"EUR", regexp.MustCompile(`(?i)\bEUR\b|€|\balv\b`)},
}

func guessCurrency(text string) string {
	for _, c := range currencies {
		if c.signs.MatchString(text) {
			return c.code
		}
	}
	return "NOK"
}

var (
	pointAmount = regexp.MustCompile(`(?m)\d\.\d\d$`)
	commaAmount = regexp.MustCompile(`(?m)\d,\d\d$`)
)

// guessDecimal is the sign that stands before two last digits most often.
func guessDecimal(text string) string {
	if len(pointAmount.FindAllString(text, -1)) > len(commaAmount.FindAllString(text, -1)) {
		return "."
	}
	return ","
}

// line takes from one line what it may be.
func (g *guessed) line(line string) {
	if m := amountLine.FindStringSubmatch(line); m != nil {
		g.amount(m[1])
		return
	}
	if m := kmLine.FindStringSubmatch(line); m != nil {
		g.add(FieldKm, anchored(m[1])+`(?P<v>\d+[.,]\d{1,3})\s*km$`, false)
		return
	}
	if m := timeLine.FindStringSubmatch(line); m != nil && m[2] != "" {
		g.moment(m[1], m[2])
		return
	}
	if m := numberLine.FindStringSubmatch(line); m != nil {
		switch {
		case receiptWords.MatchString(m[1]):
			g.add(FieldReceipt, anchored(m[1])+`(?P<v>\d+)$`, false)
		case tripWords.MatchString(m[1]):
			g.add(FieldTrip, anchored(m[1])+`(?P<v>\d+)$`, false)
		}
	}
}

func (g *guessed) amount(label string) {
	field, ok := labelled(label)
	if !ok {
		return
	}
	if field == FieldTotal && g.total == "" {
		g.total = label
	}
	currency := `(?:[A-Za-z€]{1,3}\.?\s+)?`
	g.add(field, anchored(label)+currency+`(?P<v>[\d .]*\d`+regexp.QuoteMeta(g.decimal)+`\d\d)$`, field != FieldTotal && field != FieldVAT)
}

func (g *guessed) moment(label, text string) {
	for _, w := range timeWords {
		if !w.label.MatchString(label) {
			continue
		}
		if layout := layoutOf(text); !slices.Contains(g.layouts, layout) {
			g.layouts = append(g.layouts, layout)
		}
		g.add(w.field, anchored(label)+`(?P<v>[\d./-]*\s*[\d:.]+)$`, false)
		return
	}
}

// layoutOf writes the layout of a date and time, day first unless the year is.
func layoutOf(text string) string {
	var layout []string
	for _, word := range strings.Fields(text) {
		i, k := strings.IndexAny(word, "./-"), strings.LastIndexAny(word, "./-")
		switch {
		case i < k && i == 4:
			layout = append(layout, "2006-01-02")
		case i < k:
			year := "2006"
			if len(word)-k == 3 {
				year = "06"
			}
			layout = append(layout, "2"+word[i:i+1]+"1"+word[k:k+1]+year)
		default:
			layout = append(layout, "15"+word[2:3]+"04")
		}
	}
	return strings.Join(layout, " ")
}

var someDigits = regexp.MustCompile(`\d+`)

// anchored is a pattern for a line that begins with label, whatever its digits are.
func anchored(label string) string {
	label = regexp.QuoteMeta(strings.Join(strings.Fields(label), " "))
	label = someDigits.ReplaceAllLiteralString(strings.ReplaceAll(label, "'", "."), `\d+`)
	return `(?m)^\s*` + strings.ReplaceAll(label, " ", `\s+`) + `\s+`
}

// add notes a pattern for a field. The first label of a field that is not a sum
// counts; the others may be anything.
func (g *guessed) add(f Field, pattern string, sum bool) {
	r := g.rules[f]
	if r == nil {
		r = &guessedRule{sum: sum}
		g.rules[f] = r
	}
	if !slices.Contains(r.patterns, pattern) && (sum || len(r.patterns) == 0) {
		r.patterns = append(r.patterns, pattern)
	}
}

// toml writes the keys.
func (g *guessed) toml() string {
	var b strings.Builder
	fmt.Fprintf(&b, "mode = \"tap\"\ndialect = %q\ncharset = %q\njob_end = [%s]\n", g.dialect, g.charset, quoted(g.ends))
	thousands := " ."
	if g.decimal == "." {
		thousands = " ,"
	}
	fmt.Fprintf(&b, "money = { currency = %q, decimal = %q, thousands = %q }\n", g.currency, g.decimal, thousands)
	fmt.Fprintf(&b, "date_layouts = [%s]\n", quoted(g.layouts))
	rules := [][2]string{
		{"copy", `(?mi)^\W*(?:kopi[ao]?|copy|duplikat|genudskrift)\b`},
		{"shift_report", `(?mi)skiftlapp|skiftrapport|körpass|vagtafregning|vuororaportti`},
	}
	if g.total != "" {
		rules = append(rules, [2]string{"receipt", strings.TrimSuffix(anchored(g.total), `\s+`) + `\b`})
	}
	for _, r := range rules {
		fmt.Fprintf(&b, "[[meter.classify]]\nkind = %q\nmatch = '%s'\n", r[0], r[1])
	}
	b.WriteString("[meter.fields]\n")
	var terms []string
	for _, f := range Fields {
		r := g.rules[f]
		if r == nil {
			continue
		}
		fmt.Fprintf(&b, "%s = { re = '%s'%s }\n", f, r.joined(), r.options(f))
		switch f {
		case FieldFare, FieldExtras, FieldTolls:
			terms = append(terms, string(f))
		case FieldDiscount:
			terms = append(terms, "-"+string(f))
		}
	}
	if len(terms) > 0 {
		fmt.Fprintf(&b, "[meter.checks]\nsum = [%s]\n", quoted(append(terms, "=", "total")))
	}
	return b.String()
}

// joined is one pattern for all.
func (r *guessedRule) joined() string {
	if len(r.patterns) == 1 {
		return r.patterns[0]
	}
	// All end in the same group, which may have its name once only.
	const head = `(?m)^\s*`
	i := strings.LastIndex(r.patterns[0], `(?:[A-Za-z€]`)
	tail := r.patterns[0][i:]
	heads := make([]string, len(r.patterns))
	for k, p := range r.patterns {
		heads[k] = strings.TrimSuffix(strings.TrimPrefix(p, head), tail)
	}
	return head + "(?:" + strings.Join(heads, "|") + ")" + tail
}

func (r *guessedRule) options(f Field) string {
	switch {
	case r.sum:
		return `, policy = "sum"`
	case f == FieldReceipt, f == FieldTotal:
		return `, required = true`
	}
	return ""
}

// config reads what toml writes, as the daemon would.
func (g *guessed) config() (Config, error) {
	var doc struct{ Meter map[string]any }
	if err := toml.Unmarshal([]byte("[meter]\n"+g.toml()), &doc); err != nil {
		return Config{}, fmt.Errorf("proposal read: %w", err)
	}
	return parseConfig(doc.Meter)
}

func quoted(list []string) string {
	q := make([]string, len(list))
	for i, s := range list {
		q[i] = fmt.Sprintf("%q", s)
	}
	return strings.Join(q, ", ")
}
