package main

import (
	"context"
	"slices"
	"time"

	"taxiterminal/config"
	"taxiterminal/device/printer"
	"taxiterminal/display/locale"
	"taxiterminal/display/paper"
	"taxiterminal/display/qr"
	"taxiterminal/terminal"
	"taxiterminal/terminal/phone"
	"taxiterminal/trip"
	"taxiterminal/trip/receipt"
)

// passenger adds to a terminal's configuration what passengers are offered.
func (d *terminalDaemon) passenger(c *terminal.Config) error {
	words, err := locale.Load(d.config.Display.Languages...)
	if err != nil {
		return err
	}
	first := words.Default()
	c.Terms = trip.Terms{Share: d.config.Sharing.Scope, Tip: len(d.config.Tip.Percent) > 0, Receipt: d.config.Receipt.Attach}
	c.Tips, c.TipWait = d.config.Tip.Percent, d.config.Tip.Wait
	c.Keep = d.config.Sharing.Keep
	c.Bill = terminal.Bill{
		Rules: d.config.Receipt.Rules,
		Name:  func(i receipt.Item) string { return first.Text("receipt.item."+string(i), nil) },
	}
	// Without a PIN, a passenger could type the fare.
	c.FareByHand = d.config.Trip.FareByHand && d.credentials.Get(config.DriverPIN) != ""
	if d.config.Trip.FareByHand && !c.FareByHand {
		d.log.Error("fares cannot be typed without a driver's PIN", "hint", "set driver_pin among the credentials")
	}
	if d.config.Send.Enabled {
		c.Phones = phones(d.config.Send.Country)
	}
	if d.config.Printer.Port != "" {
		c.Print, err = d.printing(first)
	}
	return err
}

func phones(country string) *terminal.Phones {
	return &terminal.Phones{
		Parse: func(text string) (string, error) { return phone.Parse(text, country) },
		Mask:  phone.Mask,
	}
}

// printing makes paper of receipts.
func (d *terminalDaemon) printing(words *locale.Catalogue) (func(context.Context, receipt.Receipt, bool) error, error) {
	p, err := printer.New(d.printerConfig())
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, r receipt.Receipt, again bool) error {
		options := d.paper(d.config.Printer.Columns)
		options.Copy = again
		doc := printer.Document{Lines: printed(paper.Receipt(r, words, options))}
		if reference := paidBy(r); reference != "" {
			if doc.Code, err = qr.Encode(reference); err != nil {
				return err
			}
		}
		return p.Print(ctx, doc)
	}, nil
}

// paidBy is the newest payment's reference: what an office asks for, as a code to
// scan. The code that was paid with is dead and never printed.
func paidBy(r receipt.Receipt) string {
	for _, p := range slices.Backward(r.Payments) {
		if p.Reference != "" {
			return p.Reference
		}
	}
	return ""
}

func (d *terminalDaemon) printerConfig() printer.Config {
	c := d.config.Printer
	return printer.Config{Path: c.Port, Page: printer.CodePage(c.Page), Dots: c.Dots, Cut: c.Cut, Baud: c.Baud}
}

// paper is how receipts look.
func (d *terminalDaemon) paper(columns int) paper.Options { return paperOf(d.config, columns) }

func paperOf(c config.Config, columns int) paper.Options {
	header := c.Receipt.Header
	if c.Operator != "" {
		header = append([]string{c.Operator}, header...)
	}
	return paper.Options{Width: columns, Header: header, Brand: c.Payment.Brand, Zone: time.Local}
}

func printed(lines []paper.Line) []printer.Line {
	out := make([]printer.Line, len(lines))
	for i, l := range lines {
		out[i] = printer.Line{Text: l.Text, Bold: l.Style == paper.Strong, Big: l.Style == paper.Big, Centred: l.Centred}
	}
	return out
}
