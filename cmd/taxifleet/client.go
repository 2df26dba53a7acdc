package main

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"taxiterminal/config/gateway"
	"taxiterminal/fleet/office"
)

// tokenVariable holds an administrator's token, so that it stands in no list of
// processes.
const tokenVariable = "TAXIFLEET_TOKEN"

// client reaches the gateway: the one at --server, or the one on this machine, on the
// socket that was named, or that the configuration names, or on the usual one.
func (o *options) client() (*office.Client, error) {
	if o.server == "" {
		return office.Local(o.adminSocket()), nil
	}
	token, err := o.token()
	if err != nil {
		return nil, err
	}
	trust, err := o.trust()
	if err != nil {
		return nil, err
	}
	c, err := office.Remote(o.server, token, trust)
	if err != nil {
		return nil, usageError{error: err}
	}
	return c, nil
}

func (o *options) adminSocket() string {
	if o.socket != "" {
		return o.socket
	}
	if c, err := gateway.Load(o.config); err == nil {
		return c.Admin.Socket
	}
	return gateway.DefaultSocket
}

func (o *options) token() (string, error) {
	if o.tokenFile == "" {
		return strings.TrimSpace(os.Getenv(tokenVariable)), nil
	}
	text, err := os.ReadFile(o.tokenFile)
	if err != nil {
		return "", fmt.Errorf("token read: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}

func (o *options) trust() (*tls.Config, error) {
	if o.serverCA == "" {
		return nil, nil
	}
	text, err := os.ReadFile(o.serverCA)
	if err != nil {
		return nil, fmt.Errorf("certificate read: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, usageError{error: fmt.Errorf("%s: holds no certificate in PEM", o.serverCA)}
	}
	return &tls.Config{RootCAs: pool}, nil
}

// ask is a command that asks the gateway one thing and prints the answer.
func ask[T any](o *options, do func(*cobra.Command, *office.Client, []string) (T, error), human func(io.Writer, T)) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		c, err := o.client()
		if err != nil {
			return err
		}
		v, err := do(cmd, c, args)
		if err != nil {
			return err
		}
		return o.print(cmd.OutOrStdout(), v, func(w io.Writer) { human(w, v) })
	}
}

// group is a command that only has commands.
func group(use, short string, commands ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	cmd.AddCommand(commands...)
	return cmd
}

// table prints columns, or says that there is nothing.
func table[T any](w io.Writer, nothing, head string, list []T, row func(T) []any) {
	if len(list) == 0 {
		fmt.Fprintln(w, nothing)
		return
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, strings.ReplaceAll(head, " | ", "\t"))
	for _, v := range list {
		cells := row(v)
		fmt.Fprintf(t, strings.TrimSuffix(strings.Repeat("%v\t", len(cells)), "\t")+"\n", cells...)
	}
	_ = t.Flush()
}

func local(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Local().Format("2006-01-02 15:04")
}

// output writes a file, "-" being standard output.
func output(cmd *cobra.Command, file string, body []byte) error {
	if file == "-" {
		_, err := cmd.OutOrStdout().Write(body)
		return err
	}
	if err := os.WriteFile(file, body, 0o644); err != nil {
		return fmt.Errorf("output write: %w", err)
	}
	return nil
}

// explain turns an error into a message, what to do next, and the exit code.
func explain(err error) (message, hint string, code int) {
	var bad *gateway.Error
	var keys keysError
	var usage usageError
	var refused *office.Error
	switch {
	case errors.As(err, &bad), errors.As(err, &keys):
		return err.Error(), "", exitConfig
	case errors.As(err, &usage):
		return err.Error(), cmp.Or(usage.hint, "taxifleet --help lists the commands"), exitUsage
	case errors.Is(err, office.ErrNotRunning):
		return err.Error(), "start it with systemctl start taxifleet, or name its socket with --socket or another gateway with --server", exitFailure
	case errors.Is(err, office.ErrNotAllowed):
		return err.Error(), "run this as the gateway's user: sudo -u taxifleet taxifleet ...", exitFailure
	case errors.As(err, &refused):
		return refused.Message, refused.Hint, exitFailure
	}
	return err.Error(), "", exitFailure
}
