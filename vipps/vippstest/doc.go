// Package vippstest is the Vipps MobilePay API in memory: the access token, ePayment,
// Userinfo, Order Management and QR endpoints with their headers, limits, error codes
// and idempotency, passengers with an app, a plan of faults, and a ledger to look into
// afterwards.
//
// It is written from the published specification and shares no code with package
// vipps, so that a mistake of one is not repeated by the other.
//
// A [Sim] is an http.Handler. It is reached in three ways:
//
//   - [Sim.Listen] serves it on a TCP port, for other processes and for tests that
//     need real connections;
//   - [Sim.Transport] is an http.RoundTripper without any network. Inside a
//     testing/synctest bubble a day of polling then takes no time;
//   - [Sim.Admin] is a second handler, under /_sim/, by which other processes set
//     faults, play the passenger and read the ledger; [Remote] is its client.
//
// # Time
//
// The simulator's clock is the process's own plus what [Sim.Advance] has added.
// Tokens, payments, planned approvals and rate limits run on it. Delays of a fault
// do not: they are waited for.
//
// # People
//
// Whoever scans a code is [Options].Passenger, or [Sim.SetPassenger]; a push message
// goes to the person with that number ([Sim.Pushed]). A payment with a profile scope
// asks before it can be paid ([Bill].Asks): Approve says yes to both, RefuseSharing
// aborts the payment. Who has said yes is not asked again until [Sim.WithdrawConsent].
//
// # Codes on paper
//
// [Sim.Follow] is a phone that scans a printed code; [Sim.Codes] lists them all, the
// dead ones included. Their pictures are real codes, behind links that live for an
// hour on this very server.
//
// # Webhooks
//
// Who has registered by the Webhooks API is posted every event, signed, and again
// until it answers with 2xx: per payment in order, the first one holding back those
// behind it. [Sim.CheckIn] is a scan of a callback code, which is told in no other
// way. With a registration the simulator has a goroutine of its own, until Close:
// events then happen when they are due and not when somebody looks. Retries run on
// the simulator's clock; [Options].WebhookRetry makes them quicker.
//
// # Faults
//
// A [Fault] waits for calls that fit it and spoils them: the request is lost before
// it is seen, or the answer after it has had its effect, or something else answers.
// Whether the call had its effect is always certain here, and the ledger says so:
// [Payment.Calls] counts what arrived and what was executed apart.
//
// What the real API does not document is decided here in one way and marked in the
// code: the answer to a repeated key is the original one with its original status;
// keys are remembered for ever and separately for each operation; userinfo that is
// not there yet is 404, and 403 when its time is over; a registration too many is 409.
package vippstest
