package main

import (
	"context"
	"fmt"
	"log/slog"

	"taxiterminal/config"
	"taxiterminal/config/table"
	"taxiterminal/device/meter"
	"taxiterminal/device/serialport"
	"taxiterminal/money"
)

// priced is a driver that knows which currency its meter charges in.
type priced interface{ Currency() money.Currency }

// passingOn is a driver that can stand between the meter and a device behind it, its
// printer, and then needs that line too.
type passingOn interface {
	Downstream() (port, line string, ok bool)
	ServeDownstream(ctx context.Context, port meter.Port) error
}

// checkMeterFits compares what the driver says of itself with the rest of the
// configuration.
func checkMeterFits(c config.Config, driver meter.Driver) error {
	if p, ok := driver.(priced); ok && c.Payment.Currency != "" && p.Currency() != c.Payment.Currency {
		return table.Problem{Key: "payment.currency", Text: fmt.Sprintf("is %s, and the meter's receipts are in %s", c.Payment.Currency, p.Currency()),
			Hint: "want the currency that the meter charges in, or another meter.profile"}
	}
	d, ok := driver.(passingOn)
	if !ok {
		return nil
	}
	port, line, ok := d.Downstream()
	if !ok {
		return nil
	}
	if port == c.Meter.Port {
		return table.Problem{Key: "meter.printer", Text: "is the meter's own port", Hint: "want the port that leads to the real printer"}
	}
	if _, err := serialport.ParseLine(line); err != nil {
		return table.Problem{Key: "meter.printer_line", Text: err.Error(), Hint: `want speed and format such as "9600 8N1"`}
	}
	return nil
}

// newDownstream prepares the line to what is behind the driver; nil if there is
// nothing. What is wrong with that line the driver tells as the meter's health.
func newDownstream(driver meter.Driver, log *slog.Logger) (*serialport.Supervisor, error) {
	d, ok := driver.(passingOn)
	if !ok {
		return nil, nil
	}
	port, text, ok := d.Downstream()
	if !ok {
		return nil, nil
	}
	line, err := serialport.ParseLine(text)
	if err != nil {
		return nil, fmt.Errorf("printer line: %w", err)
	}
	return serialport.New(serialport.Config{Path: port, Line: line, Log: log.With("line", "printer")}), nil
}

// runDownstream keeps that line open until ctx ends.
func (m *meterLine) runDownstream(ctx context.Context) error {
	if m.downstream == nil {
		return nil
	}
	return m.downstream.Run(ctx, func(ctx context.Context, port *serialport.Port) error {
		return m.driver.(passingOn).ServeDownstream(ctx, port)
	})
}
