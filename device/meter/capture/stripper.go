package capture

import "bytes"

// op is what a printer is told to do, as far as it matters here.
type op uint8

const (
	opText     op = iota // text to print
	opLine               // end of a line
	opFeed               // n blank lines
	opFormFeed           // FF
	opCut                // paper cut
	opSTX                // begin of a frame on a data port
	opETX                // end of it
	opPage               // ESC t n: code page
	opNational           // ESC R n: national characters
	opReset              // ESC @
	opPicture            // n bytes of a picture
	opStatus             // a request that the printer answers at once
	opDirt               // n bytes that belong to no command and are no text
)

// told is one op. Text and the bytes of a request are valid until emit returns.
type told struct {
	op   op
	text []byte
	n    int
}

// stripper takes the commands of a receipt printer out of a stream of bytes, by
// their lengths, and tells what is left. It keeps no more than the first bytes of one
// command, and gives the same ops however the stream is cut into pieces, but for
// where text is cut.
type stripper struct {
	plain bool // no commands: only line ends, frames and text
	emit  func(told)

	head    [headMax]byte // of the command being read
	n       int
	skip    int  // bytes of the command still to come
	picture bool // they are one
	until   bool // the command ends with NUL
	chars   int  // ESC &: characters still to come
	height  int  // bytes in a column of them
	newline byte // CR or LF, when it was the last byte
}

// endless bounds a command that ends with NUL.
const endless = 256

// pending is true within a command.
func (s *stripper) pending() bool { return s.n > 0 || s.skip > 0 || s.until || s.chars > 0 }

// reset gives up the command being read.
func (s *stripper) reset() {
	if s.pending() {
		s.emit(told{op: opDirt, n: max(1, s.n)})
	}
	*s = stripper{plain: s.plain, emit: s.emit}
}

// feed takes bytes.
func (s *stripper) feed(p []byte) {
	for len(p) > 0 {
		switch {
		case s.skip > 0:
			p = s.skipped(p)
		case s.until:
			p = s.toNUL(p)
		case s.chars > 0:
			s.chars--
			s.skip = int(p[0]) * s.height
			p = p[1:]
		case s.n > 0:
			s.command(p[0])
			p = p[1:]
		default:
			p = s.text(p)
		}
	}
}

func (s *stripper) skipped(p []byte) []byte {
	n := min(s.skip, len(p))
	s.skip -= n
	if s.picture {
		s.emit(told{op: opPicture, n: n})
	}
	return p[n:]
}

// toNUL passes over the rest of a command that ends with NUL; the count of its bytes
// is kept in height.
func (s *stripper) toNUL(p []byte) []byte {
	n := bytes.IndexByte(p[:min(len(p), endless-s.height)], nul)
	if n >= 0 {
		s.until, s.height = false, 0
		return p[n+1:]
	}
	n = min(len(p), endless-s.height)
	if s.height += n; s.height >= endless {
		s.until, s.height = false, 0
		s.emit(told{op: opDirt, n: endless})
	}
	return p[n:]
}

// text takes printable bytes, or one that is not.
func (s *stripper) text(p []byte) []byte {
	n := 0
	for n < len(p) && p[n] >= ' ' && p[n] != del {
		n++
	}
	if n > 0 {
		s.newline = 0
		s.emit(told{op: opText, text: p[:n]})
		return p[n:]
	}
	s.control(p[0])
	return p[1:]
}

var space = []byte{' '}

func (s *stripper) control(b byte) {
	was := s.newline
	s.newline = 0
	switch b {
	case lf, cr:
		if was != 0 && was != b {
			return // the second half of CR LF
		}
		s.newline = b
		s.emit(told{op: opLine})
	case ht:
		s.emit(told{op: opText, text: space})
	case ff:
		s.emit(told{op: opFormFeed})
	case stx:
		s.emit(told{op: opSTX})
	case etx:
		s.emit(told{op: opETX})
	case nul, can, 0x07, 0x0E, 0x0F, 0x11, 0x12, 0x13, 0x14: // padding, XON, widths of the pin printers
	case esc, gs, fs, dle:
		if s.plain {
			s.emit(told{op: opDirt, n: 1})
			return
		}
		s.head[0], s.n = b, 1
	default:
		s.emit(told{op: opDirt, n: 1})
	}
}

// command takes the next byte of a command's head.
func (s *stripper) command(b byte) {
	s.head[s.n] = b
	s.n++
	head := s.head[:s.n]
	n, e := length(head)
	switch e {
	case needMore:
		return
	case toNUL:
		s.until, s.height = true, 0
	case character:
		s.chars, s.height = int(head[4])-int(head[3])+1, int(head[2])
	case exact:
		if n > len(head) {
			if s.picture = isPicture(head); !s.picture && n <= headMax {
				return
			}
			s.skip = n - len(head)
		}
		s.obey(head)
	case unknown:
		s.giveUp()
		return
	}
	s.n = 0
}

// giveUp drops the two bytes that look like a command and are none, or one if the
// second may begin another. What follows them is looked at again.
func (s *stripper) giveUp() {
	drop := 2
	if s.head[1] < ' ' {
		drop = 1
	}
	rest := append([]byte(nil), s.head[drop:s.n]...)
	s.n = 0
	s.emit(told{op: opDirt, n: drop})
	s.feed(rest)
}

// obey tells what a command does. All that matter fit into the head.
func (s *stripper) obey(head []byte) {
	switch string(head[:2]) {
	case "\x1b@":
		s.emit(told{op: opReset})
	case "\x1bi", "\x1bm", "\x1dV":
		s.emit(told{op: opCut})
	case "\x1bd":
		s.emit(told{op: opFeed, n: int(head[2])})
	case "\x1bt":
		s.emit(told{op: opPage, n: int(head[2])})
	case "\x1bR":
		s.emit(told{op: opNational, n: int(head[2])})
	case "\x10\x04", "\x1bv", "\x1bu", "\x1dr", "\x1dI", "\x1da":
		s.emit(told{op: opStatus, text: head})
	case "\x1c\x0c", "\x1b\x0c":
		s.emit(told{op: opFormFeed})
	}
}

// isPicture knows the commands that print or define dots.
func isPicture(head []byte) bool {
	switch head[0] {
	case esc:
		return head[1] == '*'
	case gs:
		return head[1] == '*' || head[1] == 'v' || head[1] == '8' || head[1] == '(' && head[2] == 'L'
	}
	return false
}
