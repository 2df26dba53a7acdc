// Package registry is what the operator has: merchants, cars, the onboard computers
// in them, and who may change any of it. It lives in buckets of the hub.
//
//	merchant ──< vehicle ──0..1 terminal
//	                │
//	                └── page code: what the passenger's phone opens
//
// A car has at most one terminal at a time, and the car says which (Vehicle.Terminal).
// A terminal is let in if it is not revoked and its car still names it, so that there
// is one place where two computers that want to be the same car meet, and only one
// wins. A revoked terminal never comes back: its computer makes itself a new key.
//
// # Changes
//
// Every change compares the revision that it read with the one that it replaces; who
// lost looks again at what is there now. Nothing changes without being on the record:
// the entry is written first, and another one says so if the change then failed.
//
// # Secrets
//
// There are none here. The keys of merchants stay in the gateway's credentials.
// Enrolment tokens and the tokens of administrators, 128 random bits or more, are kept
// as their SHA-256 and seen by nobody after they were made. The public keys of
// terminals and the page codes, which stand on stickers, are not secret.
package registry
