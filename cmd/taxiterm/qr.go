package main

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"taxiterminal/config"
	"taxiterminal/device/vehicle"
	"taxiterminal/device/vehicle/sticker"
	"taxiterminal/display/locale"
	"taxiterminal/display/qr"
	"taxiterminal/terminal/control"
)

func newQR(o *options) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "qr",
		Short: "The car's own code: the one on the sticker and on the idle screen",
		Long: `The car's own code is a short link at the payment API that leads whoever scans it to
an address of yours. The printed code stays the same for ever; where it leads can be
changed at any time, without a new print.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newQRShow(o), newQRCreate(o), newQRRetarget(o), newQRRetry(o), newQRSticker(o), newQRDestroy(o))
	return cmd
}

func newQRShow(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "show",
		Short: "Show where it leads and how it is",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.codeCommand(cmd, func() (control.Code, error) { return o.client().Code(cmd.Context()) })
		},
	}
}

func newQRCreate(o *options) *cobra.Command {
	var q control.CodeRequest
	cmd := &cobra.Command{
		Use:   "create --target URL",
		Short: "Have it made, or take over the one of this id",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if q.ID == "" {
				s, err := o.client().Status(cmd.Context())
				if err != nil {
					return err
				}
				if q.ID, err = vehicle.NewID(s.Vehicle, rand.Reader); err != nil {
					return err
				}
			}
			return o.codeCommand(cmd, func() (control.Code, error) { return o.client().MakeCode(cmd.Context(), q) })
		},
	}
	cmd.Flags().StringVar(&q.Target, "target", "", "https address that the code leads to; give every car its own, with something in it that cannot be guessed")
	cmd.Flags().StringVar(&q.ID, "id", "", "name of the code among those of the sales unit (default: a new one for this car)")
	cmd.Flags().BoolVar(&q.Adopt, "adopt", false, "take over a code of this id that leads somewhere else")
	_ = cmd.MarkFlagRequired("target")
	return cmd
}

func newQRRetarget(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "retarget URL",
		Short: "Let it lead somewhere else; prints stay good",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.codeCommand(cmd, func() (control.Code, error) { return o.client().RetargetCode(cmd.Context(), args[0]) })
		},
	}
}

func newQRRetry(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "retry",
		Short: "Try again what was refused, and look at the code anew",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.codeCommand(cmd, func() (control.Code, error) { return o.client().RetryCode(cmd.Context()) })
		},
	}
}

func newQRDestroy(o *options) *cobra.Command {
	var sure bool
	cmd := &cobra.Command{
		Use:   "destroy ID --destroy-printed-code",
		Short: "Kill the code on all paper for ever",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !sure {
				return usageError{errors.New("every sticker with this code dies, and its id cannot be used again: say --destroy-printed-code if you mean it")}
			}
			return o.codeCommand(cmd, func() (control.Code, error) { return o.client().DestroyCode(cmd.Context(), args[0]) })
		},
	}
	cmd.Flags().BoolVar(&sure, "destroy-printed-code", false, "yes, make all prints of it waste")
	return cmd
}

func (o *options) codeCommand(cmd *cobra.Command, do func() (control.Code, error)) error {
	c, err := do()
	if err != nil {
		return err
	}
	return o.print(cmd.OutOrStdout(), c, func(w io.Writer) { printCode(w, c) })
}

func printCode(w io.Writer, c control.Code) {
	if c.Phase == vehicle.None {
		fmt.Fprintln(w, "the car has no code yet: taxiterm qr create --target https://...")
		return
	}
	fmt.Fprintf(w, "%s  %s\nleads to %s\n", c.ID, c.Phase, c.Target)
	if c.Confirmed != c.Target && c.Confirmed != "" {
		fmt.Fprintf(w, "still leads to %s\n", c.Confirmed)
	}
	if c.Text != "" {
		fmt.Fprintf(w, "code says %s\n", c.Text)
	}
	for _, p := range []vehicle.Problem{c.Problem, c.Picture} {
		if p.Kind != vehicle.ProblemNone {
			fmt.Fprintf(w, "problem: %s\n", strings.TrimSpace(string(p.Kind)+" "+p.Code))
		}
	}
	if c.NeedsPerson {
		fmt.Fprintln(w, "put it right, then: taxiterm qr retry")
	}
	if c.Guessable {
		fmt.Fprintln(w, "warning: the address holds nothing that cannot be guessed, so anybody can open the pages of any car")
	}
}

func newQRSticker(o *options) *cobra.Command {
	var format, file string
	var marks bool
	cmd := &cobra.Command{
		Use:   "sticker",
		Short: "Make a print-ready PDF of the sticker",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := load(o.config)
			if err != nil {
				return err
			}
			code, err := o.client().Code(cmd.Context())
			if err != nil {
				return err
			}
			if code.Text == "" {
				return errors.New("there is no code to print yet: taxiterm qr show says why")
			}
			s, err := stickerOf(c, code, sticker.Format(strings.ToUpper(format)), marks)
			if err != nil {
				return err
			}
			var pdf bytes.Buffer
			if err := sticker.Write(&pdf, s); err != nil {
				return err
			}
			if file == "-" {
				_, err := pdf.WriteTo(cmd.OutOrStdout())
				return err
			}
			if err := os.WriteFile(file, pdf.Bytes(), 0o644); err != nil {
				return fmt.Errorf("sticker write: %w", err)
			}
			return o.print(cmd.OutOrStdout(), map[string]string{"file": file}, func(w io.Writer) { fmt.Fprintln(w, file) })
		},
	}
	cmd.Flags().StringVar(&format, "format", "A6", "A7 or A6")
	cmd.Flags().StringVarP(&file, "output", "o", "sticker.pdf", `file to write, "-" for standard output`)
	cmd.Flags().BoolVar(&marks, "marks", false, "with marks where to cut")
	return cmd
}

func stickerOf(c config.Config, code control.Code, format sticker.Format, marks bool) (sticker.Sticker, error) {
	drawn, err := qr.Encode(code.Text)
	if err != nil {
		return sticker.Sticker{}, err
	}
	words, err := locale.Load(c.Display.Languages...)
	if err != nil {
		return sticker.Sticker{}, err
	}
	s := sticker.Sticker{Format: format, Marks: marks, Vehicle: c.Vehicle, ID: code.ID, Operator: c.Operator}
	for y := range drawn.Size() {
		row := make([]bool, drawn.Size())
		for x := range row {
			row[x] = drawn.Dark(x, y)
		}
		s.Modules = append(s.Modules, row)
	}
	args := locale.Args{"brand": c.Payment.Brand, "vehicle": c.Vehicle}
	for _, l := range words.Catalogues() {
		s.Words = append(s.Words, sticker.Words{
			Headline: l.Text("sticker.headline", args), Text: l.Text("sticker.text", args), Hint: l.Text("sticker.hint", args),
		})
	}
	return s, nil
}
