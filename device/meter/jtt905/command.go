package jtt905

import "fmt"

// Device says whose dialogue a frame belongs to: all devices of the cabin can share
// one bus.
type Device byte

// DeviceTaximeter is the only one that this package listens to.
const DeviceTaximeter Device = 0x02

// Command says what a frame is. A request and its answer have the same command; their
// lengths tell them apart.
type Command uint16

const (
	CmdStatus     Command = 0x0000 // from the terminal
	CmdHistory    Command = 0x0006 // from the terminal
	CmdSignIn     Command = 0x00E0
	CmdSignedIn   Command = 0x00E1
	CmdSignOut    Command = 0x00E3
	CmdShift      Command = 0x00E4
	CmdStarted    Command = 0x00E7
	CmdEnded      Command = 0x00E8
	CmdHeartbeat  Command = 0x00E9
	CmdShiftAgain Command = 0x00F1
	CmdEndedAgain Command = 0x00F2
)

func (c Command) String() string { return fmt.Sprintf("%04X", uint16(c)) }

// Lengths of data.
const (
	lenTime       = 7  // BCD YYYYMMDDhhmmss
	lenAnswer     = 1  // 90 or FF
	lenIdentity   = 1  // of a request to sign in or out
	lenTrip       = 66 // without data of a card
	lenStatus     = 55
	lenNumber     = 4 // of a trip
	lenHeartbeat  = 36
	lenBeat9      = 9 // answer to a heartbeat, short form
	lenBeat10     = 10
	lenShift      = 90
	lenSignAnswer = 57
	lenSignedIn   = 52
)

// span is a part of the data, from the first byte to before the last.
type span struct{ from, to int }

// layouts are the data that are known besides trip records, with the place of the driver's
// certificate in them, if any.
var layouts = map[layout]span{
	{CmdStatus, lenStatus}:         {32, 51},
	{CmdSignIn, lenSignAnswer}:     {16, 35},
	{CmdSignOut, lenSignAnswer}:    {16, 35},
	{CmdShiftAgain, lenSignAnswer}: {16, 35},
	{CmdSignedIn, lenSignedIn}:     {16, 35},
	{CmdShift, lenShift}:           {16, 35},
	{CmdShiftAgain, lenShift}:      {16, 35},
	{CmdHeartbeat, lenHeartbeat}:   {17, 36},
	{CmdStatus, lenTime}:           {},
	{CmdHistory, 0}:                {},
	{CmdHistory, lenNumber}:        {},
	{CmdSignIn, lenIdentity}:       {},
	{CmdSignOut, lenIdentity}:      {},
	{CmdShift, lenAnswer}:          {},
	{CmdStarted, lenTime}:          {},
	{CmdStarted, lenAnswer}:        {},
	{CmdEnded, lenAnswer}:          {},
	{CmdEndedAgain, lenAnswer}:     {},
	{CmdHeartbeat, lenBeat9}:       {},
	{CmdHeartbeat, lenBeat10}:      {},
	{CmdShiftAgain, lenAnswer}:     {},
	{CmdSignedIn, lenAnswer}:       {},
}

type layout struct {
	command Command
	n       int
}

// tripCertificate is its place in a trip record, behind which data of a card may follow.
var tripCertificate = span{22, 41}

// secrets gives the parts of a frame's data that must not be kept: certificates, cards,
// and everything whose layout is not known.
func secrets(d Device, vendor byte, c Command, n int) [2]span {
	if d != DeviceTaximeter || vendor != 0 {
		return [2]span{{0, n}}
	}
	if n >= lenTrip && (c == CmdEnded || c == CmdEndedAgain || c == CmdHistory) {
		return [2]span{tripCertificate, {lenTrip, n}}
	}
	if s, known := layouts[layout{c, n}]; known {
		return [2]span{s}
	}
	return [2]span{{0, n}}
}
