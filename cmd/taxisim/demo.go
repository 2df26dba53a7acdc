package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
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
	meter    string
	listen   string
	screens  string
	pin      string
	terminal string
	gateway  string
	pages    string
	fleet    bool
	keep     string
	tip      bool
	verbose  bool
}

func newDemo() *cobra.Command {
	var f demoFlags
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "A whole taxi, or a fleet, to play with in a browser or scripted with --once",
		Long: `demo starts a simulated meter, a simulated payment API and the real terminal, and
serves a page to play with them: the meter's keys, the passenger's phone, the
network. With --once it plays one trip without a browser and ends with one line of
JSON; the exit code is 0 only if the outcome is right. With --meter the taxi has
another meter:

` + meterList() + `
With --fleet the payments are made by the real gateway: the car is enrolled with it,
webhooks reach it, and the passenger's phone opens its pages.

` + listed("Scenarios", direct(nil)) + "\n" + listed("Scenarios with --fleet", fleetwide(nil)),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.once || cmd.Flags().Changed("scenario") {
				return f.play(cmd)
			}
			if f.fleet {
				return f.serveFleet(cmd)
			}
			return f.serve(cmd)
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&f.once, "once", false, "play one trip without a browser")
	flags.BoolVar(&f.fleet, "fleet", false, "with the gateway of a fleet")
	flags.StringVar(&f.scenario, "scenario", "", `which trip to play, or "all" (default: the first)`)
	flags.StringVar(&f.meter, "meter", "mdt", "the protocol that the meter speaks: "+strings.Join(sim.ProtocolNames(), ", "))
	flags.StringVar(&f.listen, "listen", "127.0.0.1:8700", "address of the page to play with")
	flags.StringVar(&f.screens, "screens", "127.0.0.1:8701", "address of the terminal's screens")
	flags.StringVar(&f.pin, "pin", "", "PIN of the driver's page, 4 to 8 digits; needed for refunds and typed fares")
	flags.BoolVar(&f.tip, "tip", false, "let passengers choose a tip before the code")
	flags.StringVar(&f.terminal, "terminal", "", "the taxiterm program (default: next to this one)")
	flags.StringVar(&f.gateway, "gateway", "", "the taxifleet program (default: next to this one)")
	flags.StringVar(&f.pages, "pages", "127.0.0.1:8702", "address of the passenger pages, with --fleet")
	flags.StringVar(&f.keep, "keep", "", "folder for the terminal's files (default: a temporary one)")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "show the terminal's log")
	return cmd
}

// scenario is one of the trips that can be played.
type scenario struct {
	name, about string
	needs       sim.Need
	run         func(ctx context.Context, log io.Writer) (sim.Result, error)
	offered     func() error // nil: by every meter
}

// direct are those of a taxi that makes its payments itself; f may be nil to list them.
func direct(f *demoFlags) []scenario {
	var list []scenario
	for _, s := range sim.Scenarios() {
		list = append(list, scenario{s.Name, s.About, s.Needs, func(ctx context.Context, log io.Writer) (sim.Result, error) {
			o, done, err := f.options(log)
			if err != nil {
				return sim.Result{Scenario: s.Name}, err
			}
			o.PIN, o.Meter.Protocol = f.pin, f.meter
			r, err := s.Run(ctx, o)
			return r, errors.Join(err, done())
		}, func() error { return s.Offered(sim.Options{Meter: sim.MeterOptions{Protocol: f.meter}}) }})
	}
	return list
}

func (f *demoFlags) scenarios() []scenario {
	if f.fleet {
		return fleetwide(f)
	}
	return direct(f)
}

func meterList() string {
	var b strings.Builder
	for _, p := range sim.Protocols() {
		fmt.Fprintf(&b, "  %-28s %s\n", p.Name, p.About)
	}
	return b.String()
}

func listed(title string, all []scenario) string {
	var b strings.Builder
	common := all[0].needs
	if slices.ContainsFunc(all, func(s scenario) bool { return s.needs != common }) {
		common = sim.NeedsNothing
	}
	if common != sim.NeedsNothing {
		title += ", all for " + string(common)
	}
	fmt.Fprintf(&b, "%s:\n", title)
	for _, s := range all {
		fmt.Fprintf(&b, "  %-28s %s\n", s.name, s.about)
		if s.needs != common {
			fmt.Fprintf(&b, "  %-28s   (needs %s)\n", "", s.needs)
		}
	}
	return b.String()
}

// program is the real program to use: the one that was named, or the one next to this.
func program(named, name string) (string, error) {
	if named != "" {
		return named, nil
	}
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	path := filepath.Join(filepath.Dir(self), name)
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("no %s next to this program: %w; build all with make build, or name it with a flag", name, err)
	}
	return path, nil
}

// options are those of a taxi in a folder of its own, which done removes.
func (f demoFlags) options(log io.Writer) (o sim.Options, done func() error, err error) {
	done = func() error { return nil }
	if o.Terminal, err = program(f.terminal, "taxiterm"); err != nil {
		return o, done, err
	}
	o.Dir, done, err = f.folder()
	o.Log = log
	return o, done, err
}

// folder is where everything is kept; done removes it if it is a temporary one.
func (f demoFlags) folder() (dir string, done func() error, err error) {
	if f.keep != "" {
		return f.keep, func() error { return nil }, os.MkdirAll(f.keep, 0o700)
	}
	dir, err = os.MkdirTemp("", "taxisim-")
	return dir, func() error { return os.RemoveAll(dir) }, err
}

func (f demoFlags) log(stderr io.Writer) io.Writer {
	if f.verbose {
		return stderr
	}
	return nil
}

// play plays one scenario, or all.
func (f demoFlags) play(cmd *cobra.Command) error {
	if _, err := sim.FindProtocol(f.meter); err != nil {
		return err
	}
	all := f.scenarios()
	if f.scenario == "all" {
		return f.playAll(cmd, all)
	}
	i := 0
	if f.scenario != "" {
		i = slices.IndexFunc(all, func(s scenario) bool { return s.name == f.scenario })
	}
	if i < 0 {
		return fmt.Errorf("no scenario %q\n%s", f.scenario, listed("There are", all))
	}
	result, err := all[i].play(cmd.Context(), f.log(cmd.ErrOrStderr()))
	if jsonErr := json.NewEncoder(cmd.OutOrStdout()).Encode(result); jsonErr != nil {
		return jsonErr
	}
	return err
}

// tripLimit is how long one scenario may take.
const tripLimit = 3 * time.Minute

func (s scenario) play(ctx context.Context, log io.Writer) (sim.Result, error) {
	ctx, cancel := context.WithTimeout(ctx, tripLimit)
	defer cancel()
	result, err := s.run(ctx, log)
	if err != nil {
		err = fmt.Errorf("scenario %s: %w", s.name, err)
	}
	return result, err
}

// playAll plays every scenario that the meter can do, one line of JSON each, and prints
// a table.
func (f demoFlags) playAll(cmd *cobra.Command, all []scenario) error {
	var failed []error
	table := &strings.Builder{}
	t := tabwriter.NewWriter(table, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "SCENARIO\tASKED\tAUTHORIZED\tCAPTURED\tCAPTURES\tPHASE\tTOOK\t")
	for _, s := range all {
		if err := s.offered(); errors.Is(err, sim.ErrNotOffered) {
			fmt.Fprintf(t, "%s\t\t\t\t\t\t\tnot on %s: needs %s\n", s.name, f.meter, s.needs)
			continue
		}
		start := time.Now()
		r, err := s.play(cmd.Context(), f.log(cmd.ErrOrStderr()))
		verdict := "ok"
		if err != nil {
			verdict = "FAILED"
			failed = append(failed, err)
		}
		if err := json.NewEncoder(cmd.OutOrStdout()).Encode(r); err != nil {
			return err
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%d\t%s\t%.1f s\t%s\n", s.name, r.Asked.Decimal(), r.Authorized.Decimal(), r.Captured.Decimal(),
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
	o.Meter.Protocol = f.meter
	o.Meter.Flagfall, o.Meter.PerSecond, o.Meter.Speed = 6500, 45, 14
	err = demo.Serve(cmd.Context(), demo.Options{Taxi: o, Listen: f.listen, Ready: func(urls demo.URLs) {
		w := cmd.OutOrStdout()
		fmt.Fprintf(w, "\nA whole taxi is running. Open\n\n")
		fmt.Fprintf(w, "  %-34s to play: the meter's keys, the passenger's phone, the network\n", urls.Page)
		fmt.Fprintf(w, "  %-34s the passenger's screen\n", urls.Passenger)
		fmt.Fprintf(w, "  %-34s the driver's screen\n\n", urls.Driver)
		fmt.Fprintf(w, "Ask the terminal, for example for status, doctor or trips:\n\n  %s --config %s status\n\n", o.Terminal, filepath.Join(o.Dir, "taxiterm.toml"))
		fmt.Fprintf(w, "Stop it with Ctrl-C. No money moves.\n")
	}})
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	return errors.Join(err, done())
}
