package jtt905

import (
	"encoding/binary"
	"fmt"
	"time"

	"taxiterminal/money"
)

// FieldError is a field whose content is not what its place demands, or data of a length
// that the command does not have. The frame's check byte was right, so either two flips
// hid from it or the meter speaks a dialect.
type FieldError struct {
	Command Command
	Field   string
}

func (e *FieldError) Error() string {
	return fmt.Sprintf("frame %s, field %s: not understood", e.Command, e.Field)
}

// fields cuts the data of one frame into its fields, in order. The first field that is
// wrong is remembered, and what is read after it is worth nothing.
type fields struct {
	command Command
	data    []byte
	err     error
}

// next takes the next n bytes.
func (f *fields) next(n int) []byte {
	p := f.data[:n]
	f.data = f.data[n:]
	return p
}

func (f *fields) fail(name string) {
	if f.err == nil {
		f.err = &FieldError{f.command, name}
	}
}

// bcd reads n bytes of two decimal digits each; n is at most 7 here.
func (f *fields) bcd(name string, n int) (v int64) {
	for _, b := range f.next(n) {
		if b>>4 > 9 || b&15 > 9 {
			f.fail(name)
			return 0
		}
		v = 100*v + 10*int64(b>>4) + int64(b&15)
	}
	return v
}

// tenths reads money in units of 0.1.
func (f *fields) tenths(name string, n int) money.Minor { return 10 * money.Minor(f.bcd(name, n)) }

// text reads n bytes of text, padded with zeros or spaces. The standard's code page is
// GBK, of which meters use the ASCII part; the bytes are left as they are.
func (f *fields) text(name string, n int) string {
	p := f.next(n)
	end := len(p)
	for end > 0 && (p[end-1] == 0 || p[end-1] == ' ') {
		end--
	}
	for _, b := range p[:end] {
		if b < ' ' || b == 0x7F {
			f.fail(name)
			return ""
		}
	}
	return string(p[:end])
}

func (f *fields) u32() uint32 { return binary.BigEndian.Uint32(f.next(4)) }

func (f *fields) u16() uint16 { return binary.BigEndian.Uint16(f.next(2)) }

// stamp reads the meter's wall clock in BCD, as if it were UTC: YYMMDDhhmm in 5 bytes,
// YYYYMMDDhhmm in 6, YYYYMMDDhhmmss in 7.
func (f *fields) stamp(name string, n int) time.Time {
	year, second := 2000, 0
	if n == 5 {
		year += int(f.bcd(name, 1))
	} else {
		year = int(f.bcd(name, 2))
	}
	p := [...]int{int(f.bcd(name, 1)), int(f.bcd(name, 1)), int(f.bcd(name, 1)), int(f.bcd(name, 1))}
	if n == lenTime {
		second = int(f.bcd(name, 1))
	}
	return f.date(name, year, p, second)
}

// hour reads YYYYMMDDhh.
func (f *fields) hour(name string) time.Time {
	year := int(f.bcd(name, 2))
	return f.date(name, year, [...]int{int(f.bcd(name, 1)), int(f.bcd(name, 1)), int(f.bcd(name, 1)), 0}, 0)
}

// date refuses what no calendar has, such as the 31st of June.
func (f *fields) date(name string, year int, p [4]int, second int) time.Time {
	t := time.Date(year, time.Month(p[0]), p[1], p[2], p[3], second, 0, time.UTC)
	if t.Year() != year || [...]int{int(t.Month()), t.Day(), t.Hour(), t.Minute()} != p || t.Second() != second {
		f.fail(name)
	}
	return t
}

// builder makes the data of one frame.
type builder struct {
	data []byte
	err  error
}

func (b *builder) bytes(p ...byte) { b.data = append(b.data, p...) }

func (b *builder) u32(v uint32) { b.data = binary.BigEndian.AppendUint32(b.data, v) }

func (b *builder) u16(v uint16) { b.data = binary.BigEndian.AppendUint16(b.data, v) }

// bcd adds v as n bytes of two digits each.
func (b *builder) bcd(name string, v int64, n int) {
	p := make([]byte, n)
	rest := v
	for i := n - 1; i >= 0; i-- {
		p[i] = byte(rest/10%10)<<4 | byte(rest%10)
		rest /= 100
	}
	if v < 0 || rest > 0 {
		b.err = fmt.Errorf("%s %d: does not fit into %d digits", name, v, 2*n)
	}
	b.bytes(p...)
}

func (b *builder) tenths(name string, v money.Minor, n int) {
	if v%10 != 0 {
		b.err = fmt.Errorf("%s %s: not in steps of 0.10", name, v.Decimal())
	}
	b.bcd(name, int64(v/10), n)
}

// text adds s, padded with zeros. The error does not quote it.
func (b *builder) text(name, s string, n int) {
	if len(s) > n {
		b.err = fmt.Errorf("%s: longer than %d bytes", name, n)
		s = s[:n]
	}
	b.bytes([]byte(s)...)
	b.bytes(make([]byte, n-len(s))...)
}

// stamp adds the digits of a wall clock.
func (b *builder) stamp(name string, t time.Time, layout string) {
	for digits := t.Format(layout); digits != ""; digits = digits[2:] {
		b.bytes((digits[0]-'0')<<4 | (digits[1] - '0'))
	}
	if y := t.Year(); y < 2000 || y > 2099 {
		b.err = fmt.Errorf("%s: year %d is not of this century", name, y)
	}
}

// Layouts of wall clocks, as their digits go over the line.
const (
	toSecond = "20060102150405"
	toMinute = "200601021504"
	toHour   = "2006010215"
	short    = "0601021504"
	clock    = "1504"
)
