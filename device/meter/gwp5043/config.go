package gwp5043

import (
	"log/slog"
	"time"

	"taxiterminal/config/table"
	"taxiterminal/device/meter"
)

func init() { meter.Register("gwp5043", newFromTable) }

// Config is what one meter needs. The zero value will not do: Zone must be set.
type Config struct {
	Decimals int            // of the fare, 0 to 2
	Zone     *time.Location // in which the meter counts
	Serial   string         // of the only meter that is listened to; empty: of the first
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
	cfg := Config{Decimals: int(t.Int("decimals", 0, 0, 2)), Serial: t.String("serial", "")}
	if (&fields{data: []byte(cfg.Serial)}).text(len(cfg.Serial)) != cfg.Serial || len(cfg.Serial) > serialLen {
		t.Problem("serial", "no such serial number", "want up to 8 letters and digits, as on the meter's plate or in the log")
	}
	zone, err := time.LoadLocation(t.String("zone", "UTC"))
	if err != nil {
		t.Problem("zone", "not known on this computer", `want a name such as "UTC" or "Asia/Bangkok"; the package tzdata must be installed`)
	}
	cfg.Zone = zone
	return cfg, t.Err()
}
