package mdt

// A frame is STX, ID, LEN, LEN bytes of data, BCC, ETX. The BCC is the XOR of all
// bytes before it, STX included. Nothing is escaped: data and BCC may equal STX or
// ETX, so only the length tells where a frame ends.
const (
	stx = 0x02
	etx = 0x03

	headLen  = 3 // STX, ID, LEN
	overhead = 5
	maxFrame = 255 + overhead
)

// Frame is one whole frame with the right check byte.
type Frame struct {
	ID ID
	// Data are the LEN bytes of data; nil where they were wiped. A decoder lends
	// them only until the function that it gave the frame to returns.
	Data []byte
	Len  int // LEN as on the wire
}

// Append adds the frame as it stands on the wire. It panics when there are more
// than 255 bytes of data, which no message of this package has.
func (f Frame) Append(dst []byte) []byte {
	if len(f.Data) > 255 {
		panic("mdt: frame with more than 255 bytes of data")
	}
	start := len(dst)
	dst = append(dst, stx, byte(f.ID), byte(len(f.Data)))
	dst = append(dst, f.Data...)
	return append(dst, xor(dst[start:]), etx)
}

// whole says whether p, which has the length that its LEN asks for, ends as a frame
// must: XOR over everything up to the BCC is zero, then ETX.
func whole(p []byte) bool {
	last := len(p) - 1
	return p[last] == etx && xor(p[:last]) == 0
}

func xor(p []byte) (sum byte) {
	for _, b := range p {
		sum ^= b
	}
	return sum
}
