package jtt905

import (
	"fmt"
	"log/slog"
	"time"

	"taxiterminal/config/table"
	"taxiterminal/device/meter"
)

func init() { meter.Register("jtt905", newFromTable) }

// Role is what the driver is to the meter.
type Role string

const (
	RoleListen Role = "listen" // a tap beside the meter's terminal
	RoleISU    Role = "isu"    // the terminal
)

// Config is what one meter needs. Start from Default.
type Config struct {
	Role           Role
	SurchargeAdded bool          // the meter's amount does not include the surcharge
	Offset         time.Duration // of the meter's clock, east of UTC
	Liveness       time.Duration // 0: silence is normal

	// For role isu.
	Plate       string
	Licence     string
	Certificate string        // personal: never log it
	Poll        time.Duration // pause between two status requests; 0: never
	ShortBeat   bool          // heartbeats are answered with nine bytes
}

const (
	defaultLiveness = 120 * time.Second
	defaultPoll     = time.Minute
	chinaOffset     = 8 * time.Hour
)

// Default are the settings that the package comment names.
func Default(r Role) Config {
	c := Config{Role: r, Offset: chinaOffset, Liveness: defaultLiveness}
	if r == RoleISU {
		c.Poll = defaultPoll
	}
	return c
}

// newFromTable is the meter.Factory.
func newFromTable(raw map[string]any, log *slog.Logger) (meter.Driver, error) {
	cfg, err := parseConfig(raw)
	if err != nil {
		return nil, err
	}
	return New(cfg, log), nil
}

func parseConfig(raw map[string]any) (Config, error) {
	t := table.New(raw)
	c := Default(Role(t.Choice("role", string(RoleListen), string(RoleListen), string(RoleISU))))
	c.SurchargeAdded = t.Choice("surcharge", "included", "included", "added") == "added"
	c.Offset = offset(t, "zone", "+08:00")
	c.Liveness = seldom(t, "liveness", c.Liveness, 10*time.Second)
	if c.Role == RoleISU {
		c.isu(t, raw)
		return c, t.Err()
	}
	for _, k := range []string{"plate", "licence", "certificate", "poll", "heartbeat_answer"} {
		t.Skip(k)
		if t.Has(k) {
			t.Problem(k, "needs to send, and role listen sends nothing", `remove it, or set role = "isu"`)
		}
	}
	return c, t.Err()
}

func (c *Config) isu(t *table.Table, raw map[string]any) {
	c.Plate = personal(t, raw, "plate", 6, true)
	c.Certificate = personal(t, raw, "certificate", 18, true)
	c.Licence = personal(t, raw, "licence", 16, false)
	c.Poll = seldom(t, "poll", c.Poll, 10*time.Second)
	c.ShortBeat = t.Choice("heartbeat_answer", "10", "9", "10") == "9"
}

// personal reads a text that must not be quoted in a problem.
func personal(t *table.Table, raw map[string]any, key string, most int, required bool) string {
	t.Skip(key)
	hint := fmt.Sprintf("want 1 to %d ASCII characters in quotes", most)
	v, there := raw[key]
	s, text := v.(string)
	switch {
	case !there && !required:
	case !there:
		t.Problem(key, "missing", hint)
	case !text || s == "" || len(s) > most || !printable(s):
		t.Problem(key, "is no such text", hint)
	}
	return s
}

func printable(s string) bool {
	for _, b := range []byte(s) {
		if b <= ' ' || b > '~' {
			return false
		}
	}
	return true
}

// seldom reads a duration that is 0 for never, or not shorter than least.
func seldom(t *table.Table, key string, def, least time.Duration) time.Duration {
	d := t.Duration(key, def, 0, 10*time.Minute)
	if d != 0 && d < least {
		t.Problem(key, d.String()+" is too short", fmt.Sprintf(`want "0s" for never, or at least %q`, least))
	}
	return d
}

// offset reads a zone as "+08:00".
func offset(t *table.Table, key, def string) time.Duration {
	s := t.String(key, def)
	at, err := time.Parse("-07:00", s)
	if err != nil {
		t.Problem(key, fmt.Sprintf("%.40q is no offset", s), `want hours and minutes from UTC, such as "+08:00"`)
		return 0
	}
	_, seconds := at.Zone()
	return time.Duration(seconds) * time.Second
}
