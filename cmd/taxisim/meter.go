package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"taxiterminal/device/meter"
	"taxiterminal/device/serialport/ptycable"
	"taxiterminal/money"
	"taxiterminal/sim"
)

// meterFlags are what taxisim meter is told.
type meterFlags struct {
	meter    sim.MeterOptions
	link     string
	currency string
}

func newMeter() *cobra.Command {
	var f meterFlags
	cmd := &cobra.Command{
		Use:   "meter",
		Short: "A taximeter alone, on a pseudo-terminal",
		Long: `meter plays a taximeter on a pseudo-terminal and takes its keys from standard input,
one a line, and what is to befall it. Whatever the protocol, pull and plug move its
cable. Then each has its own:
` + allKeys(),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.play(cmd.Context(), cmd.InOrStdin(), cmd.OutOrStdout())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.meter.Protocol, "protocol", "mdt", "the protocol that the meter speaks: "+strings.Join(sim.ProtocolNames(), ", "))
	flags.StringVar(&f.meter.Profile, "profile", "", "of the driver; for capture also the layout of the receipts")
	flags.StringVar(&f.currency, "currency", "NOK", "that the meter charges in")
	flags.StringVar(&f.link, "link", "/tmp/taximeter", "where the computer's end of the cable is found")
	flags.Int64Var((*int64)(&f.meter.Flagfall), "flagfall", 6500, "fare at the start, in minor units")
	flags.Int64Var((*int64)(&f.meter.PerSecond), "per-second", 45, "fare for each second, in minor units")
	flags.Int64Var(&f.meter.Speed, "speed", 14, "metres for each second")
	flags.BoolVar(&f.meter.LongForm, "long-form", false, "mdt: send the amounts with each key press, as Centrodyne does")
	flags.BoolVar(&f.meter.TLC, "tlc", false, "mdt: send trip data in the TLC form")
	flags.BoolVar(&f.meter.FareAtVacant, "fare-at-vacant", false, "mdt: tell the fare only when the trip is closed")
	return cmd
}

// allKeys are the keys and faults of every meter, for the help.
func allKeys() string {
	var b strings.Builder
	for _, p := range sim.Protocols() {
		m, err := sim.NewMeter(sim.MeterOptions{Protocol: p.Name}, money.NOK)
		if err != nil {
			panic(fmt.Sprintf("meter %s: %v", p.Name, err)) // as every start of the program would show
		}
		fmt.Fprintf(&b, "\n%s: %s\n%s", p.Name, p.About, keysOf(m))
	}
	return b.String()
}

func keysOf(m sim.Meter) string {
	var b strings.Builder
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, k := range m.Keys() {
		fmt.Fprintf(t, "  %s\t%s\n", k.Name, k.About)
	}
	_ = t.Flush() // into memory
	return b.String()
}

// bench is a meter and its cable.
type bench struct {
	meter sim.Meter
	cable *ptycable.Cable
	ctx   context.Context
	out   io.Writer
	shown string
}

// play presses the keys that come in until the input or ctx ends.
func (f meterFlags) play(ctx context.Context, in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c, err := money.ParseCurrency(f.currency)
	if err != nil {
		return err
	}
	m, err := sim.NewMeter(f.meter, c)
	if err != nil {
		return err
	}
	table, err := sim.Table(f.meter, c, f.link)
	if err != nil {
		return err
	}
	b := &bench{meter: m, cable: ptycable.New(f.link), ctx: ctx, out: out}
	if err := b.plug(); err != nil {
		return err
	}
	defer b.cable.Pull()
	fmt.Fprintf(out, "the meter is at %s\n\nIn taxiterm.toml:\n  [meter]\n  %s\n\n", f.link, strings.Join(table, "\n  "))
	b.follow(linesOf(ctx, in))
	return nil
}

func (b *bench) plug() error {
	end, err := b.cable.Plug()
	if err == nil {
		go func() { _ = b.meter.Run(b.ctx, end) }() // ends with the cable
	}
	return err
}

// linesOf gives the lines of in until it or ctx ends.
func linesOf(ctx context.Context, in io.Reader) <-chan string {
	lines := make(chan string)
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(in); s.Scan(); {
			select {
			case lines <- strings.TrimSpace(s.Text()):
			case <-ctx.Done():
				return
			}
		}
	}()
	return lines
}

// follow does what the lines say and prints what the meter shows when that changes.
func (b *bench) follow(lines <-chan string) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-b.ctx.Done():
			return
		case line, more := <-lines:
			if !more {
				return
			}
			if err := b.press(line); err != nil {
				fmt.Fprintln(b.out, err)
			}
		case <-tick.C:
		}
		if now := readingText(b.meter.Reading()); now != b.shown {
			fmt.Fprintln(b.out, now)
			b.shown = now
		}
	}
}

func (b *bench) press(name string) error {
	switch name {
	case "":
		return nil
	case "pull":
		return b.cable.Pull()
	case "plug":
		return b.plug()
	}
	if k, ok := sim.FindKey(b.meter, name); ok {
		return k.Press()
	}
	return errors.New("the keys are\n" + keysOf(b.meter) + "and pull and plug for the cable")
}

var positionText = map[meter.Position]string{meter.ForHire: "vacant", meter.Hired: "hired", meter.Stopped: "time off"}

func readingText(r sim.Reading) string {
	state := positionText[r.Position]
	if !r.On {
		state = "without power"
	}
	host := "no cable"
	if r.Plugged {
		host = "cable in"
	}
	return fmt.Sprintf("%-10s fare %s  extras %s  total %s  (%s)", state, r.Fare.Decimal(), r.Extras.Decimal(), r.Total.Decimal(), host)
}
