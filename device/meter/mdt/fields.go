package mdt

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"taxiterminal/money"
)

// FieldError is a field whose content is not what its place demands. The frame's
// check byte was right, so either two flips hid from it or the meter speaks a
// dialect.
type FieldError struct {
	ID    ID
	Field string
}

func (e *FieldError) Error() string {
	return fmt.Sprintf("frame %s, field %s: not understood", e.ID, e.Field)
}

// fields cuts the data of one frame into its fields, in order. The first field that
// is wrong is remembered, and what is read after it is worth nothing.
type fields struct {
	id   ID
	data []byte
	err  error
}

// next takes the next n bytes.
func (f *fields) next(n int) []byte {
	p := f.data[:n]
	f.data = f.data[n:]
	return p
}

func (f *fields) fail(name string) {
	if f.err == nil {
		f.err = &FieldError{f.id, name}
	}
}

// number reads n ASCII digits, right-aligned with zeros or spaces. Some meters pad
// on the right too, so spaces are taken on both sides, and nothing else is.
func (f *fields) number(name string, n int) int64 {
	p := bytes.Trim(f.next(n), " ")
	if len(p) == 0 {
		f.fail(name)
		return 0
	}
	var v int64
	for _, b := range p {
		if b < '0' || b > '9' {
			f.fail(name)
			return 0
		}
		v = 10*v + int64(b-'0') // at most 10 digits in this protocol
	}
	return v
}

func (f *fields) money(name string, n int) money.Minor { return money.Minor(f.number(name, n)) }

// letter reads one byte that must be in allowed.
func (f *fields) letter(name, allowed string) byte {
	b := f.next(1)[0]
	if strings.IndexByte(allowed, b) < 0 {
		f.fail(name)
	}
	return b
}

// builder makes the data of one frame.
type builder struct {
	data []byte
	err  error
}

func (b *builder) letter(c byte) { b.data = append(b.data, c) }

// number adds v as n digits with leading zeros.
func (b *builder) number(name string, v int64, n int) {
	digits := strconv.FormatInt(v, 10)
	if v < 0 || len(digits) > n {
		b.err = fmt.Errorf("%s %d: does not fit into %d digits", name, v, n)
		return
	}
	for range n - len(digits) {
		b.letter('0')
	}
	b.data = append(b.data, digits...)
}

func (b *builder) money(name string, v money.Minor, n int) { b.number(name, int64(v), n) }
