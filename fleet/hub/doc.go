// Package hub is where the gateway keeps what it knows and how it reaches the cars:
// NATS with JetStream, in the gateway's own process or as a cluster outside.
//
// # One server or many
//
// With no URLs in the Config, Start runs a NATS server inside the process, on a
// folder of its own: one binary is a whole gateway. Every write is flushed to the
// disk before it is acknowledged (sync_interval: always). With URLs, Start connects
// to a cluster; its nats-server.conf needs the block that Keys.ServerConfig prints,
// which is the text that the embedded server runs on too, so that both behave alike.
//
// # Accounts
//
// Cars and gateway never share an account:
//
//	SYS    the servers' own: lists connections and cuts them
//	FLEET  the gateway: streams, buckets, the JetStream API
//	CARS   the terminals; of FLEET they see three services and one stream,
//	       car.*.pay, car.*.hello, car.*.journal and car.*.hint
//
// Within CARS a terminal is held to its own subjects by the permissions that package
// enrol hands out. The two accounts are for what permissions do not see: a request
// names the subject that its answer goes to, nobody checks that name, and an answer
// sent within one account to a subject of the JetStream API would be obeyed. Across
// accounts an answer can only come out where the request went in.
//
// # What is kept
//
// Streams and buckets are declared in declare.go and nowhere else. Start makes the
// missing ones and widens those whose limits grew. It refuses to narrow one (ErrShrink),
// because that deletes; Config.Shrink is a person's word that it may.
//
// Journals are dropped by nobody: the stream JOURNALS has no age or size limit unless
// configured, then new rows are refused rather than old ones deleted, and it cannot be
// purged. It does not look for duplicates either: a message id is whatever its sender
// says, so a car could use up the ids of another. Readers count rows themselves.
//
// # At rest
//
// With Config.StoreKey everything in the folder is encrypted (ChaCha20-Poly1305) but
// the names of streams. The folder remembers the fingerprint of its key; with another
// key, or none, Start refuses (ErrStoreKey) instead of starting with an empty store.
// What was written without a key is encrypted from the first start with one.
// A cluster outside has its own key in its own configuration.
package hub
