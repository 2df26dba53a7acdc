package jtt905

import "encoding/binary"

// A frame is a start mark 55 AA, LEN (two bytes, big endian, as all numbers here), the
// device, the vendor, the command (two bytes), data, the XOR of everything from LEN on,
// and an end mark, which is 55 AA again. LEN counts from the device to the last byte of
// data. Nothing is escaped: data may contain 55 AA, so only LEN tells where a frame ends.
const (
	mark0, mark1 = 0x55, 0xAA

	headLen  = 8 // start mark to command
	tailLen  = 3 // XOR, end mark
	lenMin   = 4 // LEN of a frame without data
	lenMax   = 1024
	around   = headLen + tailLen - lenMin // bytes that LEN does not count
	maxFrame = lenMax + around
)

// Frame is one whole frame with the right check byte.
type Frame struct {
	Device  Device
	Vendor  byte // 0 is the standard
	Command Command
	// Data are lent by a decoder only until the function that it gave the frame to
	// returns. What must not be kept is zero.
	Data []byte
}

// taximeter makes a frame of a dialogue with a taximeter, which has the same device in
// both directions.
func taximeter(c Command, data []byte) Frame {
	return Frame{Device: DeviceTaximeter, Command: c, Data: data}
}

// Append adds the frame as it stands on the wire. It panics when there are more than
// 1020 bytes of data, which no message of this package has.
func (f Frame) Append(dst []byte) []byte {
	n := len(f.Data) + lenMin
	if n > lenMax {
		panic("jtt905: frame with more than 1020 bytes of data")
	}
	start := len(dst)
	dst = append(dst, mark0, mark1)
	dst = binary.BigEndian.AppendUint16(dst, uint16(n))
	dst = append(dst, byte(f.Device), f.Vendor)
	dst = binary.BigEndian.AppendUint16(dst, uint16(f.Command))
	dst = append(dst, f.Data...)
	return append(dst, xor(dst[start+2:]), mark0, mark1)
}

// size is the length of the frame that p begins, or as much of it as is certain, and
// whether there can be such a frame. p begins with the first byte of a mark.
func size(p []byte) (n int, plausible bool) {
	switch {
	case len(p) < 2:
		return headLen, true
	case p[1] != mark1:
		return 0, false
	case len(p) < 4:
		return headLen, true
	}
	n = int(binary.BigEndian.Uint16(p[2:]))
	return n + around, n >= lenMin && n <= lenMax
}

// whole says whether p, which has the length that its LEN asks for, ends as a frame must.
func whole(p []byte) bool {
	end := len(p) - 2
	return p[end] == mark0 && p[end+1] == mark1 && xor(p[2:end]) == 0
}

// parts reads the frame that the whole p is.
func parts(p []byte) Frame {
	return Frame{
		Device:  Device(p[4]),
		Vendor:  p[5],
		Command: Command(binary.BigEndian.Uint16(p[6:])),
		Data:    p[headLen : len(p)-tailLen],
	}
}

func xor(p []byte) (sum byte) {
	for _, b := range p {
		sum ^= b
	}
	return sum
}
