// Package soak plays lives of a taxi in virtual time and proves after every step that
// no fare is lost and nobody is charged twice. It has tests only.
//
// A life is one car from a new file to its last trip: the real terminal, trip machine
// and outbox on a real SQLite file, the real client, the simulated API, and around
// them a meter, a passenger and a driver who do anything at any time, a network that
// fails, an API that spoils calls, and power cuts. Two lives in five are those of a car
// in a fleet, with the gateway's real relay and carrier, which are killed, the messages of
// the link, the car's page, and phones that carry claims; only NATS is not the real one.
// It runs in a testing/synctest bubble, so that hours of waiting take no time.
//
// # One thing at a time
//
// Every effect of the car stops at a gate: a commit that is on the disk and that
// nothing has followed yet, a request that is about to leave, an answer that is about
// to arrive. When everything stands still, the life either lets one of them go on, or
// lets somebody in the world do something first, or pulls the plug: memory is dropped,
// and the file as it is on the disk at that moment is opened by another process. The
// choices come from one random source, so a life is its seed: the same seed replays it
// step by step, and a failure prints it.
//
// # What is proved
//
// auditor follows the journal row by row and compares it with the API's own ledger;
// wire looks at every request that leaves the car; screen looks at every picture. Each
// names the rule that it found broken (see package trip for the ten). At the end of a
// life the faults stop: every trip must end, the queue must run empty, and ledger,
// journal and screens must say the same of every amount.
package soak
