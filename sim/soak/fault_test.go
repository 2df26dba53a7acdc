package soak

import (
	"time"

	"taxiterminal/vipps/vippstest"
)

// faults that the API or the way to it can have. Each is drawn with a chance and a
// number of times.
var faults = []vippstest.Fault{
	{Kind: vippstest.LostRequest},
	{Kind: vippstest.LostResponse},
	{Kind: vippstest.LostRequest, Hang: true},
	{Kind: vippstest.LostResponse, Hang: true},
	{Kind: vippstest.Delay},
	{Kind: vippstest.Garbage},
	{Kind: vippstest.Garbage, Executed: true},
	{Kind: vippstest.Portal},
	{Kind: vippstest.Portal, Executed: true},
	{Kind: vippstest.WrongReference},
	{Kind: vippstest.RevokeToken},
	{Kind: vippstest.Status, Status: 500},
	{Kind: vippstest.Status, Status: 500, Executed: true},
	{Kind: vippstest.Status, Status: 502, Executed: true},
	{Kind: vippstest.Status, Status: 503},
	{Kind: vippstest.Status, Status: 429},
	{Kind: vippstest.Status, Status: 408, Executed: true},
	{Kind: vippstest.Status, Status: 409, Executed: true},
	{Kind: vippstest.Status, Status: 401},
	{Kind: vippstest.Status, Status: 423, Op: vippstest.OpCapture},
	{Kind: vippstest.Status, Status: 400, Code: "6280", Op: vippstest.OpCapture},
	{Kind: vippstest.Status, Status: 400, Op: vippstest.OpCreate},
	{Kind: vippstest.Status, Status: 400, Op: vippstest.OpCapture},
	{Kind: vippstest.Status, Status: 400, Op: vippstest.OpCancel},
}

var faulty = []vippstest.Op{"", vippstest.OpCreate, vippstest.OpCreate, vippstest.OpCapture, vippstest.OpCapture,
	vippstest.OpCancel, vippstest.OpRefund, vippstest.OpGet, vippstest.OpToken}

// spoil adds one more fault to the plan, or takes one away.
func (l *life) spoil() {
	if plan := l.api.Faults(); len(plan) > 3 || len(plan) > 0 && l.chance(30) {
		l.api.RemoveFault(plan[l.random.IntN(len(plan))].ID)
		return
	}
	f := faults[l.random.IntN(len(faults))]
	if f.Op == "" {
		f.Op = faulty[l.random.IntN(len(faulty))]
	}
	f.Times = 1 + l.random.IntN(3)
	f.Skip = l.random.IntN(2)
	if f.Kind == vippstest.Delay || l.chance(10) {
		f.Before = vippstest.Duration(l.span(40 * time.Second))
		f.After = vippstest.Duration(l.span(40 * time.Second))
	}
	l.tell("fault %+v", f)
	_, err := l.api.AddFault(f)
	l.must(err)
}

// line changes the way to the API.
func (l *life) line() {
	state := vippstest.Up
	if l.chance(50) {
		state = []vippstest.Network{vippstest.Refused, vippstest.Blackhole}[l.random.IntN(2)]
	}
	l.tell("network %s", state)
	l.must(l.api.SetNetwork(state, l.span(5*time.Minute)))
}

// clock lets the car's clock fall behind the world's.
func (l *life) clock() {
	d := l.span(40 * time.Minute)
	if l.chance(10) {
		d = l.span(30 * 24 * time.Hour)
	}
	l.tell("the car's clock is %s behind", d)
	l.api.Advance(d)
}
