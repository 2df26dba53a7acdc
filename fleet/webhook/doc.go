// Package webhook hears from the payment API what has happened, so that a car knows
// of an approval in milliseconds instead of at its next look.
//
//	API ──POST──> Receiver ── Verify ──> Store.Put ──> 200
//	                                        └──> Hint: the car reads the payment
//
// A webhook is a hint and never a fact: whoever gets one reads the payment. That is
// why everything here can be lost, late, doubled or out of order without harm; cars
// poll all the same.
//
// # What is verified
//
// [Verify] checks the signature over the bytes as they came, the registered address
// (not the one that a proxy made of it) and the date. The key is the secret's text
// as it was given, also where that looks like base64. The date is authentic then,
// and the distance to this machine's clock is reported; the [Config].Window is wide,
// because a replay does nothing that a duplicate would not.
//
// # What is stored
//
// An [Event] is what a webhook said without what it said of people: names, numbers
// and the identifiers of customers are not stored, and not the token of a check-in,
// which is passed on once and lives for 15 minutes. A digest of the body stays.
//
// The store knows duplicates by [Event.MsgID] for as long as its window is (the
// stream's: a day); the API repeats for a week, so what is stored may be there twice.
// A payment's hint is given again for a duplicate, because the first one may have
// died between the store and the hint. A check-in is hinted at once at most: the
// passenger scans again.
//
// Whatever is signed well is answered with 200, also when nobody here understands it
// or knows its reference: a refusal would hold back everything behind it for a week.
//
// # Registrations
//
// The API ends a registration that nobody answered for two weeks and says so to
// nobody. A [Keeper] looks regularly and makes again what is missing, never touching
// what other systems have registered for the same sales unit. It cannot be changed
// in place: the new one is made, found in the list at the next look, and only then
// the old one is deleted. In between events come twice. Of check-ins there can be
// one registration in a sales unit, so there the old one goes first.
//
// Two gateways may run a Keeper each. At worst one takes the other's new
// registration for a lost one; the next look puts that right, and until then the
// cars poll.
package webhook
