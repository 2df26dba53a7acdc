package jtt905

import "fmt"

// Encode makes the frame of a message, from either side. It fails when a value does not
// fit into its field, and for Opaque, whose data it does not have.
func Encode(m Message) ([]byte, error) {
	var b builder
	c := b.message(m)
	if b.err != nil {
		return nil, fmt.Errorf("frame %s encode: %w", c, b.err)
	}
	return taximeter(c, b.data).Append(nil), nil
}

// message adds the data of m and gives its command.
func (b *builder) message(m Message) Command {
	switch m := m.(type) {
	case Started:
		b.stamp("time", m.At, toSecond)
		return CmdStarted
	case Ended:
		b.trip(m.Trip)
		return pick(m.Resent, CmdEndedAgain, CmdEnded)
	case Heartbeat:
		b.heartbeat(m)
		return CmdHeartbeat
	case SignIn:
		b.bytes(m.Identity)
		return CmdSignIn
	case SignOut:
		b.bytes(m.Identity)
		return CmdSignOut
	case ShiftTotals:
		b.shift(m)
		return pick(m.Resent, CmdShiftAgain, CmdShift)
	case Answer:
		b.bytes(pick[byte](m.OK, answerOK, answerError))
		return m.To
	case SignAnswer:
		b.signAnswer(m)
		return m.To
	case HeartbeatAnswer:
		b.u16(m.State)
		b.stamp("time limit", m.Until, toHour)
		b.bcd("count limit", m.Count, 1)
		b.bytes(make([]byte, pick(m.Short, 1, 2))...)
		return CmdHeartbeat
	case StatusRequest:
		b.stamp("time", m.At, toSecond)
		return CmdStatus
	case Status:
		b.status(m)
		return CmdStatus
	case HistoryRequest:
		b.u32(m.Number)
		return CmdHistory
	case History:
		if m.Trip != nil {
			b.trip(*m.Trip)
		}
		return CmdHistory
	}
	b.err = fmt.Errorf("%T has no frame", m)
	return 0
}

func pick[T any](yes bool, a, b T) T {
	if yes {
		return a
	}
	return b
}

// trip adds a record, with digits of zero as the data of a card.
func (b *builder) trip(t Trip) {
	b.text("plate", t.Plate, 6)
	b.text("licence", t.Licence, 16)
	b.text("certificate", t.Certificate, 19)
	b.stamp("boarding time", t.Boarded, short)
	b.stamp("alighting time", t.Alighted, clock)
	b.bcd("distance", t.Distance, 3)
	b.bcd("empty distance", t.Empty, 2)
	b.tenths("surcharge", t.Surcharge, 3)
	b.bcd("waiting time", 100*int64(t.Waiting.Hours())+int64(t.Waiting.Minutes())%60, 2)
	b.tenths("amount", t.Amount, 3)
	b.u32(t.Number)
	b.bytes(byte(t.Payment))
	b.bytes(make([]byte, t.CardLen)...)
}

func (b *builder) heartbeat(m Heartbeat) {
	f := m.Other & 0x70
	for bit, on := range map[byte]bool{1: m.Hired, 2: m.Operating, 4: m.ForcedOn, 8: m.ForcedOff, 0x80: m.BadSpeed} {
		f |= pick(on, bit, 0)
	}
	b.bytes(f)
	b.text("licence", m.Licence, 16)
	b.text("certificate", m.Certificate, 19)
}

func (b *builder) status(m Status) {
	b.bcd("vendor", int64(m.Vendor), 1)
	b.bytes(m.Kind)
	b.bcd("serial", m.Serial, 3)
	b.bytes(m.Hardware, m.Software, m.Sub, m.State, m.Work)
	b.text("plate", m.Plate, 6)
	b.text("licence", m.Licence, 16)
	b.text("certificate", m.Certificate, 19)
	b.u32(m.Trips)
}

func (b *builder) shift(m ShiftTotals) {
	b.text("licence", m.Licence, 16)
	b.text("certificate", m.Certificate, 19)
	b.text("plate", m.Plate, 6)
	b.bcd("K", m.K, 2)
	b.stamp("sign-in", m.In, toMinute)
	b.stamp("sign-out", m.Out, toMinute)
	b.bcd("distance", m.Distance, 3)
	b.bcd("business distance", m.BusinessDistance, 3)
	b.bcd("trips", m.Trips, 2)
	b.bcd("timing", m.Timing, 3)
	b.tenths("total", m.Total, 3)
	b.tenths("card total", m.CardTotal, 3)
	b.bcd("card trips", m.CardTrips, 2)
	b.bcd("distance between shifts", m.BetweenShifts, 2)
	b.bcd("total distance", m.LifeDistance, 4)
	b.bcd("total business distance", m.LifeBusiness, 4)
	b.bcd("unit price", int64(m.UnitPrice), 2)
	b.u32(m.LifeTrips)
}

func (b *builder) signAnswer(m SignAnswer) {
	b.text("licence", m.Licence, 16)
	b.text("certificate", m.Certificate, 19)
	b.text("plate", m.Plate, 6)
	b.stamp("time", m.At, toMinute)
	b.u16(m.State)
	b.stamp("time limit", m.Until, toHour)
	b.bcd("count limit", m.Count, 2)
	b.bytes(m.Result)
}

// must is Encode for messages that always fit.
func must(m Message) []byte {
	p, err := Encode(m)
	if err != nil {
		panic(err)
	}
	return p
}
