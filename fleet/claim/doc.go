// Package claim is how a car without a network is paid: the fare as a short signed
// text that the passenger's phone carries to the gateway, and the six digits that
// the phone brings back. It is pure: no I/O, no clock, no store. Car and gateway
// share it.
//
// # The way of a claim
//
//	car      Claim ── Sign ──> text ──> QR code on the screen: https://HOST/p/TEXT
//	phone    opens the address
//	gateway  Parse ──> Unverified ── Verify(Terminal) ──> Claim ── Policy.Check ──> pay
//	phone    shows Code(secret, reference, amount, Paid)
//	car      Secret.Read(reference, amount, digits typed by the driver) ──> Paid
//
// A text that was only parsed gives away nothing but whose key to look up; what it
// claims comes out of Verify alone, so nobody can act on it unverified by mistake.
//
// # The bytes
//
// Everything is written in exactly one way, and whatever is not in that way is
// refused: numbers as shortest varints, texts with their length in front, nothing
// after the end, base64url without padding and with its spare bits zero.
//
//	 1  version, 1
//	 8  key id: the start of SHA-256 over a domain and the terminal's public key
//	 n  vehicle, 1 to 16 letters and digits
//	 n  file, 1 to 8 letters and digits
//	 v  trip number     v  attempt      these four are the payment's reference
//	 v  amount in minor units
//	 1  currency
//	 v  serial
//	 v  issued: seconds since the epoch below and one more, 0 for unknown
//	64  Ed25519 signature over a domain and all of the above
//
// That is 96 bytes for an ordinary fare and never more than MaxBytes, so that the
// address of a host of up to MaxHost characters fits a QR symbol of version 10 with
// 15 % error correction (level M), which is read from a screen at arm's length.
//
// There is no random nonce: a reference and a serial are never used twice, and
// nobody without the key can guess the signature, which is what keeps the address
// from being found by trying.
//
// The domain begins with a byte that no text has (0xFF). The terminal signs with
// the same key the nonce by which it logs in, which is a text of the server's
// choice: whoever plays the server cannot have a claim signed in its place.
//
// # When a claim is over
//
// A car's clock may be anything, so a claim has no date of expiry of its own. It is
// over by what the gateway knows, see [Policy]:
//
//   - some time after somebody first opened it. That clock is the gateway's.
//   - some time after the car's next fare was first opened. The order of a car's
//     claims is their Serial, the car's position in its journal when it made the
//     claim, which counts up within a file and needs no clock.
//   - when it is a day old, if it says when it was made. The car says so only while
//     its clock has been confirmed by a server; a time in the gateway's future is
//     taken as none.
//
// None of this guards money: a claim is the true fare of one trip, can be paid once
// (its reference is the payment's), and one that was settled otherwise meanwhile is
// released when the car hears of it. It guards against confusion by old pictures.
//
// # The six digits
//
// Code is an HMAC over the reference, the amount and the outcome with a secret that
// terminal and gateway agreed upon at enrolment. A guess is right with a chance of
// one in a million; a [Guard] makes guesses slow and few, so that the chance for a
// fare stays below MaxGuesses in a million.
package claim
