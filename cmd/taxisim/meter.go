package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"taxiterminal/device/meter/mdt"
	"taxiterminal/device/serialport/ptycable"
	"taxiterminal/money"
)

func newMeter() *cobra.Command {
	var protocol, link string
	var cfg mdt.SimulatorConfig
	cmd := &cobra.Command{
		Use:   "meter",
		Short: "A taximeter alone, on a pseudo-terminal",
		Long: `meter plays a taximeter on a pseudo-terminal and takes its keys from standard input,
one a line:

` + meterKeys(),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if protocol != "mdt" {
				return fmt.Errorf("protocol %q: this program plays mdt", protocol)
			}
			return playMeter(cmd.Context(), cmd.InOrStdin(), cmd.OutOrStdout(), link, cfg)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&protocol, "protocol", "mdt", "the protocol that the meter speaks")
	flags.StringVar(&link, "link", "/tmp/taximeter", "where the computer's end of the cable is found")
	flags.Int64Var((*int64)(&cfg.Flagfall), "flagfall", 6500, "fare at the start, in minor units")
	flags.Int64Var((*int64)(&cfg.PerSecond), "per-second", 45, "fare for each second, in minor units")
	flags.Int64Var(&cfg.Speed, "speed", 14, "metres for each second")
	flags.BoolVar(&cfg.LongForm, "long-form", false, "send the amounts with each key press, as Centrodyne does")
	flags.BoolVar(&cfg.TLC, "tlc", false, "send trip data in the TLC form")
	flags.BoolVar(&cfg.FareAtVacant, "fare-at-vacant", false, "tell the fare only when the trip is closed")
	return cmd
}

// key is what a line of input does.
type key struct {
	name, about string
	press       func(*mdt.Simulator, *ptycable.Cable, func() error) error
}

func keys() []key {
	simple := func(f func(*mdt.Simulator) error) func(*mdt.Simulator, *ptycable.Cable, func() error) error {
		return func(m *mdt.Simulator, _ *ptycable.Cable, _ func() error) error { return f(m) }
	}
	return []key{
		{"hired", "start a trip", simple((*mdt.Simulator).Hired)},
		{"timeoff", "stop the clock and show the fare", simple((*mdt.Simulator).TimeOff)},
		{"resume", "let the trip go on", simple((*mdt.Simulator).Resume)},
		{"extras", "add 25.00", simple(func(m *mdt.Simulator) error { return m.Extras(2500) })},
		{"vacant", "close the trip", simple((*mdt.Simulator).Vacant)},
		{"off", "cut the meter's power", simple(func(m *mdt.Simulator) error { m.PowerOff(); return nil })},
		{"on", "switch the meter on", simple(func(m *mdt.Simulator) error { m.PowerOn(); return nil })},
		{"pull", "pull the cable", func(_ *mdt.Simulator, c *ptycable.Cable, _ func() error) error { return c.Pull() }},
		{"plug", "plug the cable in", func(_ *mdt.Simulator, _ *ptycable.Cable, plug func() error) error { return plug() }},
	}
}

func meterKeys() string {
	var b strings.Builder
	for _, k := range keys() {
		fmt.Fprintf(&b, "  %-8s %s\n", k.name, k.about)
	}
	return b.String()
}

// playMeter presses the keys that come in until the input or ctx ends.
func playMeter(ctx context.Context, in io.Reader, out io.Writer, link string, cfg mdt.SimulatorConfig) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	m := mdt.NewSimulator(cfg)
	cable := ptycable.New(link)
	plug := func() error {
		end, err := cable.Plug()
		if err == nil {
			go func() { _ = m.Run(ctx, end) }() // ends with the cable
		}
		return err
	}
	if err := plug(); err != nil {
		return err
	}
	defer cable.Pull()
	fmt.Fprintf(out, "the meter is at %s\n", link)

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
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	shown := ""
	for {
		select {
		case <-ctx.Done():
			return nil
		case line, more := <-lines:
			if !more {
				return nil
			}
			if err := pressKey(line, m, cable, plug); err != nil {
				fmt.Fprintln(out, err)
			}
		case <-tick.C:
		}
		if now := readingText(m.Reading()); now != shown {
			fmt.Fprintln(out, now)
			shown = now
		}
	}
}

func pressKey(name string, m *mdt.Simulator, cable *ptycable.Cable, plug func() error) error {
	if name == "" {
		return nil
	}
	for _, k := range keys() {
		if k.name == name {
			return k.press(m, cable, plug)
		}
	}
	return errors.New("the keys are\n" + meterKeys())
}

func readingText(r mdt.Reading) string {
	state := map[mdt.State]string{mdt.Vacant: "vacant", mdt.TimeOn: "hired", mdt.TimeOff: "time off", mdt.Payment: "payment"}[r.State]
	if !r.On {
		state = "without power"
	}
	host := "nobody listens"
	if r.Plugged {
		host = "terminal connected"
	}
	return fmt.Sprintf("%-10s fare %s  extras %s  total %s  (%s)", state, r.Fare.Decimal(), r.Extras.Decimal(), money.Minor(r.Total).Decimal(), host)
}
