package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"taxiterminal/terminal/control"
)

func newContacts(o *options) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "contacts",
		Short: "Passengers who agreed to share their phone number",
		Long: `Passengers who agreed to share their phone number. Numbers are masked unless they are
asked for with --reveal. What is forgotten is gone from the file and its log; the
journal keeps a number that stands for nobody.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		contactsCommand(o, "list", "List them", printContacts),
		contactsCommand(o, "export", "Print everything that is kept of them, as JSON", nil),
		&cobra.Command{
			Use:   "forget ID",
			Short: "Forget one for good",
			Args:  cobra.ExactArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error {
				if err := o.client().Forget(cmd.Context(), args[0]); err != nil {
					return err
				}
				return o.print(cmd.OutOrStdout(), map[string]string{"forgotten": args[0]}, func(w io.Writer) {
					fmt.Fprintf(w, "contact %s is forgotten\n", args[0])
				})
			},
		},
	)
	return cmd
}

// contactsCommand prints the contacts for people, or as JSON if there is no way to.
func contactsCommand(o *options, name, short string, human func(io.Writer, []control.Contact)) *cobra.Command {
	var reveal bool
	cmd := &cobra.Command{
		Use:   name,
		Short: short,
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			list, err := o.client().Contacts(cmd.Context(), reveal)
			if err != nil {
				return err
			}
			if human == nil {
				return printJSON(cmd.OutOrStdout(), list)
			}
			return o.print(cmd.OutOrStdout(), list, func(w io.Writer) { human(w, list) })
		},
	}
	cmd.Flags().BoolVar(&reveal, "reveal", false, "show numbers, names and identifiers")
	return cmd
}

func printContacts(w io.Writer, list []control.Contact) {
	if len(list) == 0 {
		fmt.Fprintln(w, "nobody has shared a number")
		return
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "ID\tNUMBER\tLAST RIDE\tCONSENTS\tNAME")
	for _, c := range list {
		fmt.Fprintf(t, "%d\t%s\t%s\t%d\t%s\n", c.ID, c.Number, local(c.LastRide), len(c.Consents), c.Name)
	}
	_ = t.Flush()
}
