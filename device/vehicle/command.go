package vehicle

import (
	"fmt"
	"time"
)

// Op is an operation on a code at the API.
type Op string

const (
	OpCreate   Op = "create"   // POST; a code that exists already is a Made{Existed: true}
	OpRetarget Op = "retarget" // PUT; answered by Retargeted
	OpFetch    Op = "fetch"    // GET, then the picture and the text at once: the link dies within the hour
	OpDestroy  Op = "destroy"  // DELETE; answered by Gone, whether it was there or not
)

// Command is a call to the payment API that must be carried out. It is committed
// together with the event that caused it.
type Command struct {
	Op     Op     `json:"op"`
	N      int    `json:"n"`   // its number, which the answer carries
	Key    string `json:"key"` // its name, the same for every try
	ID     string `json:"id"`
	Target string `json:"target,omitempty"` // create and retarget
	// After is how long to wait before the first try.
	After time.Duration `json:"after,omitempty"`
}

// Key names a command for ever, across all journals that the car ever had, e.g.
// "T122-K7Q2X-qr-create-1": at most 50 characters, and never a payment's key.
func Key(vehicle, file string, op Op, n int) string {
	return fmt.Sprintf("%s-%s-qr-%s-%d", vehicle, file, op, n)
}

// open counts a new command and makes it the one whose answer is awaited.
func (c *Code) open(op Op) []Command {
	c.N++
	cmd := Command{Op: op, N: c.N, Key: Key(c.Vehicle, c.File, op, c.N), ID: c.ID}
	switch op {
	case OpCreate, OpRetarget:
		cmd.Target = c.Target
	case OpFetch:
		cmd.After = min(time.Duration(c.Failed)*failedDelay, maxFailedDelay)
	}
	c.Open = Open{Op: op, N: c.N, Target: cmd.Target}
	return []Command{cmd}
}

// A retarget waits behind a fetch that waits, so the pause stays short.
const (
	failedDelay    = 10 * time.Second
	maxFailedDelay = 2 * time.Minute
)
