package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"taxiterminal/fleet/office"
)

func newCar(o *options) *cobra.Command {
	var merchant string
	add := &cobra.Command{
		Use:   "add CAR",
		Short: "Add a car, by the number that passengers know",
		Args:  cobra.ExactArgs(1),
		RunE: ask(o, func(cmd *cobra.Command, c *office.Client, args []string) (office.Car, error) {
			return c.AddCar(cmd.Context(), office.AddCar{ID: args[0], Merchant: merchant})
		}, func(w io.Writer, c office.Car) {
			printCar(w, c)
			fmt.Fprintf(w, "next: taxifleet token %s for its terminal, taxifleet qr sync for its sticker\n", c.ID)
		}),
	}
	add.Flags().StringVar(&merchant, "merchant", "", "whose payments it takes (default: the only one)")
	return group("car", "The cars of the fleet", add,
		&cobra.Command{
			Use:   "list",
			Short: "List them",
			Args:  cobra.NoArgs,
			RunE: ask(o, func(cmd *cobra.Command, c *office.Client, _ []string) ([]office.Car, error) {
				return c.Cars(cmd.Context())
			}, func(w io.Writer, list []office.Car) {
				table(w, "no cars yet: taxifleet car add", "CAR | MERCHANT | TERMINAL | CODE | ADDED", list, func(c office.Car) []any {
					return []any{c.ID, c.Merchant, brief(c.Terminal), dash(c.QRID), local(c.Added)}
				})
			}),
		},
		carCommand(o, "show CAR", "Show one", 1, func(cmd *cobra.Command, c *office.Client, args []string) (office.Car, error) {
			return c.Car(cmd.Context(), args[0])
		}),
		carCommand(o, "move CAR MERCHANT", "Let it take payments for another merchant; its sticker stays good", 2, func(cmd *cobra.Command, c *office.Client, args []string) (office.Car, error) {
			return c.MoveCar(cmd.Context(), args[0], args[1])
		}),
		newCarCode(o),
		carCommand(o, "qr CAR CODE-ID", `Say which code at the payment API is the car's, "" for none`, 2, func(cmd *cobra.Command, c *office.Client, args []string) (office.Car, error) {
			return c.SetQR(cmd.Context(), args[0], args[1])
		}),
	)
}

func carCommand(o *options, use, short string, n int, do func(*cobra.Command, *office.Client, []string) (office.Car, error)) *cobra.Command {
	return &cobra.Command{Use: use, Short: short, Args: cobra.ExactArgs(n), RunE: ask(o, do, printCar)}
}

func newCarCode(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "new-page CAR",
		Short: "Give it a page at a new address, when strangers use the old one",
		Long: `Give a car a page at a new address. The old address leads nowhere from then on; the
printed code follows with the next taxifleet qr sync, so stickers stay good.`,
		Args: cobra.ExactArgs(1),
		RunE: ask(o, func(cmd *cobra.Command, c *office.Client, args []string) (office.Car, error) {
			return c.NewCode(cmd.Context(), args[0])
		}, func(w io.Writer, c office.Car) {
			printCar(w, c)
			fmt.Fprintln(w, "next: taxifleet qr sync, so that the sticker leads there")
		}),
	}
}

func printCar(w io.Writer, c office.Car) {
	fmt.Fprintf(w, "%s  merchant %s, added %s\npage      %s\n", c.ID, c.Merchant, local(c.Added), c.Page)
	fmt.Fprintf(w, "sticker   %s\nterminal  %s\n", dash(c.QRID), dash(c.Terminal))
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// brief is enough of a terminal's id to tell it from others.
func brief(terminal string) string {
	const some = 12
	if len(terminal) <= some {
		return dash(terminal)
	}
	return terminal[:some] + "..."
}

func newToken(o *options) *cobra.Command {
	var q office.TokenRequest
	var cancel bool
	cmd := &cobra.Command{
		Use:   "token CAR",
		Short: "Make a one-time token that lets a computer become the terminal of a car",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if cancel {
				return o.cancelTokens(cmd, args[0])
			}
			return o.makeToken(cmd, args[0], q)
		},
	}
	cmd.Flags().IntVar(&q.Hours, "hours", 24, "how long it can be used")
	cmd.Flags().BoolVar(&q.Replace, "replace", false, "the car has a terminal: it is out as soon as the new one is in")
	cmd.Flags().BoolVar(&cancel, "cancel", false, "make worthless the tokens of the car that nobody used")
	cmd.MarkFlagsMutuallyExclusive("cancel", "replace")
	cmd.MarkFlagsMutuallyExclusive("cancel", "hours")
	return cmd
}

func (o *options) makeToken(cmd *cobra.Command, car string, q office.TokenRequest) error {
	return ask(o, func(cmd *cobra.Command, c *office.Client, _ []string) (office.Token, error) {
		return c.NewToken(cmd.Context(), car, q)
	}, func(w io.Writer, t office.Token) {
		fmt.Fprintf(w, "%s\n\nfor %s, once, until %s\nin the car:  sudo -u taxiterm taxiterm enroll --server %s\n", t.Token, t.Vehicle, local(t.Expires), t.Server)
	})(cmd, nil)
}

func (o *options) cancelTokens(cmd *cobra.Command, car string) error {
	return ask(o, func(cmd *cobra.Command, c *office.Client, _ []string) (map[string]string, error) {
		return map[string]string{"cancelled": car}, c.CancelTokens(cmd.Context(), car)
	}, func(w io.Writer, _ map[string]string) {
		fmt.Fprintf(w, "unused tokens of %s are worthless now\n", car)
	})(cmd, nil)
}
