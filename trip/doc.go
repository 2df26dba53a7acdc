// Package trip is the pure state machine of one taxi trip and its payments.
//
// Step takes a State, the time and an Event and gives the next State and the
// Commands that must be carried out. It does no I/O, reads no clock, and never
// fails: an event that means nothing in a state is ignored, which shows as an
// unchanged State. The State is the fold of the events, so a journal of events is
// all that needs to survive a crash. Everything that decides about money is here.
//
// A trip goes through phases:
//
//	vacant ──Begun──> hired ──Stopped──> due ──> settled (paid | otherwise | void)
//	                    ^                 │            │
//	                    └────Resumed──────┴────────────┘     parked: a person must look
//
// and has attempts, each one payment at the API with a reference of its own:
//
//	requested ─> created ─> authorized ─> captured
//	    │           │            └──────> released
//	    │           ├─> aborted | expired | terminated
//	    ├─> rejected | voided
//	    └───────────┴─> releasing (a cancel is undecided) ─> terminated | authorized | ...
//
// # How Step works
//
// An event first changes only the facts that it is about (what the meter said,
// what the driver wants, what the API reported). Then one function, decide, looks
// at the facts alone and concludes: which phase follows, which live request is no
// longer wanted, what must be captured, released or asked. Because the conclusion
// does not depend on which event came last, outcomes may arrive in any order.
//
// # The rules
//
//  1. Only an amount that the meter gave at Stopped or at the end of the trip is
//     requested. Asked = total + tip − what is authorized, captured or settled by
//     other means.
//  2. At most one attempt is live (requested, created or releasing). The next one
//     starts when the last is known to be final.
//  3. captured <= authorized <= asked.
//  4. One idempotency key per (reference, operation, n), derived from them.
//  5. A command about money is never dropped. Only a create that nobody needs any
//     more is voided, and that is an event on the record.
//  6. An outcome is unknown until the API says otherwise; the events here carry
//     only what it said.
//  7. Settled as paid only when the API's captured amount covers what is owed.
//  8. A reservation survives Resumed; a lower total captures a part and cancels the
//     rest; an approval that comes after the trip was settled otherwise is released.
//  9. The driver's cancel never undoes an approval: whoever was first counts.
//  10. A trip that the meter lost, or an amount that is in doubt, charges nobody.
package trip
