// Package terminal is where the meter, the trip, the outbox, the payments and the
// display meet.
//
// One goroutine owns the trips: everything that happens (what the meter says, what
// the driver presses, what the API answers, what a timer ends) is a function that
// runs on it. It applies an event to a trip with trip.Step, commits the event and
// the commands that it causes in one transaction of the outbox, and only then shows
// or sends anything.
//
//	meter, driver, timers ──> loop ──> trip.Step ──> outbox.Commit ──> display
//	                           ^                          │
//	                           └── outcome as an event <──┴─ delivery, watchers ─> payments
//
// Deliveries and watchers run beside it and talk to the payment API. They change
// nothing themselves: an outcome comes back as an event through the loop and is
// committed together with the end of the command that it answers.
//
// There is one current trip at most, the one that the meter is on. Trips that the
// meter has left but that still have something open (a capture that waits for the
// network, a request that is being withdrawn) go on in the background; each is a
// stream of its own, so none holds up another.
//
// The terminal starts without network, meter or merchant keys, and says on the
// screen which is missing. When the outbox cannot be written, the events of the
// meter are kept in memory in their order and tried again, nothing is shown as due,
// and the screen says so.
package terminal
