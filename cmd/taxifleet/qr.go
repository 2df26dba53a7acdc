package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"taxiterminal/fleet/office"
)

func newQR(o *options) *cobra.Command {
	var dry bool
	sync := &cobra.Command{
		Use:   "sync",
		Short: "Let each car's printed code lead to its page; make those that are missing",
		Args:  cobra.NoArgs,
		RunE: ask(o, func(cmd *cobra.Command, c *office.Client, _ []string) (office.Sync, error) {
			return c.Sync(cmd.Context(), dry)
		}, printSync),
	}
	sync.Flags().BoolVar(&dry, "dry-run", false, "only say what would be done")
	return group("qr", "The codes on the stickers", sync, newSticker(o))
}

func printSync(w io.Writer, s office.Sync) {
	table(w, "no cars yet: taxifleet car add", "CAR | CODE |  | ", s.Codes, func(c office.QRState) []any {
		text := string(c.Did)
		if c.Did == office.Remade {
			text = "remade: print a new sticker"
		}
		return []any{c.Vehicle, dash(c.QRID), text, c.Problem}
	})
	if s.DryRun {
		fmt.Fprintln(w, "nothing was changed")
	}
}

func newSticker(o *options) *cobra.Command {
	var q office.StickerRequest
	var all bool
	var file string
	cmd := &cobra.Command{
		Use:   "sticker CAR... | --all",
		Short: "Make a print-ready PDF of stickers",
		RunE: func(cmd *cobra.Command, args []string) error {
			if all == (len(args) > 0) {
				return usageError{error: errors.New("want cars or --all, and not both")}
			}
			c, err := o.client()
			if err != nil {
				return err
			}
			q.Cars = args
			pdf, err := c.Stickers(cmd.Context(), q)
			if err != nil {
				return err
			}
			if err := output(cmd, file, pdf); err != nil || file == "-" {
				return err
			}
			return o.print(cmd.OutOrStdout(), map[string]string{"file": file}, func(w io.Writer) { fmt.Fprintln(w, file) })
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "of all cars that have a code")
	cmd.Flags().StringVar(&q.Size, "format", "A6", "A7 or A6")
	cmd.Flags().BoolVar(&q.Marks, "marks", false, "with marks where to cut")
	cmd.Flags().StringSliceVar(&q.Languages, "language", nil, "languages, the most important first (default: the pages' and English)")
	cmd.Flags().StringVarP(&file, "output", "o", "stickers.pdf", `file to write, "-" for standard output`)
	return cmd
}
