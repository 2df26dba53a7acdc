package gateway

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// KeysFile is the name of the file with the keys: below systemd's credentials
// directory, else next to the configuration.
const KeysFile = "keys.toml"

// storedKeys is where the service unit takes them from; only root can look there.
const storedKeys = "/etc/credstore/taxifleet.keys.toml"

// Keys are what must not be seen: the merchants' keys and the gateway's own. Every
// verb of fmt and slog prints only which merchants have theirs.
type Keys struct {
	File      string
	merchants map[string]MerchantKeys
	store     string
	page      []byte
	cluster   ClusterKeys
}

// ClusterKeys are the seeds that a gateway needs with a NATS cluster outside, and that
// the cluster's configuration was made with.
type ClusterKeys struct {
	Gateway, System, Issuer string
}

func (ClusterKeys) String() string   { return "[redacted]" }
func (ClusterKeys) GoString() string { return "[redacted]" }

// MerchantKeys are those of one sales unit.
type MerchantKeys struct {
	ClientID, ClientSecret, SubscriptionKey string
}

func (MerchantKeys) String() string   { return "[redacted]" }
func (MerchantKeys) GoString() string { return "[redacted]" }

// Merchant reveals the keys of one; false if they are not all there.
func (k Keys) Merchant(name string) (MerchantKeys, bool) {
	m := k.merchants[name]
	return m, m.ClientID != "" && m.ClientSecret != "" && m.SubscriptionKey != ""
}

// Store encrypts the state on the disk; empty for none.
func (k Keys) Store() string { return k.store }

// Page seals forms and return addresses, confirmation codes and webhook secrets.
func (k Keys) Page() []byte { return k.page }

// Cluster reveals the seeds for a cluster; false if they are not all there.
func (k Keys) Cluster() (ClusterKeys, bool) {
	c := k.cluster
	return c, c.Gateway != "" && c.System != "" && c.Issuer != ""
}

// String says which merchants have keys.
func (k Keys) String() string {
	names := make([]string, 0, len(k.merchants))
	for name := range k.merchants {
		names = append(names, name)
	}
	slices.Sort(names)
	return "keys of " + strings.Join(names, ", ")
}

func (k Keys) GoString() string     { return k.String() }
func (k Keys) LogValue() slog.Value { return slog.StringValue(k.String()) }

const pageKeySize = 32

// LoadKeys reads the keys, from $CREDENTIALS_DIRECTORY or beside the configuration,
// where nobody but the gateway's user may read them; for root who checks them, also
// from where the service unit takes them.
func LoadKeys(configPath string) (Keys, error) {
	if dir := os.Getenv("CREDENTIALS_DIRECTORY"); dir != "" {
		path := filepath.Join(dir, KeysFile)
		if _, err := os.Stat(path); err == nil {
			return readKeys(path)
		}
	}
	path := filepath.Join(filepath.Dir(configPath), KeysFile)
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		if stored, storedErr := os.Stat(storedKeys); storedErr == nil {
			path, info, err = storedKeys, stored, nil
		}
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Keys{}, fmt.Errorf("keys: %s does not exist; write it with mode 0600 (taxifleet config keys prints one)", path)
	case err != nil:
		return Keys{}, fmt.Errorf("keys read: %w", err)
	case info.Mode().Perm()&0o077 != 0:
		return Keys{}, fmt.Errorf("keys %s: others may read them (mode %04o); run chmod 600 %s", path, info.Mode().Perm(), path)
	}
	return readKeys(path)
}

func readKeys(path string) (Keys, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Keys{}, fmt.Errorf("keys read: %w", err)
	}
	var raw struct {
		Store    string `toml:"store_key"`
		Page     string `toml:"page_key"`
		Cluster  struct{ Gateway, System, Issuer string }
		Merchant map[string]map[string]string `toml:"merchant"`
	}
	d := toml.NewDecoder(strings.NewReader(string(text))).DisallowUnknownFields()
	if err := d.Decode(&raw); err != nil {
		// The decoder's message may quote the line, which is a secret.
		var at *toml.DecodeError
		if errors.As(err, &at) {
			row, _ := at.Position()
			return Keys{}, fmt.Errorf("keys %s: line %d is not understood", path, row)
		}
		return Keys{}, fmt.Errorf("keys %s: want store_key, page_key, [cluster] and [merchant.NAME] tables with client_id, client_secret and subscription_key", path)
	}
	k := Keys{File: path, merchants: map[string]MerchantKeys{}, store: raw.Store, cluster: raw.Cluster}
	for name, keys := range raw.Merchant {
		k.merchants[name] = MerchantKeys{
			strings.TrimSpace(keys["client_id"]), strings.TrimSpace(keys["client_secret"]), strings.TrimSpace(keys["subscription_key"]),
		}
		if _, whole := k.Merchant(name); !whole || len(keys) != 3 {
			return Keys{}, fmt.Errorf("keys %s: merchant %q: want client_id, client_secret and subscription_key, and nothing else", path, name)
		}
	}
	if k.page, err = base64.StdEncoding.DecodeString(raw.Page); err != nil || len(k.page) != pageKeySize {
		return Keys{}, fmt.Errorf("keys %s: page_key is no key; make one with taxifleet config keys", path)
	}
	return k, nil
}
