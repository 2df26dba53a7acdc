// Package outbox keeps what a device must not lose: a journal of what happened and
// a queue of commands that must be carried out, in one SQLite file. It knows
// nothing about what the events and commands mean.
//
// # Commit
//
// An event and the commands that it causes are written in one transaction and
// flushed to the disk once, before anything is shown or sent:
//
//	store.Commit(ctx, func(tx *outbox.Tx) error {
//		stream, err := tx.Begin()
//		err = tx.Append(stream, "trip_begun", body)
//		err = tx.Enqueue(stream, outbox.Command{Kind: "create", Key: key, Body: request})
//		return err
//	})
//
// # Streams
//
// Every event and command belongs to a stream, a number that counts up and is never
// used twice; stream 0 is there from the start for what belongs to no other. Commands of
// one stream are carried out one after the other, in order; those of different streams
// side by side, so one that does not get through never holds up another stream. A stream
// is open until Tx.SetOpen closes it, and the open ones are what a program reads after a
// restart.
//
// # Delivery
//
// Within a stream a command may have a lane of its own: what can wait for days (a
// name to be fetched, a receipt to be posted) must not hold up what cannot. Commands
// wait for each other within a lane only.
//
// Run hands the head of each lane to a Handler. The outcome of a delivery is
// recorded by the handler itself, in a Commit of its own together with the event
// that it means: Tx.Finish. So a delivered command costs two flushes. Until then the
// command stays at the head and comes again, after a pause that grows and that Wake
// cuts short when the network is back. It never gives up.
//
// A claim lives in memory only, because one process owns the file (a lock sees to
// that). Everything that is pending when the file is opened may have been sent by
// the process that died: those deliveries, and those that follow an unclear try,
// are marked Uncertain, and the handler must find out before it acts.
//
// A person can park a command (Tx.Park): it then blocks its lane, and is counted,
// until Tx.Unpark or Tx.Finish.
//
// # What can be forgotten
//
// A journal that is chained cannot forget. What must be forgettable is therefore not
// in it: Tx.Keep writes a private value that is sealed with Options.Key, Tx.Forget
// deletes it, and the journal names at most its number. The body of a Private command
// is sealed while the command is open and erased when it ends. Deleted rows are
// overwritten (secure_delete), and Store.Scrub empties the log, so that the file and
// its log then hold nothing of it, readable or sealed.
//
// # What leaves the file
//
// Store.Prune takes closed streams out, whole. The rows that are then missing from the
// journal are on record as runs, each with the hash of its last row, so that the chain
// goes on over them; a pruned stream can never be used again. How old something is, its
// own time does not say: Tx.Mark, by a caller who knows the time, and Store.Before do.
//
// # Backup
//
// Backup copies a file that is in use, Restore puts such a copy in its place. The file
// then gets another name (Store.ID), because what it did since the backup is not in it,
// and everything that is sent for a stream of the backup is Uncertain.
//
// # The file
//
// SQLite in WAL mode with synchronous=FULL; every connection is checked for the
// settings that make a commit survive a power cut, and refused without them. Journal
// rows are chained by SHA-256, each over the one before, so that Verify shows any
// row that was changed, removed from the middle or put in. Times in the file are
// UTC and for the record only; no decision depends on the clock.
//
// The lock file beside it (path.lock) names the file and says whether commits may stand
// in its log alone. So a file or a log that was lost is told from one that never was:
// Open makes a file only where there never was one. What is missing, empty, damaged or
// not ours is refused (ErrGone, ErrCorrupt, ErrForeign) and left as it is until SetAside,
// which is a person's decision.
//
// A file that is removed or replaced under a running process is put back from what the
// process still holds, at the next commit or Ping or at Close. As with Restore, the file
// that takes the place is complete, as path.new, before the lock file says that it counts;
// the next Open finishes what is cut off after that, and drops what is cut off before.
//
// A commit that fails counts as not made, also when only its flush failed: it is for the
// caller to make it again. SQLite then writes its pages again, so a flush that later
// succeeds is not believed for pages that an earlier one has lost.
package outbox
