package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"taxiterminal/config"
	"taxiterminal/device/meter/capture"
	"taxiterminal/device/serialport"
)

func newMeterLearn(o *options) *cobra.Command {
	var f lineFlags
	cmd := &cobra.Command{
		Use:   "learn [FILE]",
		Short: "Find out how a meter's receipts can be read",
		Long: `Find out how the driver capture can read a meter's receipts: what each profile makes of
a print, and which keys of the configuration would read it where none fits. FILE is a tape
or the bytes of a print; without one the port is opened, nothing is sent, and a receipt is
waited for: print one, or a copy of one.

Card numbers and lines about people are hidden. Compare what was found with the paper. The
command fails if the print cannot be read without further work.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var bytes []byte
			var line, port string
			var err error
			if len(args) == 1 {
				bytes, err = readPrint(args[0])
			} else {
				port, line, bytes, err = o.hearPrint(cmd.Context(), f, cmd.ErrOrStderr())
			}
			if err != nil {
				return err
			}
			l := capture.Learn(bytes)
			proposal := proposalOf(l, orElse(port, f.port), orElse(line, f.line))
			if err := o.print(cmd.OutOrStdout(), learnedOf(l, proposal), func(w io.Writer) { printLearned(w, l, proposal) }); err != nil {
				return err
			}
			if !l.Own.Good() {
				return errors.New("the print cannot be read as it is: change the proposed keys, put them in the configuration, and look again with taxiterm meter replay")
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&f.port, "port", "", "the serial port (default: as configured)")
	cmd.Flags().StringVar(&f.line, "line", "", `speed and format, such as "9600 8N1" (default: as configured)`)
	return cmd
}

// maxPrint bounds the file that is read: a tape writes two digits for a byte.
const maxPrint = 16 << 20

// readPrint gives what the meter sent, from a tape or from a file of the bytes alone.
func readPrint(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	raw, err := io.ReadAll(io.LimitReader(file, maxPrint+1))
	if err != nil {
		return nil, err
	}
	if len(raw) > maxPrint {
		return nil, fmt.Errorf("%s is longer than %d bytes: cut it to one receipt", path, maxPrint)
	}
	if tape, err := serialport.ReadTape(strings.NewReader(string(raw))); err == nil && (len(tape.Chunks) > 0 || !tape.Began.IsZero()) {
		raw = nil
		for _, c := range tape.Chunks {
			if c.Dir == serialport.In {
				raw = append(raw, c.Data...)
			}
		}
	}
	if len(raw) == 0 {
		return nil, fmt.Errorf("%s: the meter printed nothing", path)
	}
	return raw, nil
}

// printOver is how long nothing must come for a print to be over, longest how long a
// meter may print.
const (
	printOver   = 3 * time.Second
	longestRoll = 2 * time.Minute
)

var errPrinted = errors.New("printed")

// hearPrint waits for a print on the line, and sends nothing.
func (o *options) hearPrint(ctx context.Context, f lineFlags, report io.Writer) (port, line string, printed []byte, err error) {
	c, configErr := config.Load(o.config)
	port, line = orElse(f.port, c.Meter.Port), orElse(f.line, c.Meter.Line, defaultLine)
	if port == "" {
		return "", "", nil, usageError{errors.Join(configErr, errors.New("no serial port: name one with --port; taxiterm meter ports lists them"))}
	}
	parsed, err := serialport.ParseLine(line)
	if err != nil {
		return "", "", nil, usageError{err}
	}
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	s := serialport.New(serialport.Config{Path: port, Line: parsed, Log: quiet, OnState: func(st serialport.Status) {
		switch st.State {
		case serialport.Open:
			fmt.Fprintf(report, "%s is open: print a receipt now\n", port)
		case serialport.Busy, serialport.Denied, serialport.NotTTY:
			end(fmt.Errorf("%s: %w; %s", port, st.Err, st.Hint))
		case serialport.Missing:
			fmt.Fprintf(report, "%s is not there: %s\n", port, st.Hint)
		}
	}})
	_ = s.Run(ctx, func(ctx context.Context, p *serialport.Port) error {
		if err := readUntilSilence(ctx, p, &printed); err != nil {
			return err
		}
		end(errPrinted)
		return nil
	})
	if cause := context.Cause(ctx); !errors.Is(cause, errPrinted) {
		return "", "", nil, cause
	}
	return port, line, printed, nil
}

// readUntilSilence adds what comes to printed until nothing more does.
func readUntilSilence(ctx context.Context, p *serialport.Port, printed *[]byte) error {
	var began, last time.Time
	buf := make([]byte, 512)
	for ctx.Err() == nil {
		n, err := p.Read(buf)
		now := time.Now()
		*printed = append(*printed, buf[:n]...)
		switch {
		case err != nil:
			return err
		case n > 0 && began.IsZero():
			began, last = now, now
		case n > 0:
			last = now
		}
		if !began.IsZero() && (now.Sub(last) >= printOver || now.Sub(began) >= longestRoll || len(*printed) >= maxPrint) {
			return nil
		}
	}
	return ctx.Err()
}

// proposalOf is the [meter] table to try.
func proposalOf(l capture.Learned, port, line string) string {
	return fmt.Sprintf("[meter]\ndriver = \"capture\"\nport = %q\nline = %q\n%s",
		orElse(port, "/dev/serial/by-id/..."), orElse(line, defaultLine), l.TOML)
}

// learned is what learn prints as JSON.
type learned struct {
	Good     bool   `json:"good"` // the proposal reads the print
	Text     string `json:"text"`
	Profiles []fit  `json:"profiles"`
	TOML     string `json:"toml"`
}

type fit struct {
	Profile string            `json:"profile"`
	Kind    capture.Kind      `json:"kind"`
	Good    bool              `json:"good"`
	Problem string            `json:"problem,omitempty"`
	Fields  map[string]string `json:"fields,omitempty"` // as printed
}

func learnedOf(l capture.Learned, proposal string) learned {
	out := learned{Good: l.Own.Good(), Text: l.Text, TOML: proposal}
	for _, f := range l.Fits {
		x := fit{Profile: f.Profile, Kind: f.Kind, Good: f.Good(), Problem: problemOf(f), Fields: map[string]string{}}
		for _, v := range f.Values {
			x.Fields[string(v.Field)] = v.Text
		}
		out.Profiles = append(out.Profiles, x)
	}
	return out
}

func problemOf(f capture.Fit) string {
	switch {
	case f.Err != "":
		return f.Err
	case f.Doubt:
		return "the parts do not make the total"
	case !f.Good():
		return "not taken for a receipt"
	}
	return ""
}

func printLearned(w io.Writer, l capture.Learned, proposal string) {
	fmt.Fprintln(w, "What was printed, without cards and people:")
	fmt.Fprintln(w)
	for text := range strings.Lines(l.Text) {
		fmt.Fprintf(w, "  | %s\n", strings.TrimRight(text, "\r\n"))
	}
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "PROFILE\tTAKES IT FOR\tFINDS\tRESULT")
	for _, f := range l.Fits {
		var names []string
		for _, v := range f.Values {
			names = append(names, string(v.Field))
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", f.Profile, f.Kind, orElse(strings.Join(names, " "), "-"), orElse(problemOf(f), "good"))
	}
	_ = t.Flush()
	fmt.Fprintf(w, "\nFor the configuration:\n\n%s", proposal)
}
