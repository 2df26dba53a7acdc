package gwp5043

// mask hides the driver's id in a raw trace, in whatever pieces it comes. Within a frame it
// is at a known place. What is outside frames may be the rest of a frame whose beginning was
// damaged, so letters and digits are overwritten there. A byte that the line lost within a
// frame can leave the first character of an id.
type mask struct {
	head [headLen]byte // the bytes before, oldest first
	pos  int           // of the next byte in the frame's data and end
	size int           // of them; 0 outside a frame
}

// hide overwrites in place. There is no checksum to mend.
func (m *mask) hide(p []byte) {
	for i, b := range p {
		copy(m.head[:], m.head[1:])
		m.head[headLen-1] = b
		p[i] = m.show(b)
		if size, ok := plausible(m.head[:]); ok {
			m.pos, m.size = 0, size-headLen
			p[i] = b // the last byte of a head may look like a letter
		}
	}
}

// show is what may be seen of b.
func (m *mask) show(b byte) byte {
	if m.pos >= m.size {
		if b >= '0' && b <= '9' || b >= 'A' && b <= 'Z' || b >= 'a' && b <= 'z' {
			return '?'
		}
		return b
	}
	at := m.pos
	m.pos++
	if m.size == recordLen+2 && at >= driverAt && at < driverAt+driverLen {
		return 0
	}
	return b
}
