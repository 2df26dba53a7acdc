// Package enrol decides who is a terminal: it takes computers in with one-time tokens,
// lets terminals connect, holds each to its own subjects, and cuts off those that are
// revoked.
//
// # Taking in
//
// Handler serves POST /enrol, see package ticket. A token works once: the registry
// compares revisions, so of two computers that bring the same token at the same time
// one gets in. The same computer may ask again, for when the answer was lost.
//
// # Letting in
//
// A terminal connects to NATS with its nkey: the server sends a nonce, the terminal
// signs it, so nothing depends on anybody's clock and there is no secret to steal on
// the wire. The server does not know terminals; it asks the gateway (auth callout),
// which checks the signature, looks the terminal up and answers with its permissions:
//
//	publish    car.<terminal>.pay, car.<terminal>.journal, car.<terminal>.hello
//	subscribe  car.<terminal>.hint, _INBOX_<terminal>.>
//
// and nothing else: no wildcard that reaches further, no JetStream API, no other inbox.
// The servers ask any one of the gateways that are up.
//
// # Cutting off
//
// Revoke marks the terminal and cuts its connections at once, on whatever server they
// are. A connection that was just being let in by another gateway may have slipped
// through: therefore whenever a terminal or a car changed, whoever changed it, every
// gateway compares all connections with the registry, at once and again after the
// time that the servers give to a callout; and every minute besides.
package enrol
