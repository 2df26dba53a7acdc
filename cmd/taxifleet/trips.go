package main

import (
	"cmp"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"taxiterminal/fleet/journal"
	"taxiterminal/fleet/office"
	"taxiterminal/money"
	"taxiterminal/trip"
)

func newTrips(o *options) *cobra.Command {
	var q office.Query
	var csv bool
	cmd := &cobra.Command{
		Use:   "trips",
		Short: "List the trips of all cars, the newest first",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if csv {
				return o.csv(cmd, func(c *office.Client) ([]byte, error) { return c.TripsCSV(cmd.Context(), q) })
			}
			return ask(o, func(cmd *cobra.Command, c *office.Client, _ []string) ([]journal.Trip, error) {
				return c.Trips(cmd.Context(), q)
			}, printTrips)(cmd, nil)
		},
	}
	queryFlags(cmd, &q, &csv)
	cmd.Flags().BoolVar(&q.Open, "open", false, "only those to which something may still happen")
	cmd.Flags().IntVarP(&q.N, "number", "n", 0, "how many (default: 100, of --csv all)")
	cmd.AddCommand(&cobra.Command{
		Use:   "show REFERENCE",
		Short: "Show a trip, its payments and everything that happened",
		Args:  cobra.ExactArgs(1),
		RunE: ask(o, func(cmd *cobra.Command, c *office.Client, args []string) (office.Trip, error) {
			return c.Trip(cmd.Context(), args[0])
		}, printTrip),
	})
	return cmd
}

func queryFlags(cmd *cobra.Command, q *office.Query, csv *bool) {
	cmd.Flags().StringVar(&q.Car, "car", "", "only this car")
	cmd.Flags().StringVar(&q.From, "from", "", "first day, such as 2026-10-12")
	cmd.Flags().StringVar(&q.To, "to", "", "last day")
	cmd.Flags().BoolVar(csv, "csv", false, "for a spreadsheet")
}

func (o *options) csv(cmd *cobra.Command, do func(*office.Client) ([]byte, error)) error {
	c, err := o.client()
	if err != nil {
		return err
	}
	body, err := do(c)
	if err != nil {
		return err
	}
	return output(cmd, "-", body)
}

func printTrips(w io.Writer, list []journal.Trip) {
	table(w, "no trips", "TRIP | BEGAN | STATE | TOTAL | APP | REFUNDED | BY HAND | DUE | ", list, func(t journal.Trip) []any {
		return []any{t.Reference, local(t.At), tripState(t.Phase, t.Settlement, t.Means), money.Of(t.Total, t.Currency), t.App.Decimal(), t.Refunded.Decimal(),
			t.ByHand.Decimal(), t.Due.Decimal(), t.Problem}
	})
}

func tripState(p trip.Phase, s trip.Settlement, m trip.Means) string {
	if s == trip.Otherwise {
		return string(m)
	}
	return cmp.Or(string(s), string(p))
}

func printTrip(w io.Writer, t office.Trip) {
	fmt.Fprintf(w, "%s  %s  began %s\n", t.ID, tripState(t.Phase, t.Settled, t.Means), local(t.Begun))
	fmt.Fprintf(w, "total %s, captured %s, refunded %s\n", money.Of(t.Total, t.Currency), t.Captured.Decimal(), t.Refunded.Decimal())
	if t.Problem != "" {
		fmt.Fprintln(w, "problem:", t.Problem)
	}
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if len(t.Payments) > 0 {
		fmt.Fprintln(tab, "\nPAYMENT\tSTATE\tASKED\tAUTHORIZED\tCAPTURED\tCANCELLED\tREFUNDED")
	}
	for _, p := range t.Payments {
		fmt.Fprintf(tab, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", p.Reference, p.State, p.Asked.Decimal(), p.Authorized.Decimal(),
			p.Captured.Decimal(), p.Cancelled.Decimal(), p.Refunded.Decimal())
	}
	fmt.Fprintln(tab, "\nTIME\tEVENT\t")
	for _, e := range t.Events {
		fmt.Fprintf(tab, "%s\t%s\t%s\n", e.At.Local().Format("2006-01-02 15:04:05.000"), e.Kind, e.Body)
	}
	_ = tab.Flush()
}

func newReport(o *options) *cobra.Command {
	var q office.Query
	var csv bool
	cmd := &cobra.Command{
		Use:   "report --from DAY --to DAY",
		Short: "Sum up by car and day",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if csv {
				return o.csv(cmd, func(c *office.Client) ([]byte, error) { return c.ReportCSV(cmd.Context(), q) })
			}
			return ask(o, func(cmd *cobra.Command, c *office.Client, _ []string) (office.Report, error) {
				return c.Report(cmd.Context(), q)
			}, printReport)(cmd, nil)
		},
	}
	queryFlags(cmd, &q, &csv)
	return cmd
}

func printReport(w io.Writer, r office.Report) {
	table(w, "no trips", "DAY | CAR | TRIPS | TOTAL | TIP | APP | REFUNDED | CASH | CARD | INVOICE | UNPAID | DUE | OPEN | PROBLEMS", r.Totals, func(t journal.Total) []any {
		return []any{t.Day, t.Vehicle, t.Trips, money.Of(t.Total, t.Currency), t.Tip.Decimal(), t.App.Decimal(), t.Refunded.Decimal(), t.Cash.Decimal(),
			t.Card.Decimal(), t.Invoice.Decimal(), t.Unpaid.Decimal(), t.Due.Decimal(), t.Open, t.Problems}
	})
	fmt.Fprintf(w, "\ndays in %s\n", r.Zone)
	for _, f := range r.Incomplete {
		fmt.Fprintf(w, "INCOMPLETE: journal %s of terminal %s is here up to row %d only; taxifleet terminal show %s\n", f.File, brief(f.Terminal), f.Seq, f.Terminal)
	}
}

func newRefund(o *options) *cobra.Command {
	var reason, before string
	cmd := &cobra.Command{
		Use:   "refund REFERENCE AMOUNT",
		Short: "Let the car give captured money of a trip back",
		Long: `Let the car give captured money of a trip back. The car decides and does it, so it must
be connected. The amount is in whole units, such as 286.50. The same command again does not
give it back again; for a further refund of the trip say what was given back before with
--already.`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			amount, err := money.ParseDecimal(args[1])
			if err != nil {
				return usageError{error: err}
			}
			already, err := money.ParseDecimal(before)
			if err != nil {
				return usageError{error: fmt.Errorf("already: %w", err)}
			}
			return ask(o, func(cmd *cobra.Command, c *office.Client, _ []string) (office.Refund, error) {
				return c.Refund(cmd.Context(), args[0], office.RefundRequest{Amount: amount, Already: already, Reason: reason})
			}, printRefund)(cmd, nil)
		},
	}
	cmd.Flags().StringVar(&before, "already", "0.00", "what was given back of the trip before this refund")
	cmd.Flags().StringVar(&reason, "reason", "", "for the journal; nothing about people")
	return cmd
}

func printRefund(w io.Writer, r office.Refund) {
	if r.Done {
		fmt.Fprintf(w, "given back; of trip %s %s in all\n", r.Trip, money.Of(r.Refunded, r.Currency))
		return
	}
	fmt.Fprintf(w, "the car has taken it on and goes on trying: taxifleet trips show %s\n", r.Trip)
}
