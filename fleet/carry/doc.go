// Package carry is how the gateway is paid a fare that a passenger's phone has carried
// to it, because the car has no network: it makes the payment that a claim names, once,
// under the reference and key that the car itself would use, and captures it when it is
// approved.
//
//	claim ── Read ──> Fare ── Press ──> payment ── Run ──> captured, or over
//	car's own request of the same reference ── Own ──> no phone makes it any more
//
// What must last is one record a reference, see [Records]. It is written before the
// payment is made, so whoever dies in between, another process carries it on. That two
// carry the same payment is harmless: they use the same key.
//
// It decides about no money but the claim's own: what a car has come to think of the
// trip meanwhile, the car sets right when it hears of the payment.
package carry
