// Package gwp5043 listens to the taximeters that speak GWP's one-way protocol, as
// fitted in Thailand and made in Taiwan. The maker's page "GWP Taxi Meter Protocol" of
// 2017-12-05 describes the frames; how a given firmware behaves between them must be tried on the meter.
//
//	[meter]
//	driver = "gwp5043"
//	port = "/dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0"
//	line = "115200 8N1"      # the maker's; always 8 bits
//
// These keys may be added:
//
//	decimals = 0             # digits of the fare after the point: 0 (whole units), 1 or 2
//	zone = "UTC"             # IANA time zone in which the meter counts its seconds
//	serial = "01234567"      # the meter's serial number; any other meter is refused
//
// # Wiring
//
// RS-232: the meter's TX to the computer's RX, and ground. Nothing is ever sent, so the
// other direction is best left open. The list of frames that may be sent is empty, and
// enforced in Driver.Run: nothing behind it holds the line's writer.
//
// # What the meter tells
//
//   - C2, every second from the OCCUPIED key on: the running fare, distance and times.
//   - C1, every second from the VACANCY key on: the record of the trip that was closed,
//     over and over until the next trip.
//   - B4, once for each press of PRINT: the same record.
//
// The first C2 is meter.Hired, the first C1 that is new is the end of the trip. A B4 ends
// nothing by itself, since PRINT can be pressed at any time, but vouches for the C1 after it. There
// is no stop, no query, no extras, no tolls and no tax: Record.Supplements and Record.Tax
// are zero, and the amount is known only when the trip is closed.
//
// Record.Key is made of the meter's serial number and the times of boarding and leaving.
// The receipt number is left out, because nothing public says when it is counted up: a
// trip that is printed twice must not become two.
//
// # Trust
//
// There is no checksum. In its place:
//
//   - No frame is believed that contradicts the one before it: same serial number, the
//     meter's clock as far on as this computer's, counters that do not run backwards. When
//     the line opens for the first time, or something does not fit, two frames that agree
//     with each other are needed.
//   - An increase of the running fare is told when the next frame has it too.
//   - A record ends its trip at once only if all of it fits: the fare stands in it twice and
//     is also the last running fare; leaving less boarding is the travel time to the
//     second; boarding is when this trip began. Otherwise the next record must say the same,
//     which takes one more second.
//   - A record that is repeated and still contradicts itself, or is below a fare that was
//     seen running, or that never gets a second one like it, has meter.DoubtSum. One whose
//     boarding is not that of the trip under way, or not known because this program was
//     started anew meanwhile, has meter.DoubtGap.
//   - A record of a trip that was not seen running has meter.DoubtStale. One that
//     was there when the line first opened is logged, and told only if the trip ended within
//     the last two minutes.
//
// A line that is down, and three seconds without a byte while Hired, are a gap: the trip
// goes on afterwards if its start is the same, and is ended without a record if not. A meter
// that repeats an old record while Hired has lost its trip.
//
// Frames of another meter than serial, or than the first that was heard, are refused and
// told as meter.HealthAlarm: the cable may lead to another car's meter. Frames that go on
// contradicting each other are meter.HealthDegraded.
//
// Silence while For Hire is normal, since a meter that was just switched on says nothing
// until a key is pressed. A cable that is broken then is noticed only when no trip comes.
//
// The maker says Unix time and does not say of which zone. The record's times are translated
// with zone; a difference of half an hour or more from this computer's clock is logged.
//
// # What is never kept
//
// The driver's id in a record, which may be a person's licence number, is overwritten in
// the decoder's buffer. MaskTrace does that to a raw trace, and overwrites letters and digits
// outside frames too.
//
// Simulator is a meter that speaks all of this from the other side.
package gwp5043
