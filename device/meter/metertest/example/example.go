// Package example is a whole driver for a taximeter that does not exist, to begin a real one
// from. It is not registered, so no program has it.
//
// The meter broadcasts its state every second and at every key, as one line of ASCII:
//
//	$H 17 2090 FA8B09BC
//
// F, H or S for the position; the number of the open or last trip; its total in 1/100; the
// CRC-32 of all that from the letter on; line feed.
package example

import (
	"bytes"
	"context"
	"fmt"
	"hash/crc32"
	"strconv"
	"time"

	"taxiterminal/device/meter"
	"taxiterminal/money"
)

const (
	liveness = 5 * time.Second // of a meter that sends every second
	maxLine  = 64              // bytes; nothing grows without bound
)

// status is what one line says.
type status struct {
	position meter.Position
	trip     int64
	total    money.Minor
}

var letters = map[string]meter.Position{"F": meter.ForHire, "H": meter.Hired, "S": meter.Stopped}

// parse reads a line without its line feed. What stands before the last $ is noise.
func parse(line []byte) (s status, ok bool) {
	line = line[bytes.LastIndexByte(line, '$')+1:]
	words := bytes.Split(line, []byte{' '})
	if len(words) != 4 {
		return s, false
	}
	said := line[:len(line)-len(words[3])-1]
	if string(words[3]) != fmt.Sprintf("%08X", crc32.ChecksumIEEE(said)) {
		return s, false
	}
	trip, err1 := strconv.ParseInt(string(words[1]), 10, 64)
	total, err2 := strconv.ParseInt(string(words[2]), 10, 64)
	s = status{letters[string(words[0])], trip, money.Minor(total)}
	return s, err1 == nil && err2 == nil && total >= 0 && s.position != ""
}

// Driver is a meter.Driver. What it knows of the trip outlives the line.
type Driver struct {
	last  status // position is empty until known
	fresh bool   // the line was opened, and the position has not been told since
}

// Capabilities implements meter.Driver.
func (d *Driver) Capabilities() meter.Capabilities {
	return meter.Capabilities{LiveState: true, RunningFare: true, StopFare: true}
}

// Run implements meter.Driver. It never writes.
func (d *Driver) Run(ctx context.Context, port meter.Port, sink meter.Sink) error {
	d.fresh = true
	monitor := meter.NewMonitor(liveness, time.Now())
	var buf [256]byte
	var line []byte
	for ctx.Err() == nil {
		n, err := port.Read(buf[:])
		frames, discarded := 0, 0
		for _, b := range buf[:n] {
			if b != '\n' && len(line) < maxLine {
				line = append(line, b)
				continue
			}
			if s, ok := parse(line); ok && b == '\n' {
				frames++
				d.hear(s, sink)
			} else {
				discarded += len(line) + 1
			}
			line = line[:0]
		}
		if h, changed := monitor.Observe(time.Now(), n, frames, discarded); changed {
			sink(h)
		}
		if err != nil {
			return fmt.Errorf("meter line: %w", err)
		}
	}
	return ctx.Err()
}

// hear makes events of one status. The trip's number says which trip it is about, so nothing
// that was missed can be taken for something else.
func (d *Driver) hear(s status, sink meter.Sink) {
	was := d.last
	d.last = s
	open := was.position == meter.Hired || was.position == meter.Stopped
	if open && s.trip != was.trip { // its end was missed, and so was its amount
		sink(meter.PositionChanged{Position: meter.ForHire, Resync: true})
		was = status{position: meter.ForHire}
		open = false
	}
	moved := s.position != was.position
	if open && s.position == meter.ForHire {
		sink(meter.TripRecord{Record: s.record(), Final: true})
	}
	if moved || d.fresh {
		missed := d.fresh || was.position == meter.ForHire && s.position == meter.Stopped
		d.fresh = false
		sink(meter.PositionChanged{Position: s.position, Resync: missed})
	}
	switch news := moved || s.total != was.total; {
	case news && s.position == meter.Hired:
		sink(meter.RunningFare{Fare: s.total})
	case news && s.position == meter.Stopped:
		sink(meter.TripRecord{Record: s.record()})
	}
}

func (s status) record() meter.Record {
	return meter.Record{Total: s.total, Fare: s.total, Key: strconv.FormatInt(s.trip, 10)}
}
