package display

// Health of the meter's line: first what keeps it from being open, then how the
// conversation with the meter goes.
const (
	HealthStarting Health = "starting" // nothing known yet
	HealthOK       Health = "ok"
	HealthMissing  Health = "missing"  // the adapter is not there
	HealthBusy     Health = "busy"     // another program has the port
	HealthDenied   Health = "denied"   // no permission to open the port
	HealthNotTTY   Health = "not_tty"  // the path is no serial port
	HealthSilent   Health = "silent"   // open, and the meter says nothing
	HealthGarbled  Health = "garbled"  // bytes but no frames
	HealthNoisy    Health = "noisy"    // many damaged frames among good ones
	HealthAlarm    Health = "alarm"    // the meter reports a failure of its own
	HealthDegraded Health = "degraded" // it is heard, but not all of it is understood
)
