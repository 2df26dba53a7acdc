package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"taxiterminal/fleet/office"
	"taxiterminal/fleet/registry"
)

func newMerchant(o *options) *cobra.Command {
	return group("merchant", "The sales units; they are set up in the configuration", &cobra.Command{
		Use:   "list",
		Short: "List them",
		Args:  cobra.NoArgs,
		RunE: ask(o, func(cmd *cobra.Command, c *office.Client, _ []string) ([]office.Merchant, error) {
			return c.Merchants(cmd.Context())
		}, func(w io.Writer, list []office.Merchant) {
			table(w, "no merchants", "MERCHANT | MSN | ENVIRONMENT | LIMIT | CARS | KEYS", list, func(m office.Merchant) []any {
				return []any{m.Name, m.MSN, m.Environment, m.AmountLimit.Decimal() + " " + string(m.Currency), m.Cars, yesNo(m.Keys)}
			})
		}),
	})
}

func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "NO"
}

func newAdmin(o *options) *cobra.Command {
	var read bool
	add := &cobra.Command{
		Use:   "add NAME",
		Short: "Let somebody administer from elsewhere, with a token that is shown once",
		Args:  cobra.ExactArgs(1),
		RunE: ask(o, func(cmd *cobra.Command, c *office.Client, args []string) (office.NewAdmin, error) {
			role := registry.Operate
			if read {
				role = registry.Read
			}
			return c.AddAdmin(cmd.Context(), office.AddAdmin{Name: args[0], Role: role})
		}, func(w io.Writer, a office.NewAdmin) {
			fmt.Fprintf(w, "%s\n\nof %s, who may %s; nobody sees it again\nuse it:  TAXIFLEET_TOKEN=... taxifleet --server https://... status\n", a.Token, a.Name, a.Role)
		}),
	}
	add.Flags().BoolVar(&read, "read-only", false, "only to look")
	return group("admin", "Who may administer from elsewhere", add,
		&cobra.Command{
			Use:   "list",
			Short: "List them",
			Args:  cobra.NoArgs,
			RunE: ask(o, func(cmd *cobra.Command, c *office.Client, _ []string) ([]office.Admin, error) {
				return c.Admins(cmd.Context())
			}, func(w io.Writer, list []office.Admin) {
				table(w, "nobody; on this machine the gateway's user may", "NAME | ROLE | ADDED", list, func(a office.Admin) []any {
					return []any{a.Name, a.Role, local(a.Added)}
				})
			}),
		},
		&cobra.Command{
			Use:   "remove NAME",
			Short: "Make somebody's token worthless",
			Args:  cobra.ExactArgs(1),
			RunE: ask(o, func(cmd *cobra.Command, c *office.Client, args []string) (map[string]string, error) {
				return map[string]string{"removed": args[0]}, c.RemoveAdmin(cmd.Context(), args[0])
			}, func(w io.Writer, v map[string]string) { fmt.Fprintf(w, "%s is removed\n", v["removed"]) }),
		})
}

func newAudit(o *options) *cobra.Command {
	var n int
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Show who changed what, the newest first",
		Args:  cobra.NoArgs,
		RunE: ask(o, func(cmd *cobra.Command, c *office.Client, _ []string) ([]registry.Entry, error) {
			return c.Audit(cmd.Context(), n)
		}, func(w io.Writer, list []registry.Entry) {
			table(w, "nothing was changed yet", "TIME | BY | WHAT | OF | DETAIL | ", list, func(e registry.Entry) []any {
				failed := ""
				if e.Failed != "" {
					failed = "FAILED: " + e.Failed
				}
				return []any{local(e.At), e.By, e.What, e.Subject, e.Detail, failed}
			})
		}),
	}
	cmd.Flags().IntVarP(&n, "number", "n", 100, "how many, at most 1000")
	return cmd
}

// errNotReady is the exit of a status that is not good.
var errNotReady = errors.New("the gateway cannot serve cars")

func newStatus(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Say whether cars can be served, and what is wrong",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ok := false
			err := ask(o, func(cmd *cobra.Command, c *office.Client, _ []string) (office.Ready, error) {
				r, err := c.Ready(cmd.Context())
				ok = r.OK
				return r, err
			}, printReady)(cmd, nil)
			if err == nil && !ok {
				return errNotReady
			}
			return err
		},
	}
}

func printReady(w io.Writer, r office.Ready) {
	if r.OK {
		fmt.Fprintln(w, "ready")
	}
	for _, text := range r.Reasons {
		fmt.Fprintln(w, "NOT READY:", text)
	}
	for _, text := range r.Warnings {
		fmt.Fprintln(w, "warning:", text)
	}
}
