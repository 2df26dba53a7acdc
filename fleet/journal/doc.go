// Package journal is the gateway's copy of what happened in the cars.
//
// Cars send the rows of their journals into one stream, see fleet/link. This package
// reads the stream from its start, puts the rows of each journal (terminal and file)
// in order, verifies that each follows from those before it, and folds them into
// trips with the very functions that the car uses. So the office sees what the car
// saw, and can prove it.
//
// # What can be wrong with a copy
//
// A row that comes before its turn waits, for as many as a car sends at once; a row
// that comes twice counts once. A row whose hash does not follow from the rows before
// it breaks the journal: somebody has changed the car's file, or put an older one
// back. What came before stands, what comes after does not count, and a person must
// look. Broken, missing and unreadable are counted in File and told to Config.Alarm.
//
// A car is believed about itself only: its rows are those that came over its own
// subject, and a trip that calls itself another vehicle's than Config.Bound says is
// shown with a problem and counts in no total.
//
// # Memory
//
// Everything is in memory and built anew at every start; the stream is the truth.
// A trip that is closed keeps some hundred bytes, and where its rows are in the
// stream: a refund after months reads them again. Trips that the gateway has known
// for longer than Config.Keep are forgotten here (not in the stream), and then such a
// refund is not seen any more.
//
// # Time
//
// A car's clock may be wrong. A trip is filed under the car's time if that can be
// true, and otherwise under the time at which the gateway had its first row; Trip.Guessed
// says so.
package journal
