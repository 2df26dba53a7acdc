package kill

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"taxiterminal/vipps/vippstest"
)

// look is what is examined after each kill of the car.
func (d *day) look(ctx context.Context) error {
	f, err := inspect(ctx, d.taxi.Daemon.Outbox())
	if err != nil {
		return err
	}
	if err := f.follows(d.before); err != nil {
		return err
	}
	if err := d.taxi.seen.check(f); err != nil {
		return err
	}
	d.before = f
	return known(f, d.taxi.Payments())
}

// evening: everything drains by itself, then all that is known about the day must agree.
func (d *day) evening(ctx context.Context) error {
	for _, v := range d.taxi.victims {
		if err := v.settle(ctx); err != nil {
			return err
		}
	}
	err := until(ctx, "queue drained", func() (bool, error) {
		open, err := d.taxi.driver.Commands(ctx, false, 1)
		return err == nil && len(open) == 0, nil
	})
	if err != nil {
		return err
	}
	v, err := d.taxi.driver.Verify(ctx)
	if err != nil {
		return err
	}
	d.tally.verified(v.Entries)
	if err := d.look(ctx); err != nil {
		return err
	}
	if err := errors.Join(audit(d.before, d.taxi.Payments(), d.driven), d.taxi.API.Check()); err != nil || d.office == nil {
		return err
	}
	return d.office(ctx, d.before)
}

// never are what the programs do not write into their logs, whatever is done to them.
var never = []string{"DATA RACE", "panic:", "qr.vipps.no", vippstest.DefaultPassenger.Phone, vippstest.DefaultClientSecret}

// torn is what the gateway says of a description that was cut. It is only written in the
// first start, and can only be found by the one after that.
const torn = "checksums do not match"

// logs: nothing stands in the logs that must not.
func (d *day) logs() error {
	text, err := os.ReadFile(d.log.Name())
	if err != nil {
		return err
	}
	for _, word := range never {
		if strings.Contains(string(text), word) {
			return fmt.Errorf("%s says %q", d.log.Name(), word)
		}
	}
	if strings.Contains(string(text[d.grown:]), torn) {
		return fmt.Errorf("%s says %q", d.log.Name(), torn)
	}
	return nil
}

// state is what is told when something is wrong.
func (d *day) state() string {
	text := "kept: " + d.dir + "\n"
	for name, v := range d.taxi.victims {
		v.mu.Lock()
		struck := v.struck[max(0, len(v.struck)-8):]
		text += fmt.Sprintf("%s, life %d, alive %t; the last kills:\n", name, v.life, v.alive)
		for _, p := range struck {
			text += fmt.Sprintf("  %+v\n", p)
		}
		v.mu.Unlock()
	}
	ctx, stop := context.WithTimeout(context.Background(), 5*time.Second)
	defer stop()
	if f, err := inspect(ctx, d.taxi.Daemon.Outbox()); err == nil {
		if r := f.rides[d.taxi.number]; r != nil {
			text += fmt.Sprintf("trip %04d: %+v\n", d.taxi.number, r.now())
		}
		for _, row := range f.rows[max(0, len(f.rows)-12):] {
			text += fmt.Sprintf("  row %d, trip %04d: %s %s %.150s\n", row.Seq, row.Stream, row.At.Format("15:04:05.000"), row.Kind, row.Body)
		}
	}
	payments := d.taxi.Payments()
	for _, p := range payments[max(0, len(payments)-3):] {
		text += fmt.Sprintf("  payment %+v\n", p)
	}
	html, _, _ := d.taxi.Passenger.HTML()
	return text + fmt.Sprintf("  screen %+v\n", pictureOf(html))
}
