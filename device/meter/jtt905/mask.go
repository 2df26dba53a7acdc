package jtt905

import "encoding/binary"

// mask hides in a raw trace what the decoder destroys. It does not wait for a whole
// frame and does not check any: wherever the head of a frame stands, the secret parts
// of as many bytes as its LEN says are overwritten, in whatever pieces they come. If no
// frame ends there, LEN was damaged, and everything up to the next mark is overwritten
// too. Heads are looked for within frames as well, since a frame that seems to contain
// another may be an accident of noise: a byte is hidden if any of them says so.
type mask struct {
	head   [headLen]byte // the last bytes, as they came
	active [maskDepth]*masked
}

const maskDepth = 4

// masked is one frame, or what looks like one.
type masked struct {
	n, at int     // length of the data, and the next byte of it
	hide  [2]span // parts to hide
	sum   byte    // XOR of what was hidden, to mend the check byte with
	lost  bool    // no frame ended where it should
}

// cover overwrites in place. Hidden bytes become zeros, and the check byte is adjusted so
// that a valid frame stays valid and a damaged one damaged when the trace is replayed.
func (m *mask) cover(p []byte) {
	for i, b := range p {
		p[i] = m.show(b)
		copy(m.head[:], m.head[1:])
		m.head[headLen-1] = b
		m.begin()
	}
}

// show is what may be seen of b.
func (m *mask) show(b byte) byte {
	seen := b
	for _, f := range m.active {
		if f != nil && f.hides() {
			seen = 0
		}
	}
	for i, f := range m.active {
		if f == nil {
			continue
		}
		if f.at == f.n && !f.lost {
			seen ^= f.sum // the check byte
		}
		f.sum ^= seen ^ b
		if f.over(m.head[headLen-1], b) {
			m.active[i] = nil
		}
	}
	return seen
}

func (f *masked) hides() bool {
	within := func(s span) bool { return f.at >= s.from && f.at < s.to }
	return f.lost || f.at < f.n && (within(f.hide[0]) || within(f.hide[1]))
}

// over goes on by one byte, and says whether the frame ended with it.
func (f *masked) over(before, b byte) bool {
	mark := before == mark0 && b == mark1
	f.at++
	if f.lost {
		return mark
	}
	if f.at < f.n+tailLen {
		return false
	}
	f.lost = !mark
	return mark
}

// begin looks for a head in the last bytes.
func (m *mask) begin() {
	n, plausible := size(m.head[:])
	if !plausible || m.head[0] != mark0 {
		return
	}
	f := &masked{n: n - headLen - tailLen}
	f.hide = secrets(Device(m.head[4]), m.head[5], Command(binary.BigEndian.Uint16(m.head[6:])), f.n)
	slot := 0
	for i, other := range m.active {
		if other == nil {
			slot = i
			break
		}
		if other.n-other.at < m.active[slot].n-m.active[slot].at {
			slot = i // none free: the one that ends first
		}
	}
	m.active[slot] = f
}
