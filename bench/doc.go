// Command bench measures what the design promises in numbers and prints it as one
// table, with the goal beside each figure and the peers beside the outbox. "make
// bench" runs it. It is a module of its own, so that the peers are nothing the product
// depends on.
//
// # The contest
//
// The outbox, three job queues that keep their jobs in SQLite too (goqite, backlite,
// river) and a bare file do the same: a command of 400 bytes is enqueued, handed to a
// handler and recorded as done, each on the disk before it counts. All have a file of
// their own in one folder, the same SQLite (mattn/go-sqlite3), the same settings
// (WAL, synchronous=FULL, read back) and one connection. They take turns of 25
// commands, and a figure is compared with the other's of the same round; the table has
// the median of those ratios, because the disk is shared and its speed drifts.
//
// Each peer is run in the way that is fastest for it, and without its polling, which
// would be most of what is measured:
//
//   - goqite is called directly (Send, Receive, Delete) by the one who waits. Its
//     runner, which hands messages to a handler and polls, is a line of its own.
//   - backlite tells its dispatcher of a new task by itself. That a task is done it
//     tells nobody, so the commit that deletes it is watched.
//   - river tells its workers of a new job at once when it takes its database for one
//     that cannot notify, so it is told that; jobs are completed by JobCompleteTx,
//     because its own completer waits to gather many. Its housekeeping is off.
//
// The outbox does more than they do: it journals the event before the command and the
// one after it, chained by hash, and keeps what is done. They delete it (river marks
// it). The floor is an append of the same bytes, flushed, for each of the two.
//
// Flushes are counted: this program has fsync and fdatasync of its own in front of
// those of the C library.
//
// # The rest
//
// Everything else is measured by benchmarks that lie with the code. They are run by
// "go test -bench"; their output is shown as it is and read for the table.
package main
