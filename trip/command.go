package trip

import (
	"time"

	"taxiterminal/money"
)

// Command is a call to the payment API that must be carried out, however long it
// takes. It is committed together with the event that caused it.
type Command struct {
	Op        Op
	N         int    // the attempt
	Reference string // the attempt's
	Key       string // the Idempotency-Key, the same for every try of this command
	Currency  money.Currency
	// Amount is what this call asks for; zero for a cancel.
	Amount money.Minor
	// Target is what the API's aggregate (captured, refunded) reaches when the call
	// has had its effect; zero for create and cancel.
	Target money.Minor
	// TransactionOnly makes a cancel lose against an approval that came first.
	TransactionOnly bool
	// After is how long to wait before the first try.
	After time.Duration
}

// Lane is what the command waits in: errands must not hold up money.
func (c Command) Lane() string {
	switch c.Op {
	case OpProfile, OpReceipt:
		return string(c.Op)
	}
	return ""
}

func (s *State) command(a *Attempt, op Op, n int) Command {
	ref := s.ID.Reference(a.N)
	return Command{Op: op, N: a.N, Reference: ref, Key: Key(ref, op, n), Currency: s.Currency}
}

// open counts a new call of one kind and gives its command. A call that follows a
// refused one waits, longer each time, because the reason has to pass first.
func (s *State) open(a *Attempt, c *Call, op Op, target money.Minor) Command {
	c.N++
	c.Open = true
	c.Target = target
	cmd := s.command(a, op, c.N)
	cmd.Target = target
	cmd.After = min(time.Duration(c.Refused)*refusedDelay, maxRefusedDelay)
	return cmd
}

const (
	refusedDelay    = 10 * time.Second
	maxRefusedDelay = 2 * time.Minute
	// maxRefused is how many refusals of a cancel in a row are taken as passing (the
	// passenger is in the middle of approving); after that the trip is parked.
	maxRefused = 20
)
