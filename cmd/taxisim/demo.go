package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"taxiterminal/sim"
	"taxiterminal/sim/demo"
)

type demoFlags struct {
	once     bool
	scenario string
	listen   string
	screens  string
	pin      string
	terminal string
	keep     string
	tip      bool
	verbose  bool
}

func newDemo() *cobra.Command {
	var f demoFlags
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "A whole taxi to play with in a browser, or scripted with --once",
		Long: `demo starts a simulated meter, a simulated payment API and the real terminal, and
serves a page to play with them: the meter's keys, the passenger's phone, the
network. With --once it plays one trip without a browser and ends with one line of
JSON; the exit code is 0 only if the outcome is right.

` + scenarioList(),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.once || cmd.Flags().Changed("scenario") {
				return f.play(cmd)
			}
			return f.serve(cmd)
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&f.once, "once", false, "play one trip without a browser")
	flags.StringVar(&f.scenario, "scenario", "paid", `which trip to play, or "all"`)
	flags.StringVar(&f.listen, "listen", "127.0.0.1:8700", "address of the page to play with")
	flags.StringVar(&f.screens, "screens", "127.0.0.1:8701", "address of the terminal's screens")
	flags.StringVar(&f.pin, "pin", "", "PIN of the driver's page, 4 to 8 digits; needed for refunds and typed fares")
	flags.BoolVar(&f.tip, "tip", false, "let passengers choose a tip before the code")
	flags.StringVar(&f.terminal, "terminal", "", "the taxiterm program (default: next to this one)")
	flags.StringVar(&f.keep, "keep", "", "folder for the terminal's files (default: a temporary one)")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "show the terminal's log")
	return cmd
}

func scenarioList() string {
	var b strings.Builder
	b.WriteString("Scenarios:\n")
	for _, s := range sim.Scenarios() {
		fmt.Fprintf(&b, "  %-24s %s\n", s.Name, s.About)
	}
	return b.String()
}

// terminalProgram is the taxiterm to use.
func (f demoFlags) terminalProgram() (string, error) {
	if f.terminal != "" {
		return f.terminal, nil
	}
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	path := filepath.Join(filepath.Dir(self), "taxiterm")
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("no taxiterm next to this program: %w; build both with make build, or name it with --terminal", err)
	}
	return path, nil
}

// options are those of a taxi in a folder of its own, which done removes.
func (f demoFlags) options(log io.Writer) (o sim.Options, done func() error, err error) {
	done = func() error { return nil }
	o.Terminal, err = f.terminalProgram()
	if err != nil {
		return o, done, err
	}
	if f.keep != "" {
		o.Dir = f.keep
		err = os.MkdirAll(o.Dir, 0o700)
	} else if o.Dir, err = os.MkdirTemp("", "taxisim-"); err == nil {
		done = func() error { return os.RemoveAll(o.Dir) }
	}
	o.Log = log
	return o, done, err
}

func (f demoFlags) log(stderr io.Writer) io.Writer {
	if f.verbose {
		return stderr
	}
	return nil
}

// play plays one scenario, or all.
func (f demoFlags) play(cmd *cobra.Command) error {
	if f.scenario == "all" {
		return f.playAll(cmd)
	}
	s, ok := sim.Find(f.scenario)
	if !ok {
		return fmt.Errorf("no scenario %q\n%s", f.scenario, scenarioList())
	}
	result, err := f.playOne(cmd.Context(), s, f.log(cmd.ErrOrStderr()))
	if jsonErr := json.NewEncoder(cmd.OutOrStdout()).Encode(result); jsonErr != nil {
		return jsonErr
	}
	return err
}

// tripLimit is how long one scenario may take.
const tripLimit = 3 * time.Minute

func (f demoFlags) playOne(ctx context.Context, s sim.Scenario, log io.Writer) (sim.Result, error) {
	ctx, cancel := context.WithTimeout(ctx, tripLimit)
	defer cancel()
	o, done, err := f.options(log)
	if err != nil {
		return sim.Result{Scenario: s.Name}, err
	}
	o.PIN = f.pin
	result, err := s.Run(ctx, o)
	if err != nil {
		err = fmt.Errorf("scenario %s: %w", s.Name, err)
	}
	return result, errors.Join(err, done())
}

// playAll plays every scenario, one line of JSON each, and prints a table.
func (f demoFlags) playAll(cmd *cobra.Command) error {
	var failed []error
	table := &strings.Builder{}
	t := tabwriter.NewWriter(table, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "SCENARIO\tASKED\tAUTHORIZED\tCAPTURED\tCAPTURES\tPHASE\tTOOK\t")
	for _, s := range sim.Scenarios() {
		start := time.Now()
		r, err := f.playOne(cmd.Context(), s, f.log(cmd.ErrOrStderr()))
		verdict := "ok"
		if err != nil {
			verdict = "FAILED"
			failed = append(failed, err)
		}
		if err := json.NewEncoder(cmd.OutOrStdout()).Encode(r); err != nil {
			return err
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%d\t%s\t%.1f s\t%s\n", s.Name, r.Asked.Decimal(), r.Authorized.Decimal(), r.Captured.Decimal(),
			r.Captures, r.Phase, time.Since(start).Seconds(), verdict)
		if cmd.Context().Err() != nil {
			return cmd.Context().Err()
		}
	}
	_ = t.Flush()
	fmt.Fprint(cmd.ErrOrStderr(), "\n"+table.String())
	return errors.Join(failed...)
}

// serve runs a taxi and the page to play with it until interrupted.
func (f demoFlags) serve(cmd *cobra.Command) error {
	o, done, err := f.options(f.log(cmd.ErrOrStderr()))
	if err != nil {
		return err
	}
	o.Listen, o.PIN, o.FareByHand = f.screens, f.pin, f.pin != ""
	o.More = "[sharing]\nscope = \"phoneNumber name\"\n[send]\nenabled = true\n"
	if f.tip {
		o.More += "[tip]\npercent = [5, 10, 15]\n"
	}
	o.Meter.Flagfall, o.Meter.PerSecond, o.Meter.Speed = 6500, 45, 14
	err = demo.Serve(cmd.Context(), demo.Options{Taxi: o, Listen: f.listen, Ready: func(urls demo.URLs) {
		w := cmd.OutOrStdout()
		fmt.Fprintf(w, "\nA whole taxi is running. Open\n\n")
		fmt.Fprintf(w, "  %-34s to play: the meter's keys, the passenger's phone, the network\n", urls.Page)
		fmt.Fprintf(w, "  %-34s the passenger's screen\n", urls.Passenger)
		fmt.Fprintf(w, "  %-34s the driver's screen\n\n", urls.Driver)
		fmt.Fprintf(w, "Stop it with Ctrl-C. No money moves.\n")
	}})
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	return errors.Join(err, done())
}
