package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// What is a kind of change.
type What string

const (
	MerchantAdded   What = "merchant_added"
	MerchantChanged What = "merchant_changed"
	VehicleAdded    What = "vehicle_added"
	VehicleMoved    What = "vehicle_moved"
	VehicleFreed    What = "vehicle_freed"
	VehicleTaken    What = "vehicle_taken"
	CodeAdded       What = "code_added"
	CodeChanged     What = "code_changed"
	QRChanged       What = "qr_changed"
	TokenMade       What = "token_made"
	TokenUsed       What = "token_used"
	TokenCancelled  What = "token_cancelled"
	TerminalAdded   What = "terminal_added"
	TerminalRevoked What = "terminal_revoked"
	AdminAdded      What = "admin_added"
	AdminRemoved    What = "admin_removed"

	// What the gateway does elsewhere when an administrator wants it, see Note.
	RefundSent     What = "refund_sent"
	WebhookChecked What = "webhook_checked"
	WebhookDeleted What = "webhook_deleted"
	QRMade         What = "qr_made"
	QRRetargeted   What = "qr_retargeted"
)

// maxEntries is how many entries are read at once, at most.
const maxEntries = 1000

// Entry is one change on the record.
type Entry struct {
	V       int       `json:"v"`
	At      time.Time `json:"at"`
	By      string    `json:"by"` // an administrator's name, or what the gateway did itself
	What    What      `json:"what"`
	Subject string    `json:"subject"`          // id or name of what was changed
	Detail  string    `json:"detail,omitempty"` // never a secret
	Failed  string    `json:"failed,omitempty"` // the change that was on record did not come about
}

// record writes an entry, flushed, before the change is made.
func (r *Registry) record(ctx context.Context, e Entry) error {
	e.V, e.At = 1, r.now().UTC()
	text, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("record change: %w", err)
	}
	kind, _, _ := strings.Cut(string(e.What), "_")
	if _, err := r.js.Publish(ctx, "audit."+kind, text); err != nil {
		return fmt.Errorf("record change: %w; nothing was changed", err)
	}
	return nil
}

// Note puts on the record what is about to be done outside of the registry.
func (r *Registry) Note(ctx context.Context, by string, what What, subject, detail string) error {
	return r.record(ctx, Entry{By: by, What: what, Subject: subject, Detail: shorten(detail)})
}

// failed records that a change did not come about, even if there is no time left.
func (r *Registry) failed(ctx context.Context, e Entry, why error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	e.Failed = why.Error()
	if err := r.record(ctx, e); err != nil {
		return errors.Join(why, err)
	}
	return why
}

// Audit returns the last n entries, the newest first, at most 1000.
func (r *Registry) Audit(ctx context.Context, n int) ([]Entry, error) {
	stream, err := r.js.Stream(ctx, "AUDIT")
	if err != nil {
		return nil, fmt.Errorf("read audit record: %w", err)
	}
	entries := []Entry{}
	for seq := stream.CachedInfo().State.LastSeq; seq > 0 && len(entries) < min(n, maxEntries); seq-- {
		msg, err := stream.GetMsg(ctx, seq)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			break // older ones are gone
		}
		var e Entry
		if err == nil {
			err = json.Unmarshal(msg.Data, &e)
		}
		if err != nil {
			return nil, fmt.Errorf("read audit record: %w", err)
		}
		entries = append(entries, e)
	}
	return entries, nil
}
