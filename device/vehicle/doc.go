// Package vehicle is what belongs to one car for as long as it drives: the QR code
// that is printed and stuck inside it, and how far its clock can be believed.
//
// # The car's code
//
// A merchant redirect code is a short link at the payment API, drawn as a QR
// symbol, that leads whoever scans it to an address of the operator's. The symbol
// stays the same for ever; where it leads can be changed at any time. It can be
// killed, and then the paper in the car is waste.
//
// Step is a pure state machine in the manner of package trip: it takes a Code, the
// time and an Event and gives the next Code and the Commands to carry out. It does
// no I/O and never fails; an event without meaning is ignored. The Code is the fold
// of its events, so a journal of them is all that needs to survive a crash. Events
// and the commands that they cause are committed together, commands are delivered
// at least once and one after the other, and a try whose outcome is unknown looks
// at the API before it sends anything.
//
//	          ┌──> refused (somebody else's, or not allowed: Problem says)
//	none ──> making ──> live ──> vanished (the API does not know it any more)
//	          │          │  ^
//	          │          └──┘ retarget, fetch the picture
//	          └──────────┴──> destroying ──> destroyed
//
// An event first changes the facts that it is about; conclude then derives from the
// facts alone the one command that is to be carried out next. At most one command is
// open, and every answer carries its number, so that an answer that comes twice or
// late changes nothing.
//
// # The rules
//
//  1. A code is destroyed only when a person asked for it and named it.
//  2. An id that was destroyed, or vanished, is never created again: the API does
//     not bring the printed code back, even where it takes the id.
//  3. In the end the code leads where it was last asked to lead, whatever was lost
//     on the way. A new address needs no new print.
//  4. A code that existed before is taken over only if it is this car's: by its
//     name, because it already leads to the wanted address, or because a person
//     said so. The sticker of another car is neither bent nor destroyed.
//  5. Every command has a key of its own, derived and never used again.
//
// # The sticker
//
// Package sticker draws the print-ready page from the text of the code. The text is
// what the symbol's modules encode; the picture is the API's own artwork of it and
// is what screens show.
//
// # The clock
//
// Clock counts on from what servers say, so that records have a time that can be
// believed although the car's own clock may stand at 1970. No decision depends on it.
package vehicle
