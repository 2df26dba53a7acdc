package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"taxiterminal/display/locale"
	"taxiterminal/terminal/control"
)

func newStatus(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Show what the terminal does now",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := o.client().Status(cmd.Context())
			if err != nil {
				return err
			}
			return o.print(cmd.OutOrStdout(), s, func(w io.Writer) { printStatus(w, s) })
		},
	}
}

func printStatus(w io.Writer, s control.Status) {
	words := []string{s.Vehicle, string(s.Screen)}
	if s.Reason != "" {
		words = append(words, "("+string(s.Reason)+")")
	}
	if s.Trip != "" {
		words = append(words, "trip "+s.Trip)
	}
	if s.Amount != nil {
		words = append(words, s.Amount.String())
	}
	fmt.Fprintln(w, strings.Join(words, "  "))
	if s.Unusable != "" {
		printFaults(w, s)
		fmt.Fprintf(w, "because:  %s\n          %s\n", s.Unusable, s.Do)
		fmt.Fprintln(w, modeOf(s.Gateway))
		return
	}
	queue := fmt.Sprintf("%d pending", s.Queue.Pending)
	if s.Queue.Pending > 0 {
		queue += fmt.Sprintf(" (oldest %s)", time.Duration(s.Queue.OldestSeconds*float64(time.Second)).Round(time.Second))
	}
	if s.Queue.Parked > 0 {
		queue += fmt.Sprintf(", %d parked", s.Queue.Parked)
	}
	fmt.Fprintf(w, "network %s, meter %s, queue %s\n", s.Network, s.Meter, queue)
	fmt.Fprintln(w, modeOf(s.Gateway))
	if len(s.Actions) > 0 {
		fmt.Fprintf(w, "possible now: taxiterm pay %s\n", strings.Trim(fmt.Sprint(s.Actions), "[]"))
	}
	if s.Notice != "" {
		printNotice(w, s)
	}
	if len(s.Faults) > 0 {
		printFaults(w, s)
	}
}

// modeOf says who makes the payments, and how it is reached.
func modeOf(g *control.Gateway) string {
	switch {
	case g == nil:
		return "payments by the terminal itself"
	case g.Name == "":
		return "payments by the fleet's gateway: not enrolled (" + g.Problem + ")"
	case g.Refused:
		return fmt.Sprintf("payments by %s: it does not let this terminal in; the office must enrol it anew", g.Name)
	}
	text := fmt.Sprintf("payments by %s: connected", g.Name)
	if !g.Connected {
		text = fmt.Sprintf("payments by %s: not connected", g.Name)
		if g.Problem != "" {
			text += " (" + g.Problem + ")"
		}
	}
	if g.Broken {
		return text + "; its copy of the journal is not this one, the office must look"
	}
	return text + fmt.Sprintf("; journal copied up to row %d", g.Copied)
}

// english has the words of the screens.
func english() *locale.Catalogue {
	set, err := locale.Load("en")
	if err != nil {
		panic(err) // the catalogue is inside the program
	}
	return set.Default()
}

// printNotice is what the driver is to read now.
func printNotice(w io.Writer, s control.Status) {
	args := locale.Args{"brand": s.Brand, "trip": s.NoticeTrip}
	if s.NoticeAmount != nil {
		args["amount"] = s.NoticeAmount.String()
	}
	fmt.Fprintf(w, "notice (%s): %s\n", s.Notice, english().Text("notice."+s.Notice, args))
}

// printFaults says what is wrong and what to do, in the words of the driver's screen.
func printFaults(w io.Writer, s control.Status) {
	en, args := english(), locale.Args{"brand": s.Brand}
	for _, f := range s.Faults {
		fmt.Fprintf(w, "fault %s: %s\n          %s\n", f, en.Text("fault."+string(f), args), en.Text("fault."+string(f)+".do", args))
	}
}
