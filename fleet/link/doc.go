// Package link is what a car and the fleet gateway say to each other, and the two
// ends of it: [Car] and [Uplink] in the car, [Serve] and [Push] at the gateway. It
// runs over NATS, so that one connection, which the car opens, carries everything.
//
// # Subjects
//
// A terminal is named by the public key that it signs with, an nkey ("U..."). It may
// publish to its own subjects and hear its own hints and answers, nothing else:
//
//	car.<terminal>.pay       request: one call of the payment API      Pay -> Outcome
//	car.<terminal>.hello     request: settings, what the gateway has   Hello -> Welcome
//	car.<terminal>.journal   one row of the car's journal              Row, into the stream JOURNALS
//	car.<terminal>.hint      from the gateway: look at this payment    Hint
//	_INBOX_<terminal>.>      where answers go
//
// Messages are JSON with a version, "v": 1. Members that a program does not know are
// ignored, so a gateway and its cars need not be updated on the same day.
//
// # Payments
//
// Car has the methods of a direct client and the same four outcomes ([vipps.Kind]).
// Keys and bodies are carried byte for byte. The line between Retry and Unknown runs
// here as there: as long as a request has certainly not been handed to the network,
// or nobody was there to take it, it is Retry. Once it was written, only an answer
// tells; an end of the connection before that is Unknown, at once and not after a
// timeout. Nothing is kept back to be sent when the connection returns: a request
// that was given up must not arrive later.
//
// Reads have no effect and are never Unknown.
//
// # The journal
//
// Uplink copies the car's journal to the gateway, in order, and never keeps the car
// waiting. The gateway says what it has (Hello), the car sends what follows, also
// after weeks. Every row carries the hash that ties it to all rows before it, so that
// nobody on the way or at the gateway can leave one out or change one.
//
// Rows are sent as they are: a row with something blanked would not fit its hash. A
// row may hold the link of a payment that can still be scanned, so the link is
// encrypted (TLS, enforced by Dial but for the same machine) and the gateway encrypts
// what it stores. Names and phone numbers are not in a journal, see package outbox.
//
// # What is never shown
//
// Messages print their operation and reference and nothing of bodies, people, links
// and tokens, whatever the verb.
package link
