package hub

import (
	"fmt"
	"strings"

	"github.com/nats-io/nkeys"
)

// The accounts of the servers, see the package comment.
const (
	FleetAccount  = "FLEET"
	CarsAccount   = "CARS"
	SystemAccount = "SYS"
)

// AuthTimeout is how many seconds a server gives a car to sign in: a way of two seconds
// in each direction, and the gateway's word on who it is.
const AuthTimeout = 10

// Keys are the seeds (nkeys) that make a gateway the gateway. The embedded server has
// new ones at every start; those of a cluster outside are made once and kept with
// the credentials. Every verb of fmt and slog prints nothing of them.
type Keys struct {
	Gateway string // user of FLEET
	System  string // user of SYS
	Issuer  string // signs what cars may do
}

// NewKeys makes keys.
func NewKeys() (Keys, error) {
	var k Keys
	for _, part := range []struct {
		seed *string
		make func() (nkeys.KeyPair, error)
	}{{&k.Gateway, nkeys.CreateUser}, {&k.System, nkeys.CreateUser}, {&k.Issuer, nkeys.CreateAccount}} {
		pair, err := part.make()
		if err != nil {
			return Keys{}, fmt.Errorf("make key: %w", err)
		}
		seed, err := pair.Seed()
		if err != nil {
			return Keys{}, fmt.Errorf("make key: %w", err)
		}
		*part.seed = string(seed)
	}
	return k, nil
}

// String says only that there are keys.
func (k Keys) String() string { return "keys (hidden)" }

// GoString shows no more.
func (k Keys) GoString() string { return k.String() }

// public are the public halves of the three: users U..., the issuer A....
func (k Keys) public() (gateway, system, issuer string, err error) {
	for _, part := range []struct {
		name, seed, prefix string
		public             *string
	}{{"gateway", k.Gateway, "U", &gateway}, {"system", k.System, "U", &system}, {"issuer", k.Issuer, "A", &issuer}} {
		pair, err := nkeys.FromSeed([]byte(part.seed))
		if err != nil {
			return "", "", "", fmt.Errorf("read %s key: %w; want the seed that was made with the configuration of the cluster", part.name, err)
		}
		*part.public, err = pair.PublicKey()
		if err != nil || !strings.HasPrefix(*part.public, part.prefix) {
			return "", "", "", fmt.Errorf("read %s key: want a seed that begins with S%s", part.name, part.prefix)
		}
	}
	return gateway, system, issuer, nil
}

// ServerConfig is the part of a nats-server.conf that is about accounts; it holds
// no secret. Listening, TLS, cluster and jetstream { sync_interval: always } are the
// operator's own.
func (k Keys) ServerConfig() (string, error) {
	gateway, system, issuer, err := k.public()
	if err != nil {
		return "", err
	}
	return strings.NewReplacer("$gateway", gateway, "$system", system, "$issuer", issuer,
		"$timeout", fmt.Sprint(AuthTimeout)).Replace(serverConfig), nil
}

const serverConfig = `accounts {
  FLEET {
    jetstream: enabled
    users: [ { nkey: $gateway } ]
    exports: [
      { service: "car.*.pay" }
      { service: "car.*.hello" }
      { service: "car.*.journal" }
      { stream: "car.*.hint" }
    ]
  }
  CARS {
    imports: [
      { service: { account: FLEET, subject: "car.*.pay" } }
      { service: { account: FLEET, subject: "car.*.hello" } }
      { service: { account: FLEET, subject: "car.*.journal" } }
      { stream: { account: FLEET, subject: "car.*.hint" } }
    ]
  }
  SYS { users: [ { nkey: $system } ] }
}
system_account: SYS
authorization {
  timeout: $timeout
  auth_callout { issuer: $issuer, account: FLEET, auth_users: [ $gateway, $system ] }
}
`
