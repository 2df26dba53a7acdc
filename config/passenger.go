package config

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"taxiterminal/config/table"
	"taxiterminal/money"
	"taxiterminal/trip"
	"taxiterminal/trip/receipt"
)

// Tip is what passengers are offered to add; off without percentages.
type Tip struct {
	Percent []int         // of the meter's total, in the order of the buttons
	Wait    time.Duration // until the code is made without
}

// Sharing is what passengers are asked to share, and for how long it is kept.
type Sharing struct {
	Scope string // the API's words separated by spaces; empty: nothing
	Keep  time.Duration
}

// Send is about requests that go to a phone.
type Send struct {
	Enabled bool
	Country string // of numbers that are typed without country code
}

// Receipt is about the lines of a trip and the tax in them.
type Receipt struct {
	Attach trip.ReceiptTime
	Rules  receipt.Rules
	Header []string // of a printed one: organisation number, address
}

// Printer is where receipts are printed; off without a port.
type Printer struct {
	Port    string
	Columns int
	Dots    int
	Page    string // code page
	Cut     bool
	Baud    int
}

// countryOf is where a currency is most likely used by taxis of this API.
var countryOf = map[money.Currency]receipt.Country{money.NOK: receipt.Norway, money.DKK: receipt.Denmark, money.EUR: receipt.Finland}

// attachNames are the times by the words of the file.
var attachNames = map[trip.ReceiptTime]string{
	trip.ReceiptAtCreate: "create", trip.ReceiptAtEnd: "capture", trip.ReceiptNever: "never",
}

func readTip(t *table.Table) Tip {
	p := Tip{Wait: t.Duration("wait", 20*time.Second, 5*time.Second, 5*time.Minute)}
	const most = 4 // buttons beside "no tip"
	for _, n := range t.Ints("percent", 1, 50) {
		p.Percent = append(p.Percent, int(n))
	}
	if len(p.Percent) > most {
		t.Problem("percent", fmt.Sprintf("has %d numbers", len(p.Percent)), fmt.Sprintf("the screen has room for %d", most))
	}
	return p
}

func readSharing(t *table.Table) Sharing {
	s := Sharing{
		Scope: strings.Join(strings.Fields(t.String("scope", "")), " "),
		Keep:  time.Duration(t.Int("keep_days", 365, 1, 3650)) * 24 * time.Hour,
	}
	known := []string{"phoneNumber", "name"}
	words := strings.Fields(s.Scope)
	for i, word := range words {
		if !slices.Contains(known, word) || slices.Contains(words[:i], word) {
			t.Problem("scope", fmt.Sprintf("%q is not known, or there twice", word), `want "phoneNumber", "phoneNumber name", or "" for nothing`)
		}
	}
	if len(words) > 0 && !slices.Contains(words, "phoneNumber") {
		t.Problem("scope", "asks for a name without a number", `want "phoneNumber name"`)
	}
	return s
}

func readSend(t *table.Table, c money.Currency) Send {
	return Send{
		Enabled: t.Bool("enabled", false),
		Country: t.Choice("country", string(countryOf[c]), countries()...),
	}
}

func countries() []string {
	var codes []string
	for _, c := range receipt.Countries() {
		codes = append(codes, string(c))
	}
	return codes
}

func readReceipt(t *table.Table, c money.Currency) Receipt {
	attach := t.Choice("attach", "create", "create", "capture", "never")
	r := Receipt{
		Rules:  receipt.Rules{Country: receipt.Country(t.Choice("country", string(countryOf[c]), countries()...))},
		Header: t.Strings("header"),
	}
	for when, name := range attachNames {
		if name == attach {
			r.Attach = when
		}
	}
	if own := t.String("vat", ""); own != "" {
		rate, err := money.ParseDecimal(own)
		if err != nil || rate < 0 || rate > 10000 {
			t.Problem("vat", fmt.Sprintf("%q is no rate", own), `want per cent in quotes, such as "12" or "13.5"; without this key the country's rate is used`)
		} else {
			hundredths := int(rate)
			r.Rules.Fixed = &hundredths
		}
	}
	return r
}

func readPrinter(t *table.Table) Printer {
	p := Printer{
		Port:    t.String("port", ""),
		Columns: int(t.Int("columns", 32, 24, 64)),
		Dots:    int(t.Int("dots", 384, 128, 1024)),
		Page:    t.Choice("page", "cp858", "cp858", "cp850", "cp865", "cp1252"),
		Cut:     t.Bool("cut", false),
		Baud:    int(t.Int("baud", 0, 0, 230400)),
	}
	if p.Port != "" && !filepath.IsAbs(p.Port) {
		t.Problem("port", fmt.Sprintf("%q is no absolute path", p.Port), "want one that begins with /dev/")
	}
	return p
}
