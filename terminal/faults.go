package terminal

import (
	"errors"

	"taxiterminal/display"
	"taxiterminal/outbox"
	"taxiterminal/vipps"
)

// faults are all that are present now, worst first.
func (t *Terminal) faults(depth outbox.Depth) []display.Fault {
	var f []display.Fault
	switch {
	case t.disk != nil:
		f = append(f, DiskFault(t.disk))
	case t.damaged != nil:
		f = append(f, display.FaultDamaged)
	}
	if fault, ok := meterFaults[t.meterHealth()]; ok {
		f = append(f, fault)
	}
	if fault, ok := t.keysFault(); ok {
		f = append(f, fault)
	}
	if t.book.err != nil && t.wantsKey() {
		f = append(f, display.FaultNoDataKey)
	}
	if fault, ok := apiFaults[t.network.fault]; ok && !t.network.refused {
		f = append(f, fault)
	}
	if t.network.salesUnit {
		f = append(f, display.FaultSalesUnit)
	}
	if depth.Parked > 0 || len(t.broken) > 0 || t.anyParked() {
		f = append(f, display.FaultParked)
	}
	return f
}

// keysFault: this car has no right to ask for payments. A car of a fleet has none of
// its own.
func (t *Terminal) keysFault() (display.Fault, bool) {
	switch {
	case t.cfg.Fleet && (t.cfg.Payments == nil || t.network.refused):
		return display.FaultNotEnrolled, true
	case t.cfg.Payments == nil:
		return display.FaultNoCredentials, true
	}
	return "", false
}

// DiskFault names why the outbox cannot be used.
func DiskFault(err error) display.Fault {
	for _, c := range diskFaults {
		if errors.Is(err, c.condition) {
			return c.fault
		}
	}
	return display.FaultDisk
}

// diskFaults in the order in which they count: an error may be several.
var diskFaults = []struct {
	condition error
	fault     display.Fault
}{
	{outbox.ErrGone, display.FaultDiskGone},
	{outbox.ErrCorrupt, display.FaultDamaged},
	{outbox.ErrForeign, display.FaultForeign},
	{outbox.ErrNewer, display.FaultNewer},
	{outbox.ErrFull, display.FaultDiskFull},
	{outbox.ErrReadOnly, display.FaultReadOnly},
}

var meterFaults = map[display.Health]display.Fault{
	display.HealthMissing:  display.FaultMeterMissing,
	display.HealthBusy:     display.FaultMeterBusy,
	display.HealthDenied:   display.FaultMeterDenied,
	display.HealthNotTTY:   display.FaultMeterNotTTY,
	display.HealthSilent:   display.FaultMeterSilent,
	display.HealthGarbled:  display.FaultMeterGarbled,
	display.HealthNoisy:    display.FaultMeterNoisy,
	display.HealthAlarm:    display.FaultMeterAlarm,
	display.HealthDegraded: display.FaultMeterDegraded,
}

var apiFaults = map[vipps.Class]display.Fault{
	vipps.ClassNetwork:     display.FaultNetwork,
	vipps.ClassPortal:      display.FaultPortal,
	vipps.ClassCertificate: display.FaultCertificate,
	vipps.ClassClock:       display.FaultClock,
	vipps.ClassCredentials: display.FaultCredentials,
	vipps.ClassUnavailable: display.FaultUnavailable,
	vipps.ClassGarbled:     display.FaultUnavailable,
}

func (t *Terminal) anyParked() bool {
	for _, r := range t.rides {
		if r.state.Phase == "parked" {
			return true
		}
	}
	return false
}
