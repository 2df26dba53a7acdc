package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"taxiterminal/money"
)

// Show prints the configuration in force, defaults included, as a TOML file that
// could be loaded again. There is no secret in it.
func (c Config) Show() string {
	var b strings.Builder
	line := func(key string, v any) { fmt.Fprintf(&b, "%s = %s\n", key, literal(v)) }
	section := func(name string) { fmt.Fprintf(&b, "\n[%s]\n", name) }

	line("vehicle", c.Vehicle)
	line("operator", c.Operator)
	section("payment")
	if !c.Fleet.Enabled {
		line("environment", string(c.Payment.Environment))
		if c.Payment.URL != "" {
			line("url", c.Payment.URL)
		}
		line("msn", c.Payment.MSN)
	}
	line("currency", string(c.Payment.Currency))
	line("brand", c.Payment.Brand)
	line("description", c.Payment.Description)
	line("poll", c.Payment.Poll.String())
	section("fleet")
	line("enabled", c.Fleet.Enabled)
	line("state", c.Fleet.State)
	section("trip")
	line("grace", c.Trip.Grace.String())
	line("fare_by_hand", c.Trip.FareByHand)
	c.showPassenger(line, section)
	section("meter")
	line("driver", c.Meter.Driver)
	line("port", c.Meter.Port)
	line("line", c.Meter.Line)
	if c.Meter.Tape != "" {
		line("tape", c.Meter.Tape)
	}
	for _, key := range slices.Sorted(maps.Keys(c.Meter.Table)) {
		line(key, c.Meter.Table[key])
	}
	section("display")
	line("listen", c.Display.Listen)
	line("languages", c.Display.Languages)
	line("linger", c.Display.Linger.String())
	section("control")
	line("socket", c.Control.Socket)
	section("storage")
	line("path", c.Storage.Path)
	line("keep_days", int(c.Storage.Keep/(24*time.Hour)))
	section("log")
	line("level", c.Log.Level)
	line("format", c.Log.Format)
	return b.String()
}

func (c Config) showPassenger(line func(string, any), section func(string)) {
	section("tip")
	line("percent", c.Tip.Percent)
	line("wait", c.Tip.Wait.String())
	section("sharing")
	line("scope", c.Sharing.Scope)
	line("keep_days", int(c.Sharing.Keep/(24*time.Hour)))
	section("send")
	line("enabled", c.Send.Enabled)
	line("country", c.Send.Country)
	section("receipt")
	line("attach", attachNames[c.Receipt.Attach])
	line("country", string(c.Receipt.Rules.Country))
	if rate := c.Receipt.Rules.Fixed; rate != nil {
		line("vat", money.Minor(*rate).Decimal())
	}
	line("header", c.Receipt.Header)
	section("printer")
	line("port", c.Printer.Port)
	line("columns", c.Printer.Columns)
	line("dots", c.Printer.Dots)
	line("page", c.Printer.Page)
	line("cut", c.Printer.Cut)
	line("baud", c.Printer.Baud)
}

// literal writes a value as TOML.
func literal(v any) string {
	switch v := v.(type) {
	case string:
		return fmt.Sprintf("%q", v)
	case []string:
		quoted := make([]string, len(v))
		for i, s := range v {
			quoted[i] = literal(s)
		}
		return "[" + strings.Join(quoted, ", ") + "]"
	case []int:
		numbers := make([]string, len(v))
		for i, n := range v {
			numbers[i] = literal(n)
		}
		return "[" + strings.Join(numbers, ", ") + "]"
	case []any:
		items := make([]string, len(v))
		for i, item := range v {
			items[i] = literal(item)
		}
		return "[" + strings.Join(items, ", ") + "]"
	case map[string]any:
		items := make([]string, 0, len(v))
		for _, key := range slices.Sorted(maps.Keys(v)) {
			items = append(items, key+" = "+literal(v[key]))
		}
		return "{ " + strings.Join(items, ", ") + " }"
	}
	return fmt.Sprint(v)
}
