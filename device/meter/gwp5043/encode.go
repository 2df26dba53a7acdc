package gwp5043

import "encoding/binary"

// Encode makes the frame of a message. What a message does not know is zero; texts that
// are too long are cut.
func Encode(m Message) []byte {
	b := &builder{}
	b.u32(m.head().Now)
	b.text(m.head().Serial, serialLen)
	switch m := m.(type) {
	case *Live:
		return b.live(m)
	case *Record:
		return b.record(m)
	}
	return nil
}

func (b *builder) live(m *Live) []byte {
	b.u16(m.Speed)
	b.text("", 6)
	b.u32(m.Distance)
	b.u16(m.Travel, m.Wait, m.Fare)
	return Frame{CmdLive, b.data}.Append(nil)
}

func (b *builder) record(m *Record) []byte {
	b.u32(m.Board, m.Exit, m.Distance)
	b.u16(m.Travel, m.Wait, m.Fare16, m.Speed)
	b.text("", 16)
	b.text(m.Device, 8)
	b.u32(m.Receipt, m.Fare)
	b.text("", driverLen)
	b.u32(m.K)
	cmd := CmdClosed
	if m.Printed {
		cmd = CmdPrint
	}
	return Frame{cmd, b.data}.Append(nil)
}

// builder makes the data of one frame.
type builder struct{ data []byte }

func (b *builder) u16(vs ...uint16) {
	for _, v := range vs {
		b.data = binary.BigEndian.AppendUint16(b.data, v)
	}
}

func (b *builder) u32(vs ...uint32) {
	for _, v := range vs {
		b.data = binary.BigEndian.AppendUint32(b.data, v)
	}
}

// text adds s in n bytes, padded with zeros.
func (b *builder) text(s string, n int) {
	p := make([]byte, n)
	copy(p, s)
	b.data = append(b.data, p...)
}
