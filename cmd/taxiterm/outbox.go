package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"taxiterminal/terminal/control"
)

func newOutbox(o *options) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "outbox",
		Short: "Look after the commands that are on their way",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newOutboxList(o), newOutboxShow(o), newOutboxVerify(o), newOutboxSetAside(o))
	for _, a := range []struct {
		name, short string
		do          func(*control.Client, *cobra.Command, string, string) error
	}{
		{"retry", "Let a parked command go, or try a pending one at once", func(c *control.Client, cmd *cobra.Command, id, reason string) error {
			return c.Retry(cmd.Context(), id, reason)
		}},
		{"park", "Take a command out of delivery until retry; its trip waits", func(c *control.Client, cmd *cobra.Command, id, reason string) error {
			return c.Park(cmd.Context(), id, reason)
		}},
	} {
		var reason string
		sub := &cobra.Command{
			Use:   a.name + " ID",
			Short: a.short,
			Args:  cobra.ExactArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error {
				if err := a.do(o.client(), cmd, args[0], reason); err != nil {
					return err
				}
				return o.showCommand(cmd, args[0])
			},
		}
		sub.Flags().StringVar(&reason, "reason", "", "why, for the record")
		cmd.AddCommand(sub)
	}
	return cmd
}

func newOutboxList(o *options) *cobra.Command {
	var all bool
	var n int
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the commands whose outcome is open",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			list, err := o.client().Commands(cmd.Context(), all, n)
			if err != nil {
				return err
			}
			return o.print(cmd.OutOrStdout(), list, func(w io.Writer) { printCommands(w, list) })
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "finished ones too")
	cmd.Flags().IntVarP(&n, "number", "n", 50, "how many")
	return cmd
}

func printCommands(w io.Writer, list []control.Command) {
	if len(list) == 0 {
		fmt.Fprintln(w, "nothing is on its way")
		return
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "ID\tTRIP\tKIND\tSTATE\tTRIES\tNEXT TRY\tKEY\tLAST ERROR")
	for _, c := range list {
		fmt.Fprintf(t, "%d\t%s\t%s\t%s\t%d\t%s\t%s\t%s\n", c.ID, cmp.Or(c.Trip, "-"), c.Kind, stateText(c), c.Tries, nextTry(c), c.Key, c.LastError)
	}
	_ = t.Flush()
}

func stateText(c control.Command) string {
	if c.Uncertain && c.Finished == nil {
		return string(c.State) + ", outcome open"
	}
	return string(c.State)
}

func nextTry(c control.Command) string {
	switch {
	case c.Finished != nil, c.State == "parked":
		return "-"
	case c.Busy:
		return "now"
	}
	return time.Duration(c.NextTryIn * float64(time.Second)).Round(time.Second).String()
}

func newOutboxShow(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "show ID",
		Short: "Show one command and the request that it sends",
		Args:  cobra.ExactArgs(1),
		RunE:  func(cmd *cobra.Command, args []string) error { return o.showCommand(cmd, args[0]) },
	}
}

func (o *options) showCommand(cmd *cobra.Command, id string) error {
	c, err := o.client().Command(cmd.Context(), id)
	if err != nil {
		return err
	}
	return o.print(cmd.OutOrStdout(), c, func(w io.Writer) {
		printCommands(w, []control.Command{c})
		if c.Note != "" {
			fmt.Fprintln(w, "note:", c.Note)
		}
		body, err := json.MarshalIndent(c.Body, "", "  ")
		if err == nil {
			fmt.Fprintf(w, "%s\n", body)
		}
	})
}
