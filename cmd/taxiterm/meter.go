package main

import (
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/spf13/cobra"

	"taxiterminal/config"
	"taxiterminal/config/table"
	"taxiterminal/device/meter"
	"taxiterminal/device/serialport"
)

func newMeter(o *options) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "meter",
		Short: "Find, watch and record the taximeter",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newMeterPorts(o), newMeterWatch(o), newMeterRecord(o), newMeterReplay(o), newMeterLearn(o))
	return cmd
}

// lineFlags take the place of the [meter] table of the configuration, or of some of
// its keys.
type lineFlags struct {
	driver string
	port   string
	line   string
	set    []string
}

func (f *lineFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.driver, "driver", "", fmt.Sprintf("the meter's protocol, one of %s (default: as configured)", strings.Join(meter.Types(), ", ")))
	flags.StringVar(&f.port, "port", "", "the serial port (default: as configured)")
	flags.StringVar(&f.line, "line", "", `speed and format, such as "9600 8N1" (default: as configured)`)
	flags.StringArrayVar(&f.set, "set", nil, "a key of the driver, such as profile=tap; may be repeated")
}

func (f *lineFlags) given() bool {
	return f.driver != "" || f.port != "" || f.line != "" || len(f.set) > 0
}

// meterSetup is a driver with the line that it is for.
type meterSetup struct {
	name   string
	driver meter.Driver
	port   string // empty if nobody named one
	line   serialport.Line
}

const defaultLine = "9600 8N1"

// setup makes the driver that the configuration and the flags describe. The rest of
// the configuration need not be right, or there at all.
func (o *options) setup(f lineFlags) (meterSetup, error) {
	var file config.Meter
	c, err := config.Load(o.config)
	if err == nil {
		file = c.Meter
	}
	if f.driver == "" && file.Driver == "" {
		return meterSetup{}, fmt.Errorf("%w\nor name the meter's protocol with --driver", err)
	}
	keys, err := f.keys(file)
	if err != nil {
		return meterSetup{}, err
	}
	s := meterSetup{name: orElse(f.driver, file.Driver), port: orElse(f.port, file.Port)}
	if s.line, err = serialport.ParseLine(orElse(f.line, file.Line, defaultLine)); err != nil {
		return meterSetup{}, usageError{err}
	}
	s.driver, err = meter.New(s.name, keys, quiet)
	var wrong *table.Error
	if errors.As(err, &wrong) {
		return meterSetup{}, usageError{fmt.Errorf("driver %s: %w; give keys with --set KEY=VALUE", s.name, err)}
	}
	return s, err
}

// keys are the driver's: those of the configuration if it is for the same driver, and
// those that were set.
func (f lineFlags) keys(file config.Meter) (map[string]any, error) {
	keys := map[string]any{}
	if f.driver == "" || f.driver == file.Driver {
		maps.Copy(keys, file.Table)
	}
	for _, text := range f.set {
		name, value, ok := strings.Cut(text, "=")
		if !ok {
			return nil, usageError{fmt.Errorf("--set %s: want KEY=VALUE, such as profile=tap", text)}
		}
		var own map[string]any
		if toml.Unmarshal([]byte(name+" = "+value), &own) != nil {
			own = map[string]any{strings.TrimSpace(name): value} // a word without quotes
		}
		maps.Copy(keys, own)
	}
	return keys, nil
}

func (s meterSetup) needPort() error {
	if s.port == "" {
		return usageError{errors.New("no serial port: name one with --port; taxiterm meter ports lists them")}
	}
	return nil
}

// mask hides what the driver's protocol must not have kept.
func maskOf(driver meter.Driver) serialport.Mask {
	masker, ok := driver.(meter.Masker)
	if !ok {
		return nil
	}
	hide := masker.MaskTrace()
	return func(dir serialport.Direction, chunk []byte) { hide(dir == serialport.In, chunk) }
}

func orElse(words ...string) string {
	for _, w := range words {
		if w != "" {
			return w
		}
	}
	return ""
}
