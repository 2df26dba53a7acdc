package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"taxiterminal/config"
	"taxiterminal/display/locale"
	"taxiterminal/display/paper"
	"taxiterminal/trip/shift"
)

func newShift(o *options) *cobra.Command {
	var past int
	cmd := &cobra.Command{
		Use:   "shift",
		Short: "Show the shift so far: trips, takings, tips, tax, and what is still open",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := o.client().Shift(cmd.Context(), past)
			if err != nil {
				return err
			}
			return o.print(cmd.OutOrStdout(), s, func(w io.Writer) { o.printShift(w, s) })
		},
	}
	cmd.Flags().IntVar(&past, "past", 0, "a shift that was ended: 1 is the last one")
	cmd.AddCommand(&cobra.Command{
		Use:   "end",
		Short: "End the shift and show it; what is still open is listed with how to go on",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := o.client().EndShift(cmd.Context())
			if err != nil {
				return err
			}
			return o.print(cmd.OutOrStdout(), s, func(w io.Writer) { o.printShift(w, s) })
		},
	})
	return cmd
}

// windowColumns is how wide receipts and reports are in a terminal window.
const windowColumns = 48

// paperStyle is how this car's receipts look, as far as the configuration can be read.
func (o *options) paperStyle() (paper.Options, *locale.Catalogue) {
	c, err := config.Load(o.config)
	if err != nil {
		c.Payment.Brand = "Vipps"
	}
	set, err := locale.Load("en")
	if err != nil {
		panic(err) // the catalogue is inside the program
	}
	return paperOf(c, windowColumns), set.Default()
}

func (o *options) printShift(w io.Writer, s shift.Summary) {
	style, words := o.paperStyle()
	fmt.Fprint(w, paper.Text(paper.Shift(s, words, style), windowColumns))
	for _, open := range s.Open {
		fmt.Fprintf(w, "trip %s: %s\n", open.Trip, nextStep[open.Kind])
	}
}

// nextStep is how each thing that is open is ended.
var nextStep = map[shift.OpenKind]string{
	shift.Unanswered: "wait, or end it with taxiterm pay cancel|cash|card TRIP",
	shift.Uncaptured: "the capture is on its way: taxiterm outbox list, taxiterm outbox retry ID",
	shift.Refunding:  "the refund is on its way: taxiterm outbox list",
	shift.Parked:     "taxiterm trips show TRIP says why; then taxiterm pay retry TRIP, or cash or card",
	shift.Unsettled:  "taxiterm pay cash|card|new TRIP",
	shift.Overpaid:   "taxiterm refund TRIP AMOUNT --reason ...",
}
