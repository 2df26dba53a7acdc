package mdt

// mask hides the data of card and PIN frames in a raw trace. It does not wait for a
// whole frame and does not check any: wherever STX and the ID of such a frame
// follow each other, as many bytes as the LEN behind them says are overwritten, in
// whatever pieces they come. If no frame ends there, LEN was damaged, and everything
// up to the next STX is overwritten too.
type mask struct {
	last  [2]byte // the two bytes before
	state maskState
	left  int  // bytes of data still to hide
	sum   byte // XOR of what was hidden, to mend the BCC with
}

type maskState uint8

const (
	showing  maskState = iota
	hiding             // data of a card or PIN frame
	atBCC              // the byte behind them
	atETX              // where such a frame must end
	hidingOn           // it did not
)

// hide overwrites in place. Data become zeros, and the BCC is adjusted so that a
// valid frame stays valid and a damaged one damaged when the trace is replayed.
func (m *mask) hide(p []byte) {
	for i, b := range p {
		p[i] = m.show(b)
		// Looked for within hidden bytes too: the frame that hides them may be an
		// accident of noise and the one inside it the real one.
		if m.last[0] == stx && fromMeter[m.last[1]].treat == wiped {
			m.begin(int(b))
		}
		m.last[0], m.last[1] = m.last[1], b
	}
}

// begin hides n bytes from here on, or more if more are being hidden already.
func (m *mask) begin(n int) {
	if m.state != hiding {
		m.left, m.sum = 0, 0
	}
	m.left = max(m.left, n)
	m.state = hiding
	if m.left == 0 {
		m.state = atBCC
	}
}

// show is what may be seen of b.
func (m *mask) show(b byte) byte {
	switch m.state {
	case hiding:
		m.sum ^= b
		if m.left--; m.left == 0 {
			m.state = atBCC
		}
		return 0
	case atBCC:
		m.state = atETX
		return b ^ m.sum
	case atETX, hidingOn:
		if b == etx && m.state == atETX || b == stx {
			m.state = showing
			return b
		}
		m.state = hidingOn
		return 0
	}
	return b
}
