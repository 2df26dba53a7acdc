package main

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"taxiterminal/config/gateway"
	"taxiterminal/fleet/hub"
)

func newConfig(o *options) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Check the configuration, and start one",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		&cobra.Command{
			Use:   "check",
			Short: "Report everything that is wrong with configuration and keys",
			Args:  cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error {
				c, err := gateway.Load(o.config)
				keys, keysErr := gateway.LoadKeys(o.config)
				for _, m := range c.Merchants {
					if _, ok := keys.Merchant(m.Name); !ok && keysErr == nil {
						keysErr = errors.Join(keysErr, fmt.Errorf("keys %s: no [merchant.%s]", keys.File, m.Name))
					}
				}
				if err := errors.Join(err, keysErr); err != nil {
					return err
				}
				return o.print(cmd.OutOrStdout(), map[string]bool{"ok": true}, func(w io.Writer) {
					fmt.Fprintf(w, "%s is good\n%s: %s\n", o.config, keys.File, keys)
				})
			},
		},
		&cobra.Command{
			Use:   "example",
			Short: "Print a commented configuration to start from",
			Args:  cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error {
				_, err := io.WriteString(cmd.OutOrStdout(), gateway.Example)
				return err
			},
		},
		&cobra.Command{
			Use:   "keys",
			Short: "Print a keys file to start from, with fresh keys of the gateway's own",
			Args:  cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error {
				_, err := fmt.Fprintf(cmd.OutOrStdout(), `# Keys of the gateway. Nobody but its user may read this file.
# They encrypt the state on the disk and seal forms and codes: keep a copy in a safe place.
store_key = %q
page_key = %q

# Of each merchant, as the portal shows them under "For developers".
[merchant.main]
client_id = ""
client_secret = ""
subscription_key = ""
`, newKey(), newKey())
				return err
			},
		},
		newCluster(),
	)
	return cmd
}

// newCluster makes the two halves of what a gateway and a NATS cluster must agree on.
func newCluster() *cobra.Command {
	return &cobra.Command{
		Use:   "cluster",
		Short: "Print the accounts for a NATS cluster, with fresh seeds for the keys file",
		Long: `Print what [nats] urls needs: on standard output the accounts for the configuration
of every nats-server, with nothing secret in it; on standard error the [cluster] table
for the keys file of every gateway.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			keys, err := hub.NewKeys()
			if err != nil {
				return err
			}
			accounts, err := keys.ServerConfig()
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "[cluster]\ngateway = %q\nsystem = %q\nissuer = %q\n", keys.Gateway, keys.System, keys.Issuer)
			_, err = io.WriteString(cmd.OutOrStdout(), accounts)
			return err
		},
	}
}

func newKey() string {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	return base64.StdEncoding.EncodeToString(key)
}
