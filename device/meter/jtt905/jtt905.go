// Package jtt905 speaks the serial protocol between taximeter and taxi terminal (ISU)
// of the Chinese standard JT/T 905.2-2014, over RS-232. What this package knows is what
// public implementations of the standard agree on; where only one of them says so, or
// none, the comment at the place says that too.
//
//	[meter]
//	driver = "jtt905"
//	port = "/dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0"
//	line = "9600 8N1"        # the standard's start; some meters use 115200
//	role = "listen"          # or "isu"
//
// Further keys, with their defaults:
//
//	surcharge = "included"   # "included" in the meter's amount, or "added" to it
//	zone = "+08:00"          # of the meter's clock; China has no summer time
//	liveness = "120s"        # without a byte for so long, the meter is silent; "0s": never
//
// and for role "isu" only:
//
//	plate = "AB1234"         # 6 characters, without the province
//	certificate = "..."      # the driver's, up to 18 characters; required
//	licence = "..."          # the operator's, up to 16 characters; may be left out
//	poll = "60s"             # how often the meter is asked for its status; "0s": never
//	heartbeat_answer = "10"  # bytes of it: "10", or "9" for meters that want the short form
//
// Whether the meter's amount includes the surcharge is not known for meters in general:
// compare one receipt that has a surcharge before the first day.
//
// # Roles
//
// listen is a tap on the wire from the meter, beside the terminal that the meter
// works with. It sends nothing at all.
//
// isu is that terminal. The meter may refuse to run when it gets no answers, so this
// role needs the approval that such a terminal needs. The driver answers signing in and
// out (E0, E3), start and end of a trip (E7, E8), heartbeats (E9), shift totals (E4), and
// what the meter sends again later (F1, F2). It asks for the status (0000) when the line
// opens and every poll, and for a single trip (0006) when the meter is vacant again and
// the trip's record did not come.
//
// A trip is acknowledged only when the terminal has it on disk (TripRecord.Committed),
// and within two seconds of the frame, since an acknowledgement does not say which trip
// it is for. Otherwise the driver stays silent; the meter keeps the record and sends it
// again as F2. The start of a trip is acknowledged at once. Shift totals are written to
// the log, which is all that is kept of them, and acknowledged. A record whose digits make
// no sense is answered with FF.
//
// # What the meter tells
//
// The start of a trip, its end with the amount, and whether it is hired in every
// heartbeat. There is no fare before the end: no running fare, no Stopped, so the
// passenger pays when the meter is vacant again. Amounts are in steps of 0.10.
//
// # Which trip a record belongs to
//
// A record has the meter's plate, a running trip number and the minute of boarding,
// which together are Record.Key: whatever comes twice is told once. What the journal has
// is known after a restart, too, and is acknowledged.
//
// A record closes the open trip if its minute of boarding is that of the trip's E7. It has
// meter.DoubtGap if that is no proof: after a silence of more than 30 s; if it says that
// the trip took longer than it has been open, as that of a meter that had to wait for the
// terminal and now sends what is over, E7 included; as F2 within a minute of the E7; and
// if it ended in the minute in which the open trip began, and may be the one before.
//
// If the E7 was not heard, or only by the process before, the number must be the one after
// the record that closed the trip before. Otherwise an E8 closes the trip with
// meter.DoubtGap, and so does an F2, but not before a heartbeat says that the meter is
// vacant.
//
// All others are of trips that are over, as meters send them for days, and have
// meter.DoubtStale. So has a record with a lower number and no later boarding than one
// that was told before the trip began.
//
// The check byte is an XOR: two flips of the same bit position escape it, and a record
// has no sum to check. Every digit, date and length is checked instead; an amount that is
// less than the surcharge in it has meter.DoubtSum, and a trip that the passenger paid the
// meter with a card has meter.DoubtPaid.
//
// # What is never sent
//
// Everything that goes out passes one guard, which knows the few frames that the role
// needs and refuses all others: no tariff, no firmware, no clock. The limits that answers
// must carry are the widest: the year 2099, and 99 trips from each heartbeat. Note that
// the standard puts the time into the status request and the sign-in answer; a meter may
// compare its clock with it.
//
// # What is never kept
//
// The driver's certificate, which is an identity card number, data of payment cards
// behind a trip record, and the content of every command that this package does not
// know are overwritten in the decoder's buffer, and MaskTrace does the same for a raw
// trace.
//
// Simulator is a meter that speaks all of this from the other side.
package jtt905
