// Package capture reads the fare of any taximeter that prints text receipts, off the
// wire to its printer. Most meters of the Nordic market have no public protocol; all of
// them have a printer.
//
//	[meter]
//	driver = "capture"
//	port = "/dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0"
//	line = "9600 8N1"        # what the printer is set to
//	profile = "no-48"        # no-24, no-32, no-48, se-42, dk-42, fi-32 or lines
//	mode = "tap"             # tap, printer, tee or lines
//
// A profile is a file of defaults for one layout of receipts (see profiles); every key
// below changes it, and without a profile all that are needed must be there. A profile
// fits one model and one version of its software: print a receipt, and compare.
//
// # Wiring
//
// tap listens on the line from meter to printer: receive and ground only, never two
// transmitters together. It sends nothing and the printer goes on working without the
// terminal, so prefer it. printer is for a car without one: the terminal takes its place
// and answers the status requests without which a meter may refuse to print. tee
// stands between meter and printer, reads along, and passes bytes on both ways
// unchanged (printer = the second port); without power in the terminal nothing prints.
// lines listens to a data port that sends text lines, or frames of STX and ETX.
//
// Use an isolated adapter. Many printer ports are not RS-232 but TTL or open
// collector: the wrong level is garbage at best.
//
// # Keys
//
//	dialect = "escpos"       # or "plain": no printer commands
//	charset = "cp865"        # cp437 cp850 cp852 cp858 cp865 cp1252 iso8859-1 iso8859-15
//	                         # utf-8 gbk big5 ascii-no ascii-se ascii-fi ascii-dk ascii-de;
//	                         # "auto", the default, follows ESC t and ESC R
//	job_end = ["cut", "idle:1500ms"]   # also ff, etx, line, init (ESC @), feed:N, text:PATTERN
//	money = { currency = "NOK", decimal = ",", thousands = " .", implied = 0 }
//	zone = "Europe/Oslo"     # of the meter's clock; default: the computer's
//	date_layouts = ["02.01.2006 15:04"]  # as Go writes 2 January 2006, 15:04
//	printer_id = 32          # mode printer: the answer to GS I
//	printer, printer_line    # mode tee: the real printer's port
//	[[meter.classify]]       # the first rule that matches says what a print is:
//	kind = "copy"            # receipt part_receipt copy void shift_report card_slip other
//	match = '(?m)^\s*KOPI\b'
//	[meter.fields]           # receipt trip vehicle tariff date start finish km
//	total = { re = '(?m)^SUM\s+(?P<v>[\d ]+,\d\d)$', required = true, policy = "same" }
//	                         # fare extras tolls discount tax vat total
//	[meter.checks]
//	sum = ["fare", "tolls", "extras", "=", "total"]  # -discount subtracts
//	tolerance = "0,00"       # where totals are rounded
//	vat_percent = "12"       # of the tax that the receipt says is contained
//	min_total = "1,00"
//	max_total = "20000,00"
//	clock = "1h"             # by how much a receipt's time may differ; "0s": no check
//
// A field's pattern has a group v. With several hits, policy "same" (the default)
// wants them equal, "first" and "last" choose, "sum" adds up amounts. An empty pattern
// takes a profile's rule away. tax comes on top of the fare, vat is contained in it.
//
// # What it tells
//
// Nothing is known before a receipt is printed: no positions, no running fare. A
// receipt is told as PositionChanged to Stopped with Resync, its record, which is
// final, and ForHire, at once one after the other: the time to approve is the
// terminal's grace after For Hire, which should be some minutes with this driver.
// Copies, shift reports, card slips and cancelled trips are no trips, but a copy of a
// receipt that could not be read is told, with a doubt.
//
// # Trust
//
// There is no checksum, so the receipt must agree with itself. A record whose parts do
// not make the total, whose tax does not fit, or which is out of bounds has
// meter.DoubtSum. One that was not printed within clock of now, or has the number of
// another with a different amount, or a time that another covers, has meter.DoubtStale. A
// receipt printed twice is told once. A receipt on which a required field is missing, or which says two things
// at once, or which is a picture, is no record: it is told as meter.HealthDegraded
// with the name of the field, until one can be read. An amount is never guessed.
//
// Record.Key is made of vehicle, trip or receipt number, and start.
//
// # What is never sent and never kept
//
// All that goes out passes one guard: nothing in tap and lines, answers to DLE EOT,
// GS r, GS a, GS I and ESC v in printer, the real printer's bytes in tee. The text of a
// receipt is never logged, and overwritten once its fields are read; MaskTrace hides
// long numbers, and lines about people, in a raw trace.
//
// # Sources
//
// Command lengths, status requests and code pages are those of the Epson ESC/POS
// command set; other makers differ in places, which shows as unknown commands in the log.
// What receipts must say: FOR-2009-10-01-1226 and bokføringsforskriften in Norway,
// TSFS 2013:41 in Sweden, taxiloven § 20 in Denmark, Traficom's rules in Finland. The
// layouts of the profiles are examples of our own making.
//
// Learn looks at the bytes of a print and proposes a configuration; Simulator is a
// meter with a printer.
package capture
