package capture

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"taxiterminal/config/table"
	"taxiterminal/money"
)

// Mode is how the driver is wired.
type Mode string

const (
	Tap     Mode = "tap"     // listens on the wire from meter to printer
	Printer Mode = "printer" // is the printer
	Tee     Mode = "tee"     // stands between meter and printer
	Lines   Mode = "lines"   // listens to a data port
)

// Dialect is what the printer understands.
type Dialect string

const (
	ESCPOS Dialect = "escpos"
	Plain  Dialect = "plain" // text only
)

// Config is what one meter needs.
type Config struct {
	Mode    Mode
	Dialect Dialect
	Charset string
	Ends    Ends
	Numbers Numbers
	Zone    *time.Location
	Layouts []string
	Rules   []KindRule
	Fields  map[Field]Rule
	Checks  Checks

	PrinterID   byte   // what GS I is answered
	PrinterPort string // tee: the real printer
	PrinterLine string
}

// KindRule decides what a job is.
type KindRule struct {
	Kind  Kind
	Match *regexp.Regexp
}

// parseConfig reads the keys of the [meter] table, on top of those of the profile.
func parseConfig(raw map[string]any) (Config, error) {
	raw, err := withProfile(raw)
	if err != nil {
		return Config{}, err
	}
	t := table.New(raw)
	c := Config{
		Mode:    Mode(t.Choice("mode", string(Tap), string(Tap), string(Printer), string(Tee), string(Lines))),
		Dialect: Dialect(t.Choice("dialect", string(ESCPOS), string(ESCPOS), string(Plain))),
		Charset: t.Choice("charset", auto, charsetNames()...),
		Numbers: readNumbers(t.Table("money")),
		Zone:    readZone(t),
		Layouts: t.Strings("date_layouts"),
		Rules:   readRules(t.Tables("classify")),
	}
	t.Skip(profileKey)
	c.Ends = readEnds(t, c.Mode)
	c.Fields = readFields(t)
	if _, there := c.Fields[FieldTotal]; !there {
		t.Problem("fields.total", "missing", "want a rule that finds the amount to pay")
	}
	if len(c.Rules) == 0 {
		t.Problem("classify", "missing", "want rules that tell a receipt from a copy and a shift report, or a profile")
	}
	c.Checks = readChecks(t.Table("checks"), c.Numbers, c.Fields)
	c.readPrinter(t)
	return c, t.Err()
}

// readPrinter reads what only the modes with a printer need.
func (c *Config) readPrinter(t *table.Table) {
	c.PrinterID = byte(t.Int("printer_id", 0x20, 0, 255))
	c.PrinterPort = t.String("printer", "")
	c.PrinterLine = t.String("printer_line", "9600 8N1")
	if tee := c.Mode == Tee; tee != (c.PrinterPort != "") {
		t.Problem("printer", "goes with mode tee, and only with it", `want the port of the real printer, such as "/dev/serial/by-id/usb-..."`)
	}
}

func readNumbers(t *table.Table) Numbers {
	n := Numbers{
		Decimal:   t.Choice("decimal", ",", ",", ".", ""),
		Thousands: t.String("thousands", ""),
		Implied:   int(t.Int("implied", 0, 0, 2)),
	}
	var err error
	if n.Currency, err = money.ParseCurrency(t.Required("currency", "want NOK, DKK, EUR or SEK")); err != nil && t.Has("currency") {
		t.Problem("currency", "is not known", "want NOK, DKK, EUR or SEK")
	}
	if strings.Trim(n.Thousands, " .,'") != "" {
		t.Problem("thousands", "has signs that are none", `want some of " ", ".", "," and "'"`)
	}
	if n.Decimal != "" && strings.Contains(n.Thousands, n.Decimal) {
		t.Problem("thousands", "has the decimal sign too", "want signs that mean one thing only")
	}
	if n.Implied == 1 || n.Implied > 0 && n.Decimal != "" {
		t.Problem("implied", "contradicts decimal", `want 0, or 2 with decimal = ""`)
	}
	return n
}

func readZone(t *table.Table) *time.Location {
	zone, err := time.LoadLocation(t.String("zone", "Local"))
	if err != nil {
		t.Problem("zone", "is not known", `want a time zone such as "Europe/Oslo"`)
		return time.UTC
	}
	return zone
}

const (
	maxPattern = 500 // bytes of one pattern
	maxRules   = 32
)

// pattern compiles a regular expression of a technician.
func pattern(t *table.Table, key, text string) *regexp.Regexp {
	if len(text) > maxPattern {
		t.Problem(key, "is too long", fmt.Sprintf("want at most %d bytes", maxPattern))
		return nil
	}
	re, err := regexp.Compile(text)
	if err != nil {
		t.Problem(key, err.Error(), "want a regular expression as Go knows them: no look-around, no back references")
		return nil
	}
	return re
}

func readRules(tables []*table.Table) (rules []KindRule) {
	kinds := make([]string, len(Kinds))
	for i, k := range Kinds {
		kinds[i] = string(k)
	}
	for i, t := range tables {
		kind := t.Choice("kind", string(Other), kinds...)
		re := pattern(t, "match", t.Required("match", "want a pattern that such a job has"))
		if i >= maxRules {
			t.Problem("kind", "is one rule too many", fmt.Sprintf("want at most %d", maxRules))
		}
		if re != nil {
			rules = append(rules, KindRule{Kind(kind), re})
		}
	}
	return rules
}

func readFields(t *table.Table) map[Field]Rule {
	fields := map[Field]Rule{}
	all := t.Table("fields")
	for _, f := range Fields {
		if !all.Has(string(f)) {
			all.Skip(string(f))
			continue
		}
		if r, ok := readField(all.Table(string(f)), f); ok {
			fields[f] = r
		}
	}
	return fields
}

// readField reads one rule; an empty pattern takes the rule of the profile away.
func readField(t *table.Table, f Field) (Rule, bool) {
	text := t.String("re", "")
	policies := []string{string(Same), string(First), string(Last)}
	if f.kind() == isMoney {
		policies = append(policies, string(Sum))
	}
	r := Rule{
		Required: t.Bool("required", f == FieldTotal),
		Policy:   Policy(t.Choice("policy", string(Same), policies...)),
	}
	if text == "" {
		return r, false
	}
	if r.Re = pattern(t, "re", text); r.Re == nil {
		return r, false
	}
	if r.Re.SubexpIndex("v") < 0 {
		t.Problem("re", "has no group v", `want the value in a group, as in '^Total (?P<v>\d+,\d\d)$'`)
		return r, false
	}
	if f == FieldTotal && !r.Required {
		t.Problem("required", "is false", "a receipt without a total cannot be used: remove it")
	}
	return r, true
}

func readChecks(t *table.Table, n Numbers, fields map[Field]Rule) Checks {
	return Checks{
		Terms:     readTerms(t, fields),
		Tolerance: readMoney(t, "tolerance", 0, n),
		Min:       readMoney(t, "min_total", 1, n),
		Max:       readMoney(t, "max_total", 2_000_000, n),
		VAT:       readPercent(t, "vat_percent"),
		Clock:     t.Duration("clock", time.Hour, 0, 24*time.Hour),
	}
}

func readMoney(t *table.Table, key string, def money.Minor, n Numbers) money.Minor {
	if !t.Has(key) {
		t.Skip(key)
		return def
	}
	v, err := n.Money(t.String(key, ""))
	if err != nil || v < 0 {
		t.Problem(key, "is no amount", "want it in quotes, as the receipt would print it")
		return def
	}
	return v
}

// readPercent reads a rate of tax in hundredths of a per cent.
func readPercent(t *table.Table, key string) int64 {
	text := t.String(key, "0")
	v, err := money.ParseDecimal(text)
	if err != nil || v > 100_00 {
		t.Problem(key, "is no rate", `want per cent in quotes, such as "25.5"`)
		return 0
	}
	return int64(v)
}

// readTerms reads ["fare", "extras", "-discount", "=", "total"].
func readTerms(t *table.Table, fields map[Field]Rule) (terms []Term) {
	words := t.Strings("sum")
	const hint = `want the parts of the total, such as ["fare", "extras", "=", "total"]`
	if len(words) == 0 {
		return nil
	}
	n := len(words) - 2
	if n < 1 || words[n] != "=" || words[n+1] != string(FieldTotal) {
		t.Problem("sum", `does not end with "=", "total"`, hint)
		return nil
	}
	for _, w := range words[:n] {
		name, minus := strings.CutPrefix(w, "-")
		f := Field(name)
		if _, there := fields[f]; !there || f.kind() != isMoney || f == FieldTotal {
			t.Problem("sum", strconv.Quote(name)+" is no amount that fields has a rule for", hint)
			continue
		}
		terms = append(terms, Term{f, minus})
	}
	return terms
}

// readEnds reads what ends a job.
func readEnds(t *table.Table, mode Mode) Ends {
	def := []string{"cut", "idle:1500ms"}
	if mode == Lines {
		def = []string{"line", "idle:1500ms"}
	}
	e := Ends{Idle: 1500 * time.Millisecond}
	for _, word := range t.Strings("job_end", def...) {
		if problem := e.set(t, word); problem != "" {
			t.Problem("job_end", fmt.Sprintf("%.40q %s", word, problem),
				`want some of "cut", "ff", "etx", "line", "init", "feed:6", "text:PATTERN" and "idle:1500ms"`)
		}
	}
	return e
}

func (e *Ends) set(t *table.Table, word string) (problem string) {
	name, arg, _ := strings.Cut(word, ":")
	flags := map[string]*bool{"cut": &e.Cut, "ff": &e.FormFeed, "etx": &e.ETX, "line": &e.Line, "init": &e.Init}
	if f := flags[word]; f != nil {
		*f = true
		return ""
	}
	var err error
	switch name {
	case "feed":
		if e.Feed, err = strconv.Atoi(arg); err != nil || e.Feed < 2 || e.Feed > 100 {
			return "is no number of blank lines from 2 to 100"
		}
	case "idle":
		if e.Idle, err = time.ParseDuration(arg); err != nil || e.Idle < 200*time.Millisecond || e.Idle > time.Minute {
			return "is no duration from 200ms to 1m"
		}
	case "text":
		e.Text = pattern(t, "job_end", arg)
	default:
		return "is not known"
	}
	return ""
}
