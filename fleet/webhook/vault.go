package webhook

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/nats-io/nats.go/jetstream"

	"taxiterminal/vipps"
)

// Bucket is the name of the KV bucket for a Vault. One version of each key is enough.
const Bucket = "webhooks"

// Vault keeps registrations in a KV bucket, one entry for a sales unit, sealed with
// AES-256-GCM under a key that is not in the bucket.
type Vault struct {
	kv   jetstream.KeyValue
	seal cipher.AEAD
}

// VaultKeySize is the length in bytes of a vault's key, from crypto/rand.
const VaultKeySize = 32

const (
	vaultMax   = 16 // registrations of one sales unit; the oldest goes
	vaultTries = 8  // against other gateways that change the same entry
)

// NewVault opens a vault.
func NewVault(kv jetstream.KeyValue, key []byte) (*Vault, error) {
	if len(key) != VaultKeySize {
		return nil, fmt.Errorf("open vault: key: want %d bytes, got %d", VaultKeySize, len(key))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("open vault: %w", err)
	}
	seal, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("open vault: %w", err)
	}
	return &Vault{kv, seal}, nil
}

// kept is a registration as it is sealed.
type kept struct {
	ID     string   `json:"id"`
	URL    string   `json:"url"`
	Events []string `json:"events"`
	Secret string   `json:"secret"`
}

// Registrations are those of a sales unit, oldest first; none if it has none.
func (v *Vault) Registrations(ctx context.Context, msn string) ([]Registration, error) {
	list, _, err := v.load(ctx, msn)
	if err != nil {
		return nil, fmt.Errorf("read webhook secrets: %w", err)
	}
	regs := make([]Registration, 0, len(list))
	for _, k := range list {
		regs = append(regs, Registration{MSN: msn, ID: k.ID, URL: k.URL, Events: k.Events, Secret: vipps.NewSecret(k.Secret)})
	}
	return regs, nil
}

// Keep adds a registration, or replaces the one of its id.
func (v *Vault) Keep(ctx context.Context, r Registration) error {
	err := v.change(ctx, r.MSN, func(list []kept) []kept {
		list = slices.DeleteFunc(list, func(k kept) bool { return k.ID == r.ID })
		list = append(list, kept{ID: r.ID, URL: r.URL, Events: r.Events, Secret: r.Secret.Reveal()})
		return list[max(0, len(list)-vaultMax):]
	})
	if err != nil {
		return fmt.Errorf("keep webhook secret: %w", err)
	}
	return nil
}

// Forget removes a registration, if it is there.
func (v *Vault) Forget(ctx context.Context, msn, id string) error {
	err := v.change(ctx, msn, func(list []kept) []kept {
		return slices.DeleteFunc(list, func(k kept) bool { return k.ID == id })
	})
	if err != nil {
		return fmt.Errorf("forget webhook secret: %w", err)
	}
	return nil
}

// load opens an entry. Revision 0 says that there is none.
func (v *Vault) load(ctx context.Context, msn string) (list []kept, revision uint64, err error) {
	entry, err := v.kv.Get(ctx, msn)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, fmt.Errorf("bucket %s: %w", Bucket, err)
	}
	raw, err := v.seal.Open(nil, nil, entry.Value(), []byte(Bucket+"/"+msn))
	if err != nil {
		return nil, 0, fmt.Errorf("bucket %s, sales unit %s: cannot be opened with this key; give the right one, or delete the entry, and the registrations are made anew", Bucket, msn)
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, 0, fmt.Errorf("bucket %s, sales unit %s: not what was sealed", Bucket, msn)
	}
	return list, entry.Revision(), nil
}

// change applies f to the entry that is there, again if somebody else was faster.
func (v *Vault) change(ctx context.Context, msn string, f func([]kept) []kept) error {
	var last error
	for range vaultTries {
		list, revision, err := v.load(ctx, msn)
		if err != nil {
			return err
		}
		raw, err := json.Marshal(f(list))
		if err != nil {
			return err
		}
		sealed := v.seal.Seal(nil, nil, raw, []byte(Bucket+"/"+msn))
		if revision == 0 {
			_, last = v.kv.Create(ctx, msn, sealed)
		} else {
			_, last = v.kv.Update(ctx, msn, sealed, revision)
		}
		if !errors.Is(last, jetstream.ErrKeyExists) {
			break
		}
	}
	if last != nil {
		return fmt.Errorf("bucket %s: %w", Bucket, last)
	}
	return nil
}
