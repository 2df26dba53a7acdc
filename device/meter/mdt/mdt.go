// Package mdt speaks the protocol between taximeter and mobile data terminal that
// Pulsar 2030R and 2040R, Centrodyne Silent 610, 620 and S700 and their relatives
// have in common, over RS-232 or a Bluetooth serial bridge. No vendor publishes it
// in full. What this package knows is what independent public clients agree on;
// speed, timers and what a given firmware supports must be tried on the meter.
//
//	[meter]
//	driver = "mdt"
//	port = "/dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0"
//	line = "9600 8N1"        # or what the meter's set-up menu says; always 8 bits
//	profile = "pulsar"       # pulsar, centrodyne, fare_at_vacant or tap
//
// A profile is a set of defaults; single keys change it:
//
//	running_fare = true      # Pulsar: let the meter report the fare while hired
//	poll = "30s"             # how often the meter is asked for its status; "0s": never
//	trip_query = "stop"      # ask for the trip data at "stop", at "vacant" only, or "never"
//	net_total = "sum"        # "sum": total must equal fare + tax + extras; "any": no check
//	distance_unit = "km"     # "km" or "mile": what the meter counts in
//
// # Profiles
//
// pulsar asks for the trip data when the time goes off, and again at vacant if there
// was no answer. centrodyne does too, and takes the amounts that these meters send
// along with the key press at once. fare_at_vacant is for meters and bridges that
// know no fare before the trip is closed. tap listens on the meter's wire while
// another terminal talks to it, and sends nothing at all.
//
// # Dialogue
//
// The meter tells every key press (frame 41) and repeats it until it is acknowledged
// (5A). The driver acknowledges every frame whose check byte is right and whose
// content it understands. It asks for the status (49) when the line opens and every
// poll, for the trip data (44), and, if running_fare is set, for running fares (67).
// Whatever is not acknowledged within a second is sent again, twice; an answer may
// take two seconds. A meter that answers 59 is not asked for that again until the
// line opens anew. A meter that is busy (4C) is left alone for a while.
//
// A trip record is told to the sink before the meter gets its acknowledgement, so
// that a meter which repeats what nobody acknowledged does so after a crash.
//
// # What is never sent
//
// Everything that goes out passes one guard, which knows the few frames that a
// profile needs and refuses all others: no lock and unlock, no fare, tariff, extras,
// clock or odometer, no clearing, no printing.
//
// # What is never kept
//
// Card and PIN frames (43, 44, 56, 74) are overwritten in the decoder's buffer, and
// MaskTrace does the same for a raw trace.
//
// # Trust
//
// The check byte is an XOR: two flips of the same bit position escape it. A record
// whose total is not the sum of its parts is therefore asked for once more, and told
// with meter.DoubtSum if that does not help. A record that may belong to another
// trip, because the line was down, has meter.DoubtGap; one that nobody waited for,
// meter.DoubtStale. The protocol has no trip number, so Record.Key is empty, and it
// has no clock, so Start and Finish are zero.
//
// Simulator is a meter that speaks all of this from the other side.
package mdt
