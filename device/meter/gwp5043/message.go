package gwp5043

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// Message is the content of one frame: *Live or *Record. Times are in seconds since 1970
// by the meter's clock, distances in metres, durations in seconds, fares in the meter's
// own counts.
type Message interface{ head() *Head }

// Head is what all frames begin with.
type Head struct {
	Now    uint32
	Serial string // of the meter, without padding; up to 8 characters
}

// Live (C2) is a trip that goes on.
type Live struct {
	Head
	Speed    uint16 // km/h
	Distance uint32
	Travel   uint16 // since boarding
	Wait     uint16 // part of Travel
	Fare     uint16
}

// Record (C1, B4) is the last trip that was closed. The driver's id and four numbers that
// the maker calls not connected are left out.
type Record struct {
	Head
	Printed  bool // B4: PRINT was pressed
	Board    uint32
	Exit     uint32
	Distance uint32
	Travel   uint16 // Exit - Board
	Wait     uint16
	Fare16   uint16 // the lower half of Fare
	Speed    uint16
	Device   string
	Receipt  uint32
	Fare     uint32
	K        uint32 // pulses to the kilometre
}

func (h *Head) head() *Head { return h }

// Places of fields in the data of C1 and B4 that others than parse need.
const (
	serialLen = 8
	driverAt  = 64
	driverLen = 16
)

// FieldError is a field whose content is not what its place demands.
type FieldError struct {
	Command Command
	Field   string
}

func (e *FieldError) Error() string {
	return fmt.Sprintf("frame %02X, field %s: not understood", byte(e.Command), e.Field)
}

// Parse reads a frame. The error is a *FieldError.
func Parse(f Frame) (Message, error) {
	in := &fields{data: f.Data}
	head := Head{Now: in.u32(), Serial: in.text(serialLen)}
	if head.Serial == "" {
		return nil, &FieldError{f.Command, "serial"}
	}
	if f.Command == CmdLive {
		return parseLive(head, in), nil
	}
	return parseRecord(head, f.Command == CmdPrint, in), nil
}

func parseLive(h Head, in *fields) *Live {
	m := &Live{Head: h, Speed: in.u16()}
	in.next(6) // undefined
	m.Distance, m.Travel, m.Wait, m.Fare = in.u32(), in.u16(), in.u16(), in.u16()
	return m
}

func parseRecord(h Head, printed bool, in *fields) *Record {
	m := &Record{Head: h, Printed: printed, Board: in.u32(), Exit: in.u32(), Distance: in.u32(),
		Travel: in.u16(), Wait: in.u16(), Fare16: in.u16(), Speed: in.u16()}
	in.next(16) // not connected
	m.Device, m.Receipt, m.Fare = in.text(8), in.u32(), in.u32()
	in.next(driverLen)
	m.K = in.u32()
	return m
}

// fields cuts the data of one frame into its fields, in order.
type fields struct{ data []byte }

func (f *fields) next(n int) []byte {
	p := f.data[:n]
	f.data = f.data[n:]
	return p
}

func (f *fields) u16() uint16 { return binary.BigEndian.Uint16(f.next(2)) }
func (f *fields) u32() uint32 { return binary.BigEndian.Uint32(f.next(4)) }

// text reads printable ASCII, padded with zeros or spaces; empty if it is anything else.
func (f *fields) text(n int) string {
	p := bytes.Trim(f.next(n), "\x00 ")
	for _, b := range p {
		if b <= ' ' || b > '~' {
			return ""
		}
	}
	return string(p)
}
