package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"taxiterminal/display/paper"
	"taxiterminal/money"
	"taxiterminal/terminal/control"
	"taxiterminal/trip"
)

func newTrips(o *options) *cobra.Command {
	var n int
	var before int64
	cmd := &cobra.Command{
		Use:   "trips",
		Short: "List the last trips",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			list, err := o.client().Trips(cmd.Context(), before, n)
			if err != nil {
				return err
			}
			return o.print(cmd.OutOrStdout(), list, func(w io.Writer) { printTrips(w, list) })
		},
	}
	cmd.Flags().IntVarP(&n, "number", "n", 20, "how many")
	cmd.Flags().Int64Var(&before, "before", 0, "only trips numbered below this one")
	cmd.AddCommand(&cobra.Command{
		Use:   "show TRIP",
		Short: "Show a trip, its payments and everything that happened",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			t, err := o.client().Trip(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return o.print(cmd.OutOrStdout(), t, func(w io.Writer) { o.printTrip(w, t) })
		},
	})
	return cmd
}

func printTrips(w io.Writer, list []control.Trip) {
	if len(list) == 0 {
		fmt.Fprintln(w, "no trips yet")
		return
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "TRIP\tBEGUN\tSTATE\tTOTAL\tCAPTURED\tREFUNDED")
	for _, x := range list {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", x.Trip, local(x.Begun), stateOf(x),
			money.Of(x.Total+x.Tip, x.Currency), x.Captured.Decimal(), x.Refunded.Decimal())
	}
	_ = t.Flush()
}

func stateOf(t control.Trip) string {
	words := []string{string(t.Phase)}
	switch {
	case t.Settlement == trip.Otherwise:
		words = []string{string(t.Means)}
	case t.Settlement != "":
		words = []string{string(t.Settlement)}
	}
	if t.Problem != "" {
		words = append(words, "("+strings.TrimSpace(t.Problem+" "+t.Code)+")")
	}
	if t.Typed {
		words = append(words, "(typed by the driver)")
	}
	return strings.Join(words, " ")
}

func (o *options) printTrip(w io.Writer, t control.Trip) {
	fmt.Fprintf(w, "trip %s  %s  %s\n", t.Trip, t.ID, stateOf(t))
	fmt.Fprintf(w, "total %s", money.Of(t.Total, t.Currency))
	for _, part := range []struct {
		name  string
		value money.Minor
	}{{"tip", t.Tip}, {"captured", t.Captured}, {"refunded", t.Refunded}, {"by other means", t.Otherwise}} {
		if part.value != 0 {
			fmt.Fprintf(w, ", %s %s", part.name, part.value.Decimal())
		}
	}
	fmt.Fprintln(w)
	style, words := o.paperStyle()
	fmt.Fprintf(w, "\n%s\n", strings.TrimRight(paper.Text(paper.Receipt(t.Receipt, words, style), windowColumns), "\n"))
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if len(t.Attempts) > 0 {
		fmt.Fprintln(tab, "\nPAYMENT\tSTATE\tASKED\tAUTHORIZED\tCAPTURED\tCANCELLED\tREFUNDED")
	}
	for _, a := range t.Attempts {
		fmt.Fprintf(tab, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", a.Reference, a.State, a.Asked.Decimal(), a.Authorized.Decimal(),
			a.Captured.Decimal(), a.Cancelled.Decimal(), a.Refunded.Decimal())
	}
	fmt.Fprintln(tab, "\nTIME\tEVENT\t")
	for _, e := range t.Events {
		fmt.Fprintf(tab, "%s\t%s\t%s\n", e.At.Local().Format("2006-01-02 15:04:05.000"), e.Kind, compact(e.Body))
	}
	_ = tab.Flush()
}

// compact leaves out what stands in the heading anyway.
func compact(body json.RawMessage) string {
	if string(body) == "{}" {
		return ""
	}
	return string(body)
}

func local(t time.Time) string { return t.Local().Format("2006-01-02 15:04") }
