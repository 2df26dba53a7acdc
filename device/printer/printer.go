// Package printer prints on a receipt printer that speaks ESC/POS, as nearly all of
// them do, through a device file: /dev/usb/lp0, or a serial line.
//
//	p, err := printer.New(printer.Config{Path: "/dev/usb/lp0", Cut: true})
//	err = p.Print(ctx, printer.Document{Lines: []printer.Line{{Text: "Kvittering", Big: true}}})
//
// # What is sent
//
// Encode is pure: a Document in, bytes out. Every job sets up the printer from
// nothing, because nobody knows what was printed before: reset, Western characters
// instead of double-byte ones, the code page. Texts are mapped to the code page
// character by character, and one that the page lacks is replaced by its nearest
// likeness, never by a question mark and never by more or fewer characters, so that
// columns stay columns. Control characters in a text become spaces: whatever a text
// holds, it cannot command the printer.
//
// # What can go wrong
//
// The device is opened for each job and closed after it, so that it may be plugged
// in and out. It must be a character device (a path to a disk would be the end of
// it), is locked while a job lasts, and every wait has an end. A printer without
// paper, with an open cover or switched off takes no bytes: that is Stuck, all of it,
// because a device file tells no more. A job that failed is not repeated by itself:
// Error.Partial says that something of it may be on paper, and a person decides.
package printer

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"time"
)

// Config says which printer, and what it can do.
type Config struct {
	Path string   // a stable name; below /dev/usb or /dev/serial/by-id
	Page CodePage // PC858 if empty
	Dots int      // printable dots in a row: 384 on 58 mm paper, 576 on 80 mm; 384 if 0
	Cut  bool     // it has a cutter
	Baud int      // of a serial line, 8N1; what the line is set to if 0
}

const (
	stall   = 8 * time.Second  // longest time without a byte taken; longer than a cutter needs
	longest = 60 * time.Second // longest job
)

// Printer is one printer. It is safe for concurrent use; a job that comes while
// another is being printed is refused as Busy.
type Printer struct {
	cfg   Config
	job   sync.Mutex
	stall time.Duration
}

// New checks the configuration. It touches no hardware.
func New(cfg Config) (*Printer, error) {
	if !filepath.IsAbs(cfg.Path) {
		return nil, fmt.Errorf("printer path %q: want a whole path, such as /dev/usb/lp0", cfg.Path)
	}
	if cfg.Page == "" {
		cfg.Page = PC858
	}
	if _, ok := pages[cfg.Page]; !ok {
		return nil, fmt.Errorf("printer code page %q: want one of %v", cfg.Page, CodePages())
	}
	if cfg.Dots == 0 {
		cfg.Dots = 384
	}
	if cfg.Dots < minDots || cfg.Dots > maxDots {
		return nil, fmt.Errorf("printer dots %d: want %d to %d, such as 384 on 58 mm paper", cfg.Dots, minDots, maxDots)
	}
	if _, ok := speeds[cfg.Baud]; cfg.Baud != 0 && !ok {
		return nil, fmt.Errorf("printer baud %d: want a usual rate such as 9600 or 115200", cfg.Baud)
	}
	return &Printer{cfg: cfg, stall: stall}, nil
}

// Print prints a document and returns when the device has taken all of it. Errors
// of the device are *Error; a document that cannot be printed is another error, and
// nothing was sent.
func (p *Printer) Print(ctx context.Context, d Document) error {
	bytes, err := Encode(d, p.cfg)
	if err != nil {
		return err
	}
	if !p.job.TryLock() {
		return &Error{Fault: Busy, Err: errPrinting}
	}
	defer p.job.Unlock()
	dev, err := open(p.cfg)
	if err != nil {
		return &Error{Fault: faultOf(err), Err: err}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, longest, errStuck)
	defer cancel()
	sent, err := dev.write(ctx, bytes, p.stall)
	if err == nil {
		err = dev.drain(ctx, p.stall)
	}
	dev.close(err != nil)
	if err != nil {
		return &Error{Fault: faultOf(err), Partial: sent > 0, Err: err}
	}
	return nil
}
