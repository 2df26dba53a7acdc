package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"taxiterminal/display"
	"taxiterminal/money"
	"taxiterminal/terminal/control"
)

func newPay(o *options) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "pay",
		Short: "Do what the driver's buttons do",
		Long: `Do what the driver's buttons do, for the trip on the screen or for the one that is
named. What cannot be done now is refused with the reason.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	for _, a := range []struct {
		action display.Action
		short  string
	}{
		{display.ActionCash, "The passenger pays in cash; a request is withdrawn"},
		{display.ActionCard, "The passenger pays by card; a request is withdrawn"},
		{display.ActionInvoice, "The trip goes on an account; a request is withdrawn"},
		{display.ActionCancel, "Withdraw the request, unless the passenger was faster"},
		{display.ActionNew, "Make a new code, or ask for an amount that was in doubt"},
	} {
		cmd.AddCommand(tripCommand(o, string(a.action), a.short, func(cmd *cobra.Command, number string) error {
			return o.client().Act(cmd.Context(), a.action, number)
		}))
	}
	retry := tripCommand(o, "retry", "Let a parked trip try again", func(cmd *cobra.Command, number string) error {
		return o.client().RetryTrip(cmd.Context(), number)
	})
	retry.Use, retry.Args = "retry TRIP", cobra.ExactArgs(1)
	cmd.AddCommand(retry, newPaySend(o), newPayFare(o), newPayPrint(o), newAllowPush(o))
	return cmd
}

func newPaySend(o *options) *cobra.Command {
	var to control.SendRequest
	cmd := &cobra.Command{
		Use:   "send TRIP",
		Short: "Let the request go to a phone; the number is read from standard input",
		Long: `Let the request go to a phone: to a contact, or to the number on standard input, so
that it stands in no list of processes and no history.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if to.Contact == 0 {
				line, err := bufio.NewReader(io.LimitReader(cmd.InOrStdin(), 64)).ReadString('\n')
				if err != nil && !errors.Is(err, io.EOF) {
					return err
				}
				to.Number = strings.TrimSpace(line)
			}
			if err := o.client().Send(cmd.Context(), args[0], to); err != nil {
				return err
			}
			return o.done(cmd)
		},
	}
	cmd.Flags().Int64Var(&to.Contact, "contact", 0, "a passenger of taxiterm contacts list")
	return cmd
}

func newPayFare(o *options) *cobra.Command {
	var trip string
	cmd := &cobra.Command{
		Use:   "fare TOTAL",
		Short: "Type the fare, such as 286.50, when the meter is lost",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			total, err := money.ParseDecimal(args[0])
			if err != nil {
				return usageError{err}
			}
			if err := o.client().TypeFare(cmd.Context(), control.FareRequest{Trip: trip, Total: total}); err != nil {
				return err
			}
			return o.done(cmd)
		},
	}
	cmd.Flags().StringVar(&trip, "trip", "", "the trip on the screen; without it and without one there, a new trip begins")
	return cmd
}

func newPayPrint(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "print TRIP",
		Short: "Print the receipt of a trip",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.client().Print(cmd.Context(), args[0]); err != nil {
				return err
			}
			return o.done(cmd)
		},
	}
}

func newAllowPush(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "allow-push",
		Short: "Try requests to phones again, after the sales unit was approved for them",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.client().AllowPush(cmd.Context()); err != nil {
				return err
			}
			return o.done(cmd)
		},
	}
}

func tripCommand(o *options, name, short string, do func(*cobra.Command, string) error) *cobra.Command {
	return &cobra.Command{
		Use:   name + " [TRIP]",
		Short: short,
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			number := ""
			if len(args) > 0 {
				number = args[0]
			}
			if err := do(cmd, number); err != nil {
				return err
			}
			return o.done(cmd)
		},
	}
}

// done says that something was accepted, and what the terminal does now.
func (o *options) done(cmd *cobra.Command) error {
	s, err := o.client().Status(cmd.Context())
	if err != nil {
		return err
	}
	return o.print(cmd.OutOrStdout(), s, func(w io.Writer) {
		fmt.Fprintln(w, "ok")
		printStatus(w, s)
	})
}

func newRefund(o *options) *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use:   "refund TRIP [AMOUNT]",
		Short: "Give captured money back, all of it or an amount such as 49.50",
		Args:  cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			amount, err := o.refundAmount(cmd, args)
			if err != nil {
				return err
			}
			if err := o.client().Refund(cmd.Context(), args[0], amount, reason); err != nil {
				return err
			}
			t, err := o.client().Trip(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return o.print(cmd.OutOrStdout(), t, func(w io.Writer) {
				fmt.Fprintf(w, "refund of %s for trip %s is on its way\n", money.Of(amount, t.Currency), t.Trip)
			})
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why, for the record")
	return cmd
}

// refundAmount is what was asked for, or all that is left.
func (o *options) refundAmount(cmd *cobra.Command, args []string) (money.Minor, error) {
	if len(args) == 2 {
		amount, err := money.ParseDecimal(args[1])
		if err != nil {
			return 0, usageError{err}
		}
		return amount, nil
	}
	t, err := o.client().Trip(cmd.Context(), args[0])
	if err != nil {
		return 0, err
	}
	return t.Captured - t.Refunded, nil
}
