package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"

	"taxiterminal/device/meter"
	"taxiterminal/device/serialport"
	"taxiterminal/terminal/control"
)

func newMeterRecord(o *options) *cobra.Command {
	var f lineFlags
	var limit time.Duration
	cmd := &cobra.Command{
		Use:   "record FILE",
		Short: "Record the bytes of the meter's line, without cards and people",
		Long: `Record the bytes of the meter's line with their times until interrupted, and show what
the driver makes of them. What the driver knows to be about cards, certificates and
people is overwritten; look through a tape of an unknown meter before it leaves the
house. For a meter that only prints, any profile will do to record:

  taxiterm meter record receipts.tape --driver capture --set profile=no-48

The port must be free: stop the terminal (systemctl stop taxiterm), or let it record
by itself with meter.tape in the configuration.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := o.setup(f)
			if err == nil {
				err = s.needPort()
			}
			if err != nil {
				return err
			}
			ctx, cancel := limited(cmd.Context(), limit)
			defer cancel()
			return s.record(ctx, args[0], o.eventPrinter(cmd.OutOrStdout()), cmd.ErrOrStderr())
		},
	}
	f.add(cmd)
	addLimit(cmd, &limit)
	return cmd
}

// record writes a tape while the driver listens.
func (s meterSetup) record(ctx context.Context, path string, show func(control.MeterEvent) error, report io.Writer) error {
	mask := maskOf(s.driver)
	if mask == nil {
		return fmt.Errorf("driver %s does not know what must not be kept, so nothing is recorded", s.name)
	}
	file, err := create(path)
	if err != nil {
		return fmt.Errorf("tape create: %w", err)
	}
	ear := &tapeEar{w: file}
	fmt.Fprintf(ear, "# taxiterm %s, driver %s, line %s\n", version, s.name, s.line)
	tape := serialport.NewRecorder(ear, mask)
	err = watched(ctx, s.listen(ctx, tape, show))
	if !ear.heard {
		return errors.Join(err, file.Close(), os.Remove(path), errors.New("not a byte was heard, so there is no tape: is the meter on, and the cable in?"))
	}
	fmt.Fprintf(report, "recorded in %s; look at it with taxiterm meter replay %s --driver %s\n", path, path, s.name)
	return errors.Join(err, tape.Err(), file.Close())
}

// tapeEar notes whether the meter has said anything.
type tapeEar struct {
	w     io.Writer
	heard bool
}

func (e *tapeEar) Write(p []byte) (int, error) {
	e.heard = e.heard || bytes.Contains(p, []byte{' ', byte(serialport.In), ' '})
	return e.w.Write(p)
}

func newMeterReplay(o *options) *cobra.Command {
	var f lineFlags
	var realTime bool
	cmd := &cobra.Command{
		Use:   "replay FILE",
		Short: "Let the driver read a tape, and show what it makes of it",
		Long: `Let the driver read a tape as if it were the meter, and show what it makes of it. No
port is opened and no terminal is asked. The command fails if no trip with an amount
beyond doubt is on the tape.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := o.setup(f)
			if err != nil {
				return err
			}
			tape, err := readTape(args[0])
			if err != nil {
				return err
			}
			sum, err := s.replay(cmd.Context(), tape, realTime, o.eventPrinter(cmd.OutOrStdout()))
			if err != nil {
				return err
			}
			if !o.json {
				fmt.Fprintln(cmd.OutOrStdout(), sum)
			}
			return sum.verdict()
		},
	}
	f.add(cmd)
	cmd.Flags().BoolVar(&realTime, "real-time", false, "at the pace of the recording, also where the driver can do faster")
	return cmd
}

func readTape(path string) (serialport.Tape, error) {
	file, err := os.Open(path)
	if err != nil {
		return serialport.Tape{}, err
	}
	defer file.Close()
	tape, err := serialport.ReadTape(file)
	if err != nil {
		var at *fs.PathError
		if errors.As(err, &at) {
			err = at.Err
		}
		return tape, fmt.Errorf("%s: %w; record one with taxiterm meter record", path, err)
	}
	return tape, nil
}

// replaySum is what came of a tape.
type replaySum struct {
	bytes, trips, sound int
	health              meter.HealthState // the last
	length              time.Duration
}

// replay lets the driver read the tape and shows what it tells, with the tape's times
// where the driver goes by them.
func (s meterSetup) replay(ctx context.Context, tape serialport.Tape, realTime bool, show func(control.MeterEvent) error) (sum replaySum, err error) {
	player := serialport.NewPlayer(ctx, tape, s.line)
	player.RealTime = realTime
	sum.length = tape.Length()
	for _, c := range tape.Chunks {
		if c.Dir == serialport.In {
			sum.bytes += len(c.Data)
		}
	}
	var failed error
	err = s.driver.Run(ctx, player, func(e meter.Event) {
		sum.count(e)
		if failed == nil {
			failed = show(meterEvent(e, player.At()))
		}
	})
	if !errors.Is(err, io.EOF) {
		return sum, err
	}
	return sum, failed
}

func (r *replaySum) count(e meter.Event) {
	switch e := e.(type) {
	case meter.TripRecord:
		if e.Final {
			r.trips++
			if len(e.Record.Doubts) == 0 && e.Record.Total > 0 {
				r.sound++
			}
		}
	case meter.Health:
		r.health = e.State
	}
}

func (r replaySum) String() string {
	return fmt.Sprintf("%s of tape, %d bytes from the meter: %d trips closed, %d of them with an amount beyond doubt",
		r.length.Round(time.Second), r.bytes, r.trips, r.sound)
}

// verdict says what to look at when a tape has no trip.
func (r replaySum) verdict() error {
	switch {
	case r.sound > 0:
		return nil
	case r.bytes == 0:
		return errors.New("nothing from the meter is on the tape: check the wire from the meter's TX to the computer's RX")
	case r.health == meter.HealthGarbled:
		return errors.New("no frame is on the tape: check --driver, speed and format of the line, and record again")
	case r.trips > 0:
		return errors.New("no trip with an amount beyond doubt is on the tape: the doubts say why")
	}
	return errors.New("no closed trip is on the tape: record one from For Hire to For Hire; if there was one, check --driver and its keys")
}
