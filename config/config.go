// Package config reads what a terminal is told about its car: one TOML file in, one
// checked value out, and the credentials from a place of their own. Everything that
// is wrong is reported at once, each with its key and what to write instead.
//
// Example is a file with every key, and the manual of it.
package config

import (
	_ "embed"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"

	"taxiterminal/config/table"
	"taxiterminal/money"
	"taxiterminal/trip"
)

// Example is a commented file with every key at its default.
//
//go:embed example.toml
var Example string

// DefaultPath is where the file is looked for unless told otherwise.
const DefaultPath = "/etc/taxiterm/taxiterm.toml"

// DefaultSocket is where the daemon listens unless configured otherwise.
const DefaultSocket = "/run/taxiterm/control.sock"

// Config is a checked configuration.
type Config struct {
	Vehicle  string // as trip.ValidVehicle wants it
	Operator string // who drives, for receipts and stickers; may be empty

	Payment Payment
	Fleet   Fleet
	Trip    Trip
	Tip     Tip
	Sharing Sharing
	Send    Send
	Receipt Receipt
	Printer Printer
	Meter   Meter
	Display Display
	Control Control
	Storage Storage
	Log     Log
}

// Payment is about the payment API and what passengers see of it. Environment, URL and
// MSN are empty in a fleet.
type Payment struct {
	Environment Environment
	URL         string // of the simulator; empty otherwise
	MSN         string // merchant serial number of the sales unit
	Currency    money.Currency
	Brand       string        // Vipps or MobilePay
	Description string        // with {vehicle} and {trip}
	Poll        time.Duration // between two looks at a payment somebody waits for
}

// Environment is which API is talked to.
type Environment string

const (
	Production Environment = "production"
	Test       Environment = "test"
	Simulator  Environment = "simulator"
)

// Describe is the text that the passenger's app shows for a trip.
func (p Payment) Describe(vehicle, trip string) string {
	return strings.NewReplacer("{vehicle}", vehicle, "{trip}", trip).Replace(p.Description)
}

// Trip is about how trips end.
type Trip struct {
	Grace      time.Duration // to approve after the meter went For Hire
	FareByHand bool          // the driver may type the fare when the meter is lost
}

// Meter is the serial line and the driver on it. Table are the driver's own keys.
type Meter struct {
	Driver string
	Port   string
	Line   string
	Tape   string // file that the bytes of the line are recorded in; empty for none
	Table  map[string]any
}

// Display is about the screens.
type Display struct {
	Listen    string // loopback address and port of the pages
	Languages []string
	Linger    time.Duration // how long PAID stays after the meter went For Hire
}

// Control is where the local commands reach the daemon.
type Control struct{ Socket string }

// Storage is where the outbox is, and for how long it holds a trip.
type Storage struct {
	Path string
	Keep time.Duration // after the last thing that happened to the trip
}

// Log is what is written to standard error.
type Log struct {
	Level  string // debug, info, warn, error
	Format string // text, json
}

// Error is everything that is wrong with one file.
type Error struct {
	File     string
	Problems []table.Problem
}

func (e *Error) Error() string {
	lines := make([]string, 0, len(e.Problems)+1)
	lines = append(lines, fmt.Sprintf("configuration %s has %d problem(s):", e.File, len(e.Problems)))
	for _, p := range e.Problems {
		lines = append(lines, "  "+p.Error())
	}
	return strings.Join(lines, "\n")
}

// Load reads and checks a file. Further checks, of keys whose meaning this package
// does not know, are asked for their problems too, so that all come together. The
// error is an *Error, or the reason why the file cannot be read.
func Load(path string, checks ...func(Config) error) (Config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Config{}, table.Unread(path, "taxiterm", err)
	}
	return parse(path, text, checks...)
}

func parse(path string, text []byte, checks ...func(Config) error) (Config, error) {
	var raw map[string]any
	if err := toml.Unmarshal(text, &raw); err != nil {
		return Config{}, syntaxError(path, err)
	}
	t := table.New(raw)
	c := read(t)
	problems := problemsOf(t.Err())
	for _, check := range checks {
		problems = append(problems, problemsOf(check(c))...)
	}
	if len(problems) > 0 {
		return Config{}, &Error{path, problems}
	}
	return c, nil
}

// syntaxError says where the file stops being TOML.
func syntaxError(path string, err error) error {
	p := table.Problem{Key: "(syntax)", Text: err.Error(), Hint: "see https://toml.io"}
	var at *toml.DecodeError
	if errors.As(err, &at) {
		row, column := at.Position()
		p.Key = fmt.Sprintf("line %d, column %d", row, column)
	}
	return &Error{path, []table.Problem{p}}
}

func problemsOf(err error) []table.Problem {
	var all *table.Error
	var one table.Problem
	switch {
	case err == nil:
		return nil
	case errors.As(err, &all):
		return all.Problems
	case errors.As(err, &one):
		return []table.Problem{one}
	}
	return []table.Problem{{Key: "(file)", Text: err.Error(), Hint: "put this right first"}}
}

func read(t *table.Table) Config {
	c := Config{
		Vehicle: t.Required("vehicle", `want what the car is called, such as "T122": a letter, then up to 15 letters and digits`),
	}
	if c.Vehicle != "" && !trip.ValidVehicle(c.Vehicle) {
		t.Problem("vehicle", fmt.Sprintf("%q cannot begin a payment reference", c.Vehicle), "want a letter, then up to 15 letters and digits")
	}
	c.Fleet = readFleet(t.Table("fleet"))
	if c.Fleet.Enabled {
		c.Payment = readRelayed(t.Table("payment"), c.Vehicle)
	} else {
		c.Payment = readPayment(t.Table("payment"), c.Vehicle)
	}
	c.Operator = t.String("operator", "")
	c.Trip = readTrip(t.Table("trip"))
	c.Tip = readTip(t.Table("tip"))
	c.Sharing = readSharing(t.Table("sharing"))
	c.Send = readSend(t.Table("send"), c.Payment.Currency)
	c.Receipt = readReceipt(t.Table("receipt"), c.Payment.Currency)
	c.Printer = readPrinter(t.Table("printer"))
	c.Meter = readMeter(t.Table("meter"))
	c.Display = readDisplay(t.Table("display"))
	c.Control = Control{Socket: absolute(t.Table("control"), "socket", DefaultSocket)}
	storage := t.Table("storage")
	c.Storage = Storage{
		Path: absolute(storage, "path", "/var/lib/taxiterm/outbox.db"),
		Keep: time.Duration(storage.Int("keep_days", 400, 31, 36500)) * 24 * time.Hour,
	}
	log := t.Table("log")
	c.Log = Log{
		Level:  log.Choice("level", "info", "debug", "info", "warn", "error"),
		Format: log.Choice("format", "text", "text", "json"),
	}
	return c
}

func readTrip(t *table.Table) Trip {
	return Trip{
		Grace:      t.Duration("grace", 2*time.Minute, 10*time.Second, time.Hour),
		FareByHand: t.Bool("fare_by_hand", false),
	}
}

var msnPattern = regexp.MustCompile(`^[0-9]{4,7}$`)

func readPayment(t *table.Table, vehicle string) Payment {
	p := readShown(t, vehicle)
	p.Environment = Environment(t.Choice("environment", string(Production), string(Production), string(Test), string(Simulator)))
	p.URL = t.String("url", "")
	p.MSN = t.Required("msn", `want the 4 to 7 digits of the sales unit in quotes, such as "123456"`)
	if p.MSN != "" && !msnPattern.MatchString(p.MSN) {
		t.Problem("msn", fmt.Sprintf("%q is no merchant serial number", p.MSN), "want 4 to 7 digits")
	}
	switch {
	case p.Environment == Simulator && p.URL == "":
		t.Problem("url", "missing", `a simulator needs its address, such as "http://127.0.0.1:4000"`)
	case p.Environment != Simulator && p.URL != "":
		t.Problem("url", "is for the simulator only", `remove it, or set environment = "simulator"`)
	}
	return p
}

// readShown reads what passengers see, and how often a payment is looked at.
func readShown(t *table.Table, vehicle string) Payment {
	p := Payment{
		Currency:    money.Currency(t.Choice("currency", string(money.NOK), string(money.NOK), string(money.DKK), string(money.EUR))),
		Description: t.String("description", "Taxi {vehicle}, {trip}"),
		Poll:        t.Duration("poll", time.Second, time.Second, 10*time.Second),
	}
	p.Brand = t.Choice("brand", BrandOf(p.Currency), "Vipps", "MobilePay")
	if text := p.Describe(vehicle, "0000"); len([]rune(text)) < 3 || len([]rune(text)) > 100 {
		t.Problem("description", fmt.Sprintf("becomes %d characters", len([]rune(text))), "want 3 to 100")
	}
	return p
}

func readMeter(t *table.Table) Meter {
	m := Meter{
		Driver: t.Required("driver", `want the meter's protocol, such as "mdt"`),
		Port:   t.Required("port", `want the serial port by a stable name, such as "/dev/serial/by-id/usb-..."`),
		Line:   t.String("line", "9600 8N1"),
		Tape:   t.String("tape", ""),
	}
	if m.Port != "" && !filepath.IsAbs(m.Port) {
		t.Problem("port", fmt.Sprintf("%q is no absolute path", m.Port), "want one that begins with /dev/")
	}
	if m.Tape != "" && !filepath.IsAbs(m.Tape) {
		t.Problem("tape", fmt.Sprintf("%q is no absolute path", m.Tape), "want one below /var/lib/taxiterm")
	}
	m.Table = t.Rest()
	return m
}

func readDisplay(t *table.Table) Display {
	d := Display{
		Listen:    t.String("listen", "127.0.0.1:8080"),
		Languages: t.Strings("languages", "nb", "en"),
		Linger:    t.Duration("linger", 10*time.Second, time.Second, 5*time.Minute),
	}
	host, _, err := net.SplitHostPort(d.Listen)
	if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
		t.Problem("listen", fmt.Sprintf("%q is not on this computer only", d.Listen), `want a loopback address and port, such as "127.0.0.1:8080"`)
	}
	if len(d.Languages) == 0 {
		t.Problem("languages", "is empty", `want at least one, such as ["nb", "en"]`)
	}
	return d
}

func absolute(t *table.Table, key, def string) string {
	path := t.String(key, def)
	if !filepath.IsAbs(path) {
		t.Problem(key, fmt.Sprintf("%q is no absolute path", path), "want one that begins with /")
	}
	return path
}
