package mdt

import (
	"log/slog"
	"time"

	"taxiterminal/config/table"
	"taxiterminal/device/meter"
)

func init() { meter.Register("mdt", newFromTable) }

// TripQuery says when the driver asks for the trip data.
type TripQuery string

const (
	QueryAtStop   TripQuery = "stop"   // when the time goes off, and at vacant if still needed
	QueryAtVacant TripQuery = "vacant" // only at vacant: earlier the meter knows no fare
	QueryNever    TripQuery = "never"
)

// Unit is what the meter counts distance in.
type Unit string

const (
	Kilometre Unit = "km"
	Mile      Unit = "mile"
)

// Config is what one meter needs. Start from a profile.
type Config struct {
	Silent      bool          // send nothing at all
	TripQuery   TripQuery     // when to send 44
	Poll        time.Duration // pause between two 49; 0: never send 49
	RunningFare bool          // ask for 68 with 67
	DisplayFare bool          // the long form of 41 is expected: the fare comes with the key
	CheckSum    bool          // the total must be the sum of its parts
	Unit        Unit
}

// Poll is the pause between status requests unless the configuration says otherwise.
const defaultPoll = 30 * time.Second

// profiles are the ready sets of defaults, by the name in the configuration.
var profiles = map[string]Config{
	"pulsar":         {TripQuery: QueryAtStop, Poll: defaultPoll, CheckSum: true, Unit: Kilometre},
	"centrodyne":     {TripQuery: QueryAtStop, Poll: defaultPoll, DisplayFare: true, CheckSum: true, Unit: Kilometre},
	"fare_at_vacant": {TripQuery: QueryAtVacant, Poll: defaultPoll, CheckSum: true, Unit: Kilometre},
	"tap":            {Silent: true, TripQuery: QueryNever, CheckSum: true, Unit: Kilometre},
}

// Profile gives the defaults of pulsar, centrodyne, fare_at_vacant or tap, and false
// for any other name.
func Profile(name string) (Config, bool) {
	c, ok := profiles[name]
	return c, ok
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
	cfg := profiles[t.Choice("profile", "pulsar", "pulsar", "centrodyne", "fare_at_vacant", "tap")]
	if cfg.Silent {
		for _, key := range []string{"running_fare", "poll", "trip_query"} {
			if t.Has(key) {
				t.Problem(key, "needs to send, and profile tap sends nothing", "remove it, or choose another profile")
			}
		}
	}
	sends := cfg
	sends.RunningFare = t.Bool("running_fare", cfg.RunningFare)
	sends.TripQuery = TripQuery(t.Choice("trip_query", string(cfg.TripQuery), string(QueryAtStop), string(QueryAtVacant), string(QueryNever)))
	sends.Poll = pollEvery(t, cfg.Poll)
	sends.CheckSum = t.Choice("net_total", "sum", "sum", "any") == "sum"
	sends.Unit = Unit(t.Choice("distance_unit", string(cfg.Unit), string(Kilometre), string(Mile)))
	return sends, t.Err()
}

// pollEvery reads the pause between status requests. The shortest leaves room for
// the repetitions of one request before the next begins.
func pollEvery(t *table.Table, def time.Duration) time.Duration {
	const key, shortest = "poll", 5 * time.Second
	d := t.Duration(key, def, 0, 10*time.Minute)
	if d != 0 && d < shortest && d != def {
		t.Problem(key, d.String()+" is too often", `want "0s" for never, or at least "5s"`)
	}
	return d
}
