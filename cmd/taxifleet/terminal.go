package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"taxiterminal/fleet/office"
)

func newTerminal(o *options) *cobra.Command {
	var all bool
	var reason string
	list := &cobra.Command{
		Use:   "list",
		Short: "List the computers that are let in",
		Args:  cobra.NoArgs,
		RunE: ask(o, func(cmd *cobra.Command, c *office.Client, _ []string) ([]office.Terminal, error) {
			return c.Terminals(cmd.Context(), all)
		}, func(w io.Writer, list []office.Terminal) {
			table(w, "no terminals yet: taxifleet token CAR lets one in", "CAR | TERMINAL | STATE | HEARD | JOURNAL | VERSION", list, func(t office.Terminal) []any {
				return []any{t.Vehicle, brief(t.ID), stateOf(t), ago(t.Heard), journalOf(t), dash(t.Version)}
			})
		}),
	}
	list.Flags().BoolVar(&all, "all", false, "those that are out, too")
	revoke := &cobra.Command{
		Use:   "revoke CAR|TERMINAL",
		Short: "Put one out for ever, such as when it was stolen, and cut its connection",
		Args:  cobra.ExactArgs(1),
		RunE: ask(o, func(cmd *cobra.Command, c *office.Client, args []string) (office.Revoked, error) {
			return c.Revoke(cmd.Context(), args[0], reason)
		}, func(w io.Writer, r office.Revoked) {
			fmt.Fprintf(w, "terminal %s of %s is out; %d connection(s) cut\nnext: taxifleet token %s lets another computer in\n", brief(r.Terminal), r.Vehicle, r.Cut, r.Vehicle)
		}),
	}
	revoke.Flags().StringVar(&reason, "reason", "", "for the record")
	return group("terminal", "The computers in the cars", list, newTerminalShow(o), revoke, newTerminalReplace(o))
}

func newTerminalShow(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "show CAR|TERMINAL",
		Short: "Show one with its journals and what is wrong",
		Args:  cobra.ExactArgs(1),
		RunE: ask(o, func(cmd *cobra.Command, c *office.Client, args []string) (office.Terminal, error) {
			return c.Terminal(cmd.Context(), args[0])
		}, printTerminal),
	}
}

func newTerminalReplace(o *options) *cobra.Command {
	q := office.TokenRequest{Replace: true}
	cmd := &cobra.Command{
		Use:   "replace CAR",
		Short: "Make a token for a new computer; the old one works until the new one is in",
		Args:  cobra.ExactArgs(1),
		RunE:  func(cmd *cobra.Command, args []string) error { return o.makeToken(cmd, args[0], q) },
	}
	cmd.Flags().IntVar(&q.Hours, "hours", 24, "how long it can be used")
	return cmd
}

func printTerminal(w io.Writer, t office.Terminal) {
	fmt.Fprintf(w, "%s  %s  %s\n", t.Vehicle, stateOf(t), t.ID)
	fmt.Fprintf(w, "enrolled %s as %s, version %s\nheard %s, newest trip %s\n", local(t.Enrolled), dash(t.Name), dash(t.Version), ago(t.Heard), dash(t.Trip))
	if !t.Revoked.IsZero() {
		fmt.Fprintf(w, "revoked %s by %s: %s\n", local(t.Revoked), t.RevokedBy, dash(t.Reason))
	}
	for _, f := range t.Journals {
		fmt.Fprintf(w, "journal %s: %d rows, last %s\n", f.File, f.Seq, local(f.Last))
		if f.From != "" && f.From != f.File {
			fmt.Fprintf(w, "  goes on from a backup of %s, whose last %d rows the car does not know\n", f.From, f.Lost)
		}
	}
	for _, text := range t.Alarms {
		fmt.Fprintln(w, "ALARM:", text)
	}
}

func stateOf(t office.Terminal) string {
	switch {
	case len(t.Alarms) > 0:
		return "ALARM"
	case t.Active:
		return "in"
	case t.Revoked.IsZero():
		return "out"
	}
	return "revoked"
}

// journalOf is the end of the newest journal.
func journalOf(t office.Terminal) string {
	if len(t.Journals) == 0 {
		return "-"
	}
	f := t.Journals[len(t.Journals)-1]
	return fmt.Sprintf("%s %d", f.File, f.Seq)
}

func ago(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	d := time.Since(t)
	switch {
	case d < time.Minute:
		return "just now"
	case d < 48*time.Hour:
		return d.Truncate(time.Minute).String()[:len(d.Truncate(time.Minute).String())-2] + " ago"
	}
	return local(t)
}
