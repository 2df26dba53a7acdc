package mdt

import "fmt"

// ID says what a frame is. The same ID can mean different things in the two
// directions.
type ID byte

// The IDs that this package gives a meaning to.
const (
	IDTripDataTLC     ID = 0x26
	IDStateChange     ID = 0x41
	IDFailure         ID = 0x42
	IDCardData        ID = 0x43
	IDTripRequest     ID = 0x44 // to the meter
	IDCardTracks      ID = 0x44 // from the meter
	IDPrinterStatus   ID = 0x46
	IDPrinterRequest  ID = 0x48
	IDStatusRequest   ID = 0x49
	IDMeterStatus     ID = 0x4A
	IDTripData        ID = 0x4B
	IDBusy            ID = 0x4C
	IDStatsRequest    ID = 0x4E
	IDStatistics      ID = 0x4F
	IDTimedOut        ID = 0x54
	IDDriverPIN       ID = 0x56
	IDUnsupported     ID = 0x59
	IDAck             ID = 0x5A
	IDRateRequest     ID = 0x61
	IDRate            ID = 0x62
	IDConfiguration   ID = 0x67
	IDRunningFare     ID = 0x68
	IDPing            ID = 0x70
	IDCardTransaction ID = 0x74
	IDMissedMessage   ID = 0x75
)

// treatment is what becomes of a frame.
type treatment uint8

const (
	unlisted treatment = iota // accepted when short and whole, acknowledged, not looked at
	decoded                   // becomes a Message
	ignored                   // acknowledged; its layout is not public
	wiped                     // acknowledged; its data are destroyed in the buffer
	denied                    // to the meter only: changes the meter, prints, or is not understood
)

// rule is one line of the table of frames: the data lengths with which an ID can be
// the start of a frame, and what becomes of it.
type rule struct {
	name     string
	min, max int
	treat    treatment
}

// maxUnlisted bounds the wait for a frame whose ID nobody knows, which in most
// cases is noise.
const maxUnlisted = 64

// Frames that carry cards or PINs are taken at any length: better to destroy a
// variant than to let its data pass for noise.
var fromMeter = complete(map[ID]rule{
	IDStateChange:     {"state change", 1, 64, decoded},
	IDFailure:         {"failure", 1, 1, decoded},
	IDCardData:        {"card data", 0, 255, wiped},
	IDCardTracks:      {"card tracks", 0, 255, wiped},
	IDPrinterStatus:   {"printer status", 1, 1, decoded},
	IDMeterStatus:     {"meter status", 3, 3, decoded},
	IDTripData:        {"trip data", 36, 36, decoded},
	IDTripDataTLC:     {"trip data, TLC form", 40, 40, decoded},
	IDBusy:            {"busy", 1, 1, decoded},
	IDStatistics:      {"statistics", 61, 61, decoded},
	IDTimedOut:        {"timed out", 0, 0, decoded},
	IDDriverPIN:       {"driver id and PIN", 0, 255, wiped},
	IDUnsupported:     {"unsupported", 0, 0, decoded},
	IDAck:             {"ACK", 0, 0, decoded},
	IDRate:            {"rate", 1, 1, decoded},
	IDRunningFare:     {"running fare", 16, 16, decoded},
	IDPing:            {"ping", 0, 0, decoded},
	IDCardTransaction: {"card transaction", 0, 255, wiped},
	IDMissedMessage:   {"missed message", 0, 255, decoded},

	0x21: {"statistics, TLC form", 0, 255, ignored},
	0x23: {"daily statistics, TLC form", 0, 255, ignored},
	0x25: {"multi-rate trip data, TLC form", 0, 255, ignored},
	0x48: {"meter printing", 0, 255, ignored},
	0x52: {"daily statistics", 0, 255, ignored},
	0x53: {"GPS", 0, 255, ignored},
	0x57: {"method type", 0, 255, ignored},
	0x58: {"driver or cab id", 0, 255, ignored},
	0x63: {"configuration", 0, 255, ignored},
	0x6C: {"clock", 0, 255, ignored},
	0x6F: {"odometer", 0, 255, ignored},
	0x71: {"multi-rate trip data", 0, 255, ignored},
	0x7B: {"expanded trip data", 0, 255, ignored},
	0x7C: {"expanded trip data", 0, 255, ignored},
	0x7D: {"expanded trip data", 0, 255, ignored},
	0xC6: {"not public", 0, 255, ignored},
	0xC9: {"not public", 0, 255, ignored},
	0xE6: {"not public", 0, 255, ignored},
	0xEC: {"not public", 0, 255, ignored},
	0xEE: {"not public", 0, 255, ignored},
	0xF4: {"not public", 0, 255, ignored},
	0xF6: {"not public", 0, 255, ignored},
})

// toMeter is what hosts are known to send. This driver sends very little of it (see
// guard); the rest is here for the simulator, which must recognise a host that
// oversteps, and for the test that nothing of it can be sent.
var toMeter = complete(map[ID]rule{
	IDTripRequest:    {"request trip data", 0, 0, decoded},
	IDPrinterRequest: {"request printer status", 0, 0, decoded},
	IDStatusRequest:  {"request meter status", 0, 0, decoded},
	IDStatsRequest:   {"request statistics", 0, 0, decoded},
	IDUnsupported:    {"unsupported", 0, 0, decoded},
	IDAck:            {"ACK", 0, 0, decoded},
	IDRateRequest:    {"request current rate", 0, 0, decoded},
	IDConfiguration:  {"set configuration", 3, 3, decoded},

	0x45: {"print block", 0, 127, denied},
	0x47: {"lock or unlock meter", 1, 1, denied},
	0x4D: {"print card receipt", 0, 255, denied},
	0x4F: {"set odometer", 0, 255, denied},
	0x50: {"clear statistics", 0, 255, denied},
	0x51: {"authorisation number", 0, 255, denied},
	0x53: {"clear daily statistics", 0, 255, denied},
	0x62: {"set rate", 0, 255, denied},
	0x63: {"read configuration", 0, 255, denied},
	0x64: {"print large block", 0, 255, denied},
	0x69: {"set negotiated fare", 0, 255, denied},
	0x6A: {"set extras", 0, 255, denied},
	0x6D: {"load print buffer", 0, 255, denied},
	0x6E: {"print buffer", 0, 255, denied},
	0x71: {"flush print buffer", 0, 255, denied},
	0x76: {"go vacant", 0, 255, denied},
	0x81: {"private", 0, 255, denied},
	0x82: {"private", 0, 255, denied},
	0x83: {"private", 0, 255, denied},
	0xC4: {"set tolls", 0, 255, denied},
	0xC5: {"set tolls", 0, 255, denied},
	0xC7: {"go vacant", 0, 255, denied},
})

// complete gives every ID a rule: what is not listed is read over, and never sent.
func complete(listed map[ID]rule) *[256]rule {
	var t [256]rule
	for i := range t {
		t[i] = rule{"unlisted", 0, maxUnlisted, unlisted}
	}
	for id, r := range listed {
		t[id] = r
	}
	return &t
}

func (id ID) String() string { return fmt.Sprintf("%02X", byte(id)) }
