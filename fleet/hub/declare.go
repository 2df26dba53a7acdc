package hub

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// The streams.
const (
	Journals = "JOURNALS" // car.<terminal>.journal: the rows of the cars' journals
	Webhooks = "WEBHOOKS" // webhook.<msn>: what the payment API reported
	Audit    = "AUDIT"    // audit.<kind>: who changed what in the registry
)

// The buckets.
const (
	Merchants = "merchants"
	Vehicles  = "vehicles"
	Codes     = "codes"
	Terminals = "terminals"
	Tokens    = "tokens"
	Admins    = "admins"
	Claims    = "claims"
	Hooks     = "hooks" // registrations at the payment API, their secrets sealed
)

// noDuplicates is the shortest window that there is: nothing of JOURNALS and AUDIT
// is thrown away because somebody used its id before, see the package comment.
const noDuplicates = 100 * time.Millisecond

// ErrShrink means that a limit would become narrower than it is.
var ErrShrink = errors.New("limit would become narrower, which deletes what is outside of it")

// streams are all of them, those below the buckets included.
func streams(c Config) []jetstream.StreamConfig {
	journals := jetstream.StreamConfig{
		Name: Journals, Subjects: []string{"car.*.journal"}, Description: "rows of the cars' journals",
		MaxBytes: -1, Discard: jetstream.DiscardNew, MaxMsgSize: maxPayload,
		Duplicates: noDuplicates, DenyDelete: true, DenyPurge: true,
	}
	if c.MaxJournals > 0 {
		journals.MaxBytes = c.MaxJournals
	}
	all := []jetstream.StreamConfig{
		journals,
		{
			Name: Webhooks, Subjects: []string{"webhook.*"}, Description: "events from the payment API",
			MaxBytes: -1, MaxAge: 30 * 24 * time.Hour, MaxMsgSize: 256 << 10,
			Duplicates: 24 * time.Hour,
		},
		{
			Name: Audit, Subjects: []string{"audit.*"}, Description: "who changed what",
			MaxBytes: -1, MaxMsgSize: 16 << 10,
			Duplicates: noDuplicates, DenyDelete: true, DenyPurge: true,
		},
	}
	for _, b := range buckets {
		all = append(all, b.stream())
	}
	for i := range all {
		s := &all[i]
		s.Storage, s.Replicas = jetstream.FileStorage, c.replicas()
		s.MaxMsgs, s.MaxConsumers = -1, -1
		if s.MaxMsgsPerSubject == 0 {
			s.MaxMsgsPerSubject = -1
		}
	}
	return all
}

// maxValue is the largest value of a bucket in bytes.
const maxValue = 64 << 10

// bucket is a bucket's name and limits.
type bucket struct {
	name, description string
	history           int64         // former values that are kept of a key, the last included
	ttl               time.Duration // after which a value goes; 0 for never
}

var buckets = []bucket{
	{name: Merchants, description: "sales units, without keys", history: 8},
	{name: Vehicles, description: "cars", history: 8},
	{name: Codes, description: "page code to car", history: 1},
	{name: Terminals, description: "onboard computers", history: 8},
	{name: Tokens, description: "enrolment tokens, hashed", history: 4, ttl: 90 * 24 * time.Hour},
	{name: Admins, description: "who may administer, hashed", history: 8},
	{name: Claims, description: "fares that a phone carried", history: 8},
	{name: Hooks, description: "registrations at the payment API", history: 4},
}

// stream is what lies below a bucket. The library would let any copy answer a read
// (AllowDirect), which in a cluster may not have what was acknowledged a moment ago: a
// token that was just made would be unknown, a terminal that was just revoked let in.
func (b bucket) stream() jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: "KV_" + b.name, Subjects: []string{"$KV." + b.name + ".>"}, Description: b.description,
		MaxMsgsPerSubject: b.history, MaxAge: b.ttl, MaxMsgSize: maxValue, MaxBytes: -1,
		Discard: jetstream.DiscardNew, AllowRollup: true, DenyDelete: true, Duplicates: 2 * time.Minute,
	}
}

func (c Config) replicas() int { return max(c.Replicas, 1) }

// declare makes every stream and bucket what it has to be, and leaves alone what is so
// already: the server writes the description of a stream and its checksum one after the
// other, and a stream whose description was cut between the two is not there at its next
// start.
func (h *Hub) declare(ctx context.Context) error {
	for _, want := range streams(h.config) {
		have, err := h.look(ctx, want.Name)
		switch {
		case errors.Is(err, jetstream.ErrStreamNotFound):
			err = h.create(ctx, want)
		case err != nil:
			err = fmt.Errorf("look at stream %s: %w", want.Name, err)
		case same(have, want):
		default:
			err = h.change(ctx, have, want)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (h *Hub) look(ctx context.Context, name string) (have jetstream.StreamConfig, err error) {
	// A cluster without a leader does not answer: ask again soon.
	ctx, cancel := context.WithTimeout(ctx, look)
	defer cancel()
	stream, err := h.js.Stream(ctx, name)
	if err != nil {
		return have, err
	}
	return stream.CachedInfo().Config, nil
}

// same: nothing would change.
func same(have, want jetstream.StreamConfig) bool {
	have.Metadata, want.Metadata = nil, nil // the server's own remarks
	return reflect.DeepEqual(have, want)
}

// create makes a stream. It may have been there before with a description that was cut:
// then what is in it comes back now, but only an update writes the description anew.
func (h *Hub) create(ctx context.Context, want jetstream.StreamConfig) error {
	_, err := h.js.CreateStream(ctx, want)
	for tries := 0; halfMade(err) && tries < clearing; tries++ {
		select {
		case <-ctx.Done():
			return fmt.Errorf("declare stream %s: %w", want.Name, ctx.Err())
		case <-time.After(clearingPause):
		}
		_, err = h.js.CreateStream(ctx, want)
	}
	if err == nil || errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) { // by another gateway, just now
		_, err = h.js.UpdateStream(ctx, want)
	}
	if err != nil {
		return fmt.Errorf("declare stream %s: %w", want.Name, err)
	}
	return nil
}

// A half-made stream is cleared away while the next try may be under way already.
const (
	clearing      = 20
	clearingPause = 50 * time.Millisecond
)

// halfMade: the server found what a start left that was killed while it made the stream,
// which nothing was ever put into, could not use it, and clears it away.
func halfMade(err error) bool {
	const noStore = 10049
	var api *jetstream.APIError
	return errors.As(err, &api) && api.ErrorCode == noStore
}

// change makes a stream that exists what it is to become.
func (h *Hub) change(ctx context.Context, have, want jetstream.StreamConfig) error {
	if lost := narrower(have, want); len(lost) > 0 && !h.config.Shrink {
		return fmt.Errorf("declare stream %s: %w (%s); start once with leave to shrink if that is meant",
			want.Name, ErrShrink, strings.Join(lost, ", "))
	}
	if _, err := h.js.UpdateStream(ctx, want); err != nil {
		return fmt.Errorf("declare stream %s: %w", want.Name, err)
	}
	return nil
}

// narrower names the limits that would cut something off.
func narrower(have, want jetstream.StreamConfig) []string {
	var lost []string
	for _, limit := range []struct {
		name       string
		have, want int64
	}{
		{"messages", have.MaxMsgs, want.MaxMsgs},
		{"bytes", have.MaxBytes, want.MaxBytes},
		{"messages of a subject", have.MaxMsgsPerSubject, want.MaxMsgsPerSubject},
		{"age", int64(have.MaxAge), int64(want.MaxAge)},
		{"message size", int64(have.MaxMsgSize), int64(want.MaxMsgSize)},
	} {
		if limit.want > 0 && (limit.have <= 0 || limit.want < limit.have) {
			lost = append(lost, limit.name)
		}
	}
	if want.Replicas < have.Replicas {
		lost = append(lost, "replicas")
	}
	for _, subject := range have.Subjects {
		if !slices.Contains(want.Subjects, subject) {
			lost = append(lost, "subject "+subject)
		}
	}
	return lost
}
