// Package vippstest is the Vipps MobilePay API in memory: the access token and
// ePayment endpoints with their headers, limits, error codes and idempotency, a
// passenger with an app, a plan of faults, and a ledger to look into afterwards.
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
// # Faults
//
// A [Fault] waits for calls that fit it and spoils them: the request is lost before
// it is seen, or the answer after it has had its effect, or something else answers.
// Whether the call had its effect is always certain here, and the ledger says so:
// [Payment.Calls] counts what arrived and what was executed apart.
//
// What the real API does not document is decided here in one way and marked in the
// code: the answer to a repeated key is the original one with its original status;
// keys are remembered for ever and separately for each operation.
package vippstest
