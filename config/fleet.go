package config

import (
	"taxiterminal/config/table"
	"taxiterminal/money"
)

// Fleet is about a car whose payments are made by its operator's gateway. It has no
// merchant keys; taxiterm enroll lets the gateway know it.
type Fleet struct {
	Enabled bool
	// State is the file that keeps who this terminal is; its key is beside it.
	State string
}

// FleetKey is the name of systemd's credential with the terminal's key, where that is
// not kept beside the state.
const FleetKey = "device_key"

// DefaultFleetState is where the state is unless configured otherwise.
const DefaultFleetState = "/var/lib/taxiterm/fleet.json"

func readFleet(t *table.Table) Fleet {
	return Fleet{Enabled: t.Bool("enabled", false), State: absolute(t, "state", DefaultFleetState)}
}

// readRelayed reads what is left of payments where the gateway makes them: which API,
// and for which sales unit, is the gateway's.
func readRelayed(t *table.Table, vehicle string) Payment {
	for _, key := range []string{"environment", "url", "msn"} {
		t.Skip(key)
	}
	return readShown(t, vehicle)
}

// BrandOf is the name that the app has where a currency is used.
func BrandOf(c money.Currency) string {
	if c == money.NOK {
		return "Vipps"
	}
	return "MobilePay"
}
