package config

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"taxiterminal/config/table"
)

// CredentialsFile is the name of the file with the credentials: below systemd's
// credentials directory, else next to the configuration.
const CredentialsFile = "credentials.toml"

// Credentials are what must not be seen. Every verb of fmt and slog prints only
// which of them are there.
type Credentials struct {
	File string // where they come from
	v    map[string]string
}

// The names of the credentials, as they stand in the file.
const (
	ClientID        = "client_id"
	ClientSecret    = "client_secret"
	SubscriptionKey = "subscription_key"
	DriverPIN       = "driver_pin"
	DataKey         = "data_key"
)

// dataKeySize is the length of the key in bytes.
const dataKeySize = 32

// NewDataKey makes a key to keep phone numbers under, as it stands in the file.
func NewDataKey() string {
	key := make([]byte, dataKeySize)
	_, _ = rand.Read(key) // never fails
	return base64.StdEncoding.EncodeToString(key)
}

// DataKey is the key that phone numbers are kept under; nil if there is none.
func (c Credentials) DataKey() []byte {
	key, err := base64.StdEncoding.DecodeString(c.v[DataKey])
	if err != nil || len(key) != dataKeySize {
		return nil
	}
	return key
}

// merchantKeys are needed to ask for payments.
var merchantKeys = []string{ClientID, ClientSecret, SubscriptionKey}

// Get reveals one of them; empty if it is not there.
func (c Credentials) Get(name string) string { return c.v[name] }

// Missing are the merchant keys that are not there.
func (c Credentials) Missing() []string {
	var missing []string
	for _, name := range merchantKeys {
		if c.v[name] == "" {
			missing = append(missing, name)
		}
	}
	return missing
}

// HasMerchant: some of the merchant keys are there.
func (c Credentials) HasMerchant() bool { return len(c.Missing()) < len(merchantKeys) }

// WithoutMerchant are the credentials less the merchant keys, for a car that must not
// use any.
func (c Credentials) WithoutMerchant() Credentials {
	v := map[string]string{}
	for _, name := range []string{DriverPIN, DataKey} {
		v[name] = c.v[name]
	}
	return Credentials{File: c.File, v: v}
}

// String says which are there.
func (c Credentials) String() string {
	words := make([]string, 0, len(merchantKeys)+2)
	for _, name := range append(merchantKeys[:len(merchantKeys):len(merchantKeys)], DriverPIN, DataKey) {
		state := "missing"
		if c.v[name] != "" {
			state = "set"
		}
		words = append(words, name+" "+state)
	}
	return strings.Join(words, ", ")
}

// GoString and LogValue show no more.
func (c Credentials) GoString() string     { return c.String() }
func (c Credentials) LogValue() slog.Value { return slog.StringValue(c.String()) }

// ErrNoCredentials means that there is no file with credentials.
var ErrNoCredentials = errors.New("no credentials")

// LoadCredentials reads the credentials: from $CREDENTIALS_DIRECTORY, which systemd
// sets for LoadCredential=, else from the folder of the configuration, where nobody
// but the daemon's user may read them.
func LoadCredentials(configPath string) (Credentials, error) {
	if dir := os.Getenv("CREDENTIALS_DIRECTORY"); dir != "" {
		path := filepath.Join(dir, CredentialsFile)
		if _, err := os.Stat(path); err == nil {
			return readCredentials(path)
		}
	}
	path := filepath.Join(filepath.Dir(configPath), CredentialsFile)
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Credentials{File: path}, fmt.Errorf("%w: %s does not exist; write it with mode 0600", ErrNoCredentials, path)
	case err != nil:
		return Credentials{File: path}, fmt.Errorf("credentials read: %w", err)
	case info.Mode().Perm()&0o077 != 0:
		return Credentials{File: path}, fmt.Errorf("credentials %s: others may read them (mode %04o); run chmod 600 %s", path, info.Mode().Perm(), path)
	}
	return readCredentials(path)
}

func readCredentials(path string) (Credentials, error) {
	c := Credentials{File: path, v: map[string]string{}}
	text, err := os.ReadFile(path)
	if err != nil {
		return c, fmt.Errorf("credentials read: %w", err)
	}
	var raw map[string]any
	if err := toml.Unmarshal(text, &raw); err != nil {
		// The decoder's message may quote the line, which is a secret.
		var at *toml.DecodeError
		if errors.As(err, &at) {
			row, _ := at.Position()
			return c, fmt.Errorf(`credentials %s: line %d is not TOML; want lines such as client_id = "..."`, path, row)
		}
		return c, fmt.Errorf("credentials %s: not TOML", path)
	}
	t := table.New(raw)
	for _, name := range merchantKeys {
		c.v[name] = secret(t, raw, name)
	}
	c.v[DriverPIN] = pin(t, raw)
	c.v[DataKey] = secret(t, raw, DataKey)
	if c.v[DataKey] != "" && c.DataKey() == nil {
		t.Problem(DataKey, "is no key", "make one with taxiterm config key")
		c.v[DataKey] = ""
	}
	if err := t.Err(); err != nil {
		return c, &Error{path, problemsOf(err)}
	}
	return c, nil
}

// secret reads a text without ever quoting it.
func secret(t *table.Table, raw map[string]any, name string) string {
	t.Skip(name)
	switch v := raw[name].(type) {
	case nil:
	case string:
		return strings.TrimSpace(v)
	default:
		t.Problem(name, "is not a text", "want it in quotes")
	}
	return ""
}

func pin(t *table.Table, raw map[string]any) string {
	p := secret(t, raw, DriverPIN)
	if p != "" && (len(p) < 4 || len(p) > 8 || strings.Trim(p, "0123456789") != "") {
		t.Problem(DriverPIN, "is no PIN", "want 4 to 8 digits in quotes")
		return ""
	}
	return p
}
