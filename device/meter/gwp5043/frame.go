package gwp5043

// A frame is STX, CMD, LEN in four bytes, LEN bytes of data, ETX, DLE. Numbers are big
// endian. Nothing is escaped: the data may hold the two bytes of the end, so only the length
// tells where a frame ends.
const (
	stx = 0x02
	etx = 0x03
	dle = 0x10

	headLen  = 6 // STX, CMD, LEN
	overhead = 8
	maxFrame = recordLen + overhead
)

// Command says what a frame is.
type Command byte

const (
	CmdLive   Command = 0xC2 // every second while hired
	CmdClosed Command = 0xC1 // every second while vacant
	CmdPrint  Command = 0xB4 // once for each press of PRINT
)

const (
	liveLen   = 30
	recordLen = 84
)

// dataLen is the only LEN that a command goes with, 0 for an unknown command.
func (c Command) dataLen() int {
	switch c {
	case CmdLive:
		return liveLen
	case CmdClosed, CmdPrint:
		return recordLen
	}
	return 0
}

// Frame is one whole frame: a head and an end in their places.
type Frame struct {
	Command Command
	// Data are as many bytes as the command has, without the driver's id. A decoder lends
	// them only until the function that it gave the frame to returns.
	Data []byte
}

// Append adds the frame as it stands on the wire.
func (f Frame) Append(dst []byte) []byte {
	dst = append(dst, stx, byte(f.Command), 0, 0, 0, byte(len(f.Data)))
	dst = append(dst, f.Data...)
	return append(dst, etx, dle)
}

// plausible says whether a frame can begin with p, and how long it would be.
func plausible(p []byte) (size int, ok bool) {
	if len(p) < 2 {
		return overhead, true
	}
	n := Command(p[1]).dataLen()
	for i, want := range [...]byte{stx, p[1], 0, 0, 0, byte(n)} {
		if i < len(p) && p[i] != want {
			return 0, false
		}
	}
	return n + overhead, n > 0
}

// ended says whether p, which has the length of its frame, ends as one.
func ended(p []byte) bool {
	return p[len(p)-2] == etx && p[len(p)-1] == dle
}
