package main

import (
	"encoding/json"
	"io"

	"github.com/spf13/cobra"

	"taxiterminal/config/gateway"
)

// options are the flags that all commands share.
type options struct {
	config    string
	socket    string
	server    string
	tokenFile string
	serverCA  string
	json      bool
}

// usageError is a mistake on the command line.
type usageError struct {
	error
	hint string // empty: the list of commands
}

// keysError is a keys file that the gateway cannot start with.
type keysError struct{ error }

func newRoot() *cobra.Command {
	o := &options{}
	root := &cobra.Command{
		Use:   "taxifleet",
		Short: "Gateway of a fleet of taxis: pages, webhooks, enrolment and payment relay",
		Long: `taxifleet serve is the gateway: cars connect to it, passengers open its pages, and it
alone has the merchant's keys.

All other commands talk to the running gateway: to the one on this machine, or to the
one at --server with an administrator's token, from a file or from TAXIFLEET_TOKEN.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	flags := root.PersistentFlags()
	flags.StringVar(&o.config, "config", gateway.DefaultPath, "configuration file")
	flags.StringVar(&o.socket, "socket", "", "admin socket of the gateway (default: as configured)")
	flags.StringVar(&o.server, "server", "", "administer the gateway at this address, https://HOST:PORT")
	flags.StringVar(&o.tokenFile, "token-file", "", "file with the administrator's token for --server (default: $TAXIFLEET_TOKEN)")
	flags.StringVar(&o.serverCA, "server-ca", "", "file with who signed the certificate of --server (default: the system's)")
	flags.BoolVar(&o.json, "json", false, "print JSON for scripts")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{error: err} })
	root.AddCommand(newServe(o), newStatus(o), newMerchant(o), newCar(o), newToken(o), newTerminal(o), newTrips(o), newReport(o), newRefund(o),
		newWebhook(o), newQR(o), newAdmin(o), newAudit(o), newConfig(o), newVersion(o))
	markUsage(root)
	return root
}

// markUsage makes mistakes in the number of arguments known as such.
func markUsage(cmd *cobra.Command) {
	if check := cmd.Args; check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			err := check(cmd, args)
			switch {
			case err == nil:
				return nil
			case cmd.HasSubCommands():
				return usageError{err, cmd.CommandPath() + " --help lists the commands"}
			}
			return usageError{err, "usage: " + cmd.UseLine()}
		}
	}
	for _, sub := range cmd.Commands() {
		markUsage(sub)
	}
}

// print writes v as JSON if that was asked for, else whatever human does.
func (o *options) print(w io.Writer, v any, human func(io.Writer)) error {
	if !o.json {
		human(w)
		return nil
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

func newVersion(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.print(cmd.OutOrStdout(), map[string]string{"version": version}, func(w io.Writer) {
				_, _ = io.WriteString(w, "taxifleet "+version+"\n")
			})
		},
	}
}
