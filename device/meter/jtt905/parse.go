package jtt905

import (
	"time"

	"taxiterminal/money"
)

// Parse reads a frame, from whichever side. The error is a *FieldError. What a frame is
// that this package does not look into is Opaque.
func Parse(f Frame) (Message, error) {
	in := &fields{command: f.Command, data: f.Data}
	m, known := in.message(f)
	switch {
	case in.err != nil:
		return nil, in.err
	case known:
		return m, nil
	case f.Device == DeviceTaximeter && f.Vendor == 0 && lengthMatters[f.Command]:
		return nil, &FieldError{f.Command, "length"}
	}
	return Opaque{Device: f.Device, Vendor: f.Vendor, Command: f.Command, Len: len(f.Data)}, nil
}

// lengthMatters are the commands that a terminal depends on: an unknown form of one is a
// fault, not something to read over.
var lengthMatters = map[Command]bool{CmdStatus: true, CmdHistory: true, CmdStarted: true, CmdEnded: true, CmdEndedAgain: true, CmdHeartbeat: true, CmdShift: true}

// message reads what is known; command and length together say what it is.
func (f *fields) message(fr Frame) (m Message, known bool) {
	if fr.Device != DeviceTaximeter || fr.Vendor != 0 {
		return nil, false
	}
	n := len(fr.Data)
	switch fr.Command {
	case CmdEnded, CmdEndedAgain, CmdHistory:
		if n >= lenTrip {
			return f.tripMessage(fr.Command), true
		}
	}
	read, known := readers[layout{fr.Command, n}]
	if !known {
		return nil, false
	}
	return read(f), true
}

// readers read the messages of fixed length.
var readers = map[layout]func(*fields) Message{
	{CmdStatus, lenTime}:           func(f *fields) Message { return StatusRequest{f.stamp("time", lenTime)} },
	{CmdStatus, lenStatus}:         (*fields).status,
	{CmdHistory, lenNumber}:        func(f *fields) Message { return HistoryRequest{f.u32()} },
	{CmdHistory, 0}:                func(*fields) Message { return History{} },
	{CmdSignIn, lenIdentity}:       func(f *fields) Message { return SignIn{f.next(1)[0]} },
	{CmdSignOut, lenIdentity}:      func(f *fields) Message { return SignOut{f.next(1)[0]} },
	{CmdSignIn, lenSignAnswer}:     (*fields).signAnswer,
	{CmdSignOut, lenSignAnswer}:    (*fields).signAnswer,
	{CmdShiftAgain, lenSignAnswer}: (*fields).signAnswer,
	{CmdStarted, lenTime}:          func(f *fields) Message { return Started{f.stamp("time", lenTime)} },
	{CmdHeartbeat, lenHeartbeat}:   (*fields).heartbeat,
	{CmdHeartbeat, lenBeat9}:       func(f *fields) Message { return f.heartbeatAnswer(true) },
	{CmdHeartbeat, lenBeat10}:      func(f *fields) Message { return f.heartbeatAnswer(false) },
	{CmdShift, lenShift}:           func(f *fields) Message { return f.shift(false) },
	{CmdShiftAgain, lenShift}:      func(f *fields) Message { return f.shift(true) },
	{CmdStarted, lenAnswer}:        (*fields).answer,
	{CmdEnded, lenAnswer}:          (*fields).answer,
	{CmdEndedAgain, lenAnswer}:     (*fields).answer,
	{CmdShift, lenAnswer}:          (*fields).answer,
}

// Values of an Answer.
const answerOK, answerError = 0x90, 0xFF

func (f *fields) answer() Message {
	b := f.next(1)[0]
	if b != answerOK && b != answerError {
		f.fail("result")
	}
	return Answer{To: f.command, OK: b == answerOK}
}

func (f *fields) tripMessage(c Command) Message {
	t := f.trip()
	if c == CmdHistory {
		return History{&t}
	}
	return Ended{Trip: t, Resent: c == CmdEndedAgain}
}

// trip reads a trip record: 66 bytes and, for cards, more.
func (f *fields) trip() (t Trip) {
	t.Plate = f.text("plate", 6)
	t.Licence = f.text("licence", 16)
	f.next(tripCertificate.to - tripCertificate.from)
	t.Boarded = f.stamp("boarding time", 5)
	t.Alighted = f.alighted(t.Boarded)
	t.Distance = f.bcd("distance", 3)
	t.Empty = f.bcd("empty distance", 2)
	t.Surcharge = f.tenths("surcharge", 3)
	t.Waiting = f.duration("waiting time")
	t.Amount = f.tenths("amount", 3)
	t.Number = f.u32()
	t.Payment = Payment(f.next(1)[0])
	switch t.Payment {
	case PaidCash, PaidM1Card, PaidCPUCard, PaidOther:
	default:
		f.fail("payment kind")
	}
	t.CardLen = len(f.data)
	return t
}

// alighted reads hhmm, which has no date: earlier than boarding is the next day.
func (f *fields) alighted(boarded time.Time) time.Time {
	hour, minute := int(f.bcd("alighting time", 1)), int(f.bcd("alighting time", 1))
	if hour > 23 || minute > 59 {
		f.fail("alighting time")
		return boarded
	}
	t := time.Date(boarded.Year(), boarded.Month(), boarded.Day(), hour, minute, 0, 0, time.UTC)
	if t.Before(boarded) {
		t = t.AddDate(0, 0, 1)
	}
	return t
}

// duration reads hhmm of a length of time.
func (f *fields) duration(name string) time.Duration {
	return time.Duration(f.bcd(name, 1))*time.Hour + time.Duration(f.bcd(name, 1))*time.Minute
}

func (f *fields) heartbeat() Message {
	b := f.next(1)[0]
	return Heartbeat{
		Flags:   Flags{Hired: b&1 != 0, Operating: b&2 != 0, ForcedOn: b&4 != 0, ForcedOff: b&8 != 0, BadSpeed: b&0x80 != 0, Other: b & 0x70},
		Licence: f.text("licence", 16),
	}
}

func (f *fields) status() Message {
	m := Status{Vendor: byte(f.bcd("vendor", 1)), Kind: f.next(1)[0], Serial: f.bcd("serial", 3)}
	m.Hardware, m.Software, m.Sub = f.next(1)[0], f.next(1)[0], f.next(1)[0]
	m.State, m.Work = f.next(1)[0], f.next(1)[0]
	m.Plate, m.Licence = f.text("plate", 6), f.text("licence", 16)
	f.next(19)
	m.Trips = f.u32()
	return m
}

func (f *fields) shift(resent bool) Message {
	m := ShiftTotals{Resent: resent, Licence: f.text("licence", 16)}
	f.next(19)
	m.Plate = f.text("plate", 6)
	m.K = f.bcd("K", 2)
	m.In, m.Out = f.stamp("sign-in", 6), f.stamp("sign-out", 6)
	m.Distance, m.BusinessDistance = f.bcd("distance", 3), f.bcd("business distance", 3)
	m.Trips, m.Timing = f.bcd("trips", 2), f.bcd("timing", 3)
	m.Total, m.CardTotal, m.CardTrips = f.tenths("total", 3), f.tenths("card total", 3), f.bcd("card trips", 2)
	m.BetweenShifts = f.bcd("distance between shifts", 2)
	m.LifeDistance, m.LifeBusiness = f.bcd("total distance", 4), f.bcd("total business distance", 4)
	m.UnitPrice = money.Minor(f.bcd("unit price", 2))
	m.LifeTrips = f.u32()
	return m
}

func (f *fields) signAnswer() Message {
	m := SignAnswer{To: f.command, Licence: f.text("licence", 16)}
	f.next(19)
	m.Plate, m.At = f.text("plate", 6), f.stamp("time", 6)
	m.State = f.u16()
	m.Until, m.Count = f.hour("time limit"), f.bcd("count limit", 2)
	m.Result = f.next(1)[0]
	return m
}

// heartbeatAnswer reads the answer to a heartbeat; the bytes behind it are reserved.
func (f *fields) heartbeatAnswer(short bool) Message {
	return HeartbeatAnswer{State: f.u16(), Until: f.hour("time limit"), Count: f.bcd("count limit", 1), Short: short}
}
