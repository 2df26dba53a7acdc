package display

// Fault is a condition that keeps the terminal from its work, with a short code
// that can be read out over the phone. Its text is in the catalogues under
// "fault.<code>", what to do about it under "fault.<code>.do".
type Fault string

const (
	FaultMeterMissing  Fault = "M1" // the serial adapter is not there
	FaultMeterBusy     Fault = "M2" // another program has the port
	FaultMeterDenied   Fault = "M3" // no permission to open the port
	FaultMeterNotTTY   Fault = "M4" // the configured path is no serial port
	FaultMeterSilent   Fault = "M5" // the line is open, the meter says nothing
	FaultMeterGarbled  Fault = "M6" // bytes but no frames: baud rate or parity
	FaultMeterNoisy    Fault = "M7" // many damaged frames
	FaultMeterAlarm    Fault = "M8" // the meter reports a failure of its own
	FaultMeterDegraded Fault = "M9" // no answers, frames that contradict each other, receipts that cannot be read
	FaultNetwork       Fault = "N1" // the payment API cannot be reached
	FaultCertificate   Fault = "N2" // TLS refused: interception, or an expired certificate
	FaultPortal        Fault = "N3" // something else answers: the network wants a log-in
	FaultClock         Fault = "N4" // TLS refused: this computer's clock is wrong
	FaultNoCredentials Fault = "C1" // no merchant keys found
	FaultCredentials   Fault = "C2" // the API refuses the merchant keys
	FaultNoDataKey     Fault = "C3" // sharing or sending is on, but there is no key to keep numbers under
	FaultNotEnrolled   Fault = "C4" // the fleet's gateway does not let this terminal in
	FaultUnavailable   Fault = "V1" // Vipps answers with errors of its own
	FaultSalesUnit     Fault = "V2" // Vipps refuses the request: sales unit set-up
	FaultDiskFull      Fault = "D1" // the database cannot grow
	FaultDisk          Fault = "D2" // the database cannot be written or read
	FaultReadOnly      Fault = "D3" // the disk or the database is write-protected
	FaultDamaged       Fault = "D4" // the database is damaged
	FaultNewer         Fault = "D5" // the database was written by a newer program
	FaultForeign       Fault = "D6" // something else stands where the database should be
	FaultDiskGone      Fault = "D7" // the database, or its log, is missing
	FaultParked        Fault = "P1" // a trip or command waits for a person
)

// Blocking faults keep a new trip from being taken at all: the passenger sees
// "out of order". With the others the terminal goes on and catches up later.
func (f Fault) Blocking() bool {
	switch f {
	case FaultMeterMissing, FaultMeterBusy, FaultMeterDenied, FaultMeterNotTTY,
		FaultMeterSilent, FaultMeterGarbled, FaultNoCredentials, FaultCredentials,
		FaultNotEnrolled, FaultDiskFull, FaultDisk, FaultReadOnly, FaultDamaged, FaultNewer, FaultForeign, FaultDiskGone:
		return true
	}
	return false
}
