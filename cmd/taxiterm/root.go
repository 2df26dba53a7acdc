package main

import (
	"encoding/json"
	"io"

	"github.com/spf13/cobra"

	"taxiterminal/config"
	"taxiterminal/terminal/control"
)

// options are the flags that all commands share.
type options struct {
	config string
	socket string
	json   bool
}

// client reaches the daemon on the socket that was named, or that the configuration
// names, or on the usual one.
func (o *options) client() *control.Client {
	return control.NewClient(o.controlSocket())
}

func (o *options) controlSocket() string {
	if o.socket != "" {
		return o.socket
	}
	if c, err := config.Load(o.config); err == nil {
		return c.Control.Socket
	}
	return config.DefaultSocket
}

// print writes v as JSON if that was asked for, else whatever human does.
func (o *options) print(w io.Writer, v any, human func(io.Writer)) error {
	if !o.json {
		human(w)
		return nil
	}
	return printJSON(w, v)
}

func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

func newRoot() *cobra.Command {
	o := &options{}
	root := &cobra.Command{
		Use:   "taxiterm",
		Short: "Payment terminal of a taxi: from the meter to Vipps MobilePay",
		Long: `taxiterm reads the fare from the taximeter, shows the passenger an amount and a
code, and takes the payment with Vipps MobilePay.

"taxiterm run" is the daemon. The other commands talk to the running daemon, but for
"config", "enroll", "meter", "doctor", "backup", "outbox verify" and "outbox set-aside",
which can do without, and "restore", for which it must be stopped.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	flags := root.PersistentFlags()
	flags.StringVar(&o.config, "config", config.DefaultPath, "configuration file")
	flags.StringVar(&o.socket, "socket", "", "control socket of the daemon (default: as configured)")
	flags.BoolVar(&o.json, "json", false, "print JSON for scripts")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(newRun(o), newEnroll(o), newStatus(o), newTrips(o), newPay(o), newRefund(o), newShift(o), newContacts(o), newQR(o), newOutbox(o), newBackup(o), newRestore(o), newConfig(o), newVersion(o))
	root.AddCommand(newMeter(o), newDoctor(o)) // for technicians
	markUsage(root)
	return root
}

// markUsage makes mistakes in the number of arguments, and flags that are missing, known as
// such.
func markUsage(cmd *cobra.Command) {
	if check := cmd.Args; check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			err := check(cmd, args)
			if err == nil {
				err = cmd.ValidateRequiredFlags()
			}
			switch {
			case err == nil:
				return nil
			case cmd.HasSubCommands():
				return usageError{hinted{err, cmd.CommandPath() + " --help lists the commands"}}
			}
			return usageError{hinted{err, "usage: " + cmd.UseLine()}}
		}
	}
	for _, sub := range cmd.Commands() {
		markUsage(sub)
	}
}

func newVersion(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.print(cmd.OutOrStdout(), map[string]string{"version": version}, func(w io.Writer) {
				_, _ = io.WriteString(w, "taxiterm "+version+"\n")
			})
		},
	}
}
