package printer

import "time"

// SetStall makes a printer give up sooner.
func (p *Printer) SetStall(d time.Duration) { p.stall = d }

// FaultOf names an error of the system.
var FaultOf = faultOf
