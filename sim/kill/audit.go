package kill

import (
	"fmt"

	"taxiterminal/money"
	"taxiterminal/trip"
	"taxiterminal/vipps/vippstest"
)

// expected is what must come of a trip.
type expected struct {
	outcome  string
	ways     []way       // one of them
	captured money.Minor // if it is paid
	refunded money.Minor
}

// way is how a trip can end.
type way struct {
	settlement trip.Settlement
	means      trip.Means
}

var paidWay = way{settlement: trip.Paid}

// audit compares journal, outcome and the API's ledger when the day is over.
func audit(f *file, payments []vippstest.Payment, want map[int64]expected) error {
	if err := known(f, payments); err != nil {
		return err
	}
	ledger := map[int64][]vippstest.Payment{}
	for _, p := range payments {
		id, _, err := parse(p.Reference)
		if err != nil {
			return err
		}
		ledger[id.Number] = append(ledger[id.Number], p)
	}
	for number, r := range f.rides {
		w, ok := want[number]
		if !ok {
			return fmt.Errorf("trip %04d: nobody drove it", number)
		}
		if err := w.check(r.now(), ledger[number]); err != nil {
			return fmt.Errorf("trip %04d (%s): %w", number, w.outcome, err)
		}
	}
	for number := range want {
		if f.rides[number] == nil {
			return fmt.Errorf("trip %04d is not in the journal", number)
		}
	}
	for key, state := range f.commands {
		if state != "done" && state != "void" {
			return fmt.Errorf("command %s is still %s", key, state)
		}
	}
	return nil
}

func (w expected) check(s trip.State, payments []vippstest.Payment) error {
	if !s.Closed() {
		return fmt.Errorf("not closed: %+v", s)
	}
	is := way{settlement: s.Settlement}
	if s.Settlement == trip.Otherwise {
		is.means = s.Means
	}
	ok := false
	for _, x := range w.ways {
		ok = ok || x == is
	}
	if !ok {
		return fmt.Errorf("settled as %v, want one of %v", is, w.ways)
	}
	var captured, refunded money.Minor
	if is == paidWay {
		captured, refunded = w.captured, w.refunded
	}
	if s.Captured() != captured || s.Refunded() != refunded {
		return fmt.Errorf("journal: captured %d, refunded %d, want %d and %d", s.Captured(), s.Refunded(), captured, refunded)
	}
	return agree(s, payments)
}

// agree: what the journal says of each payment is what the API says, and nothing was
// done twice.
func agree(s trip.State, payments []vippstest.Payment) error {
	at := map[string]vippstest.Payment{}
	for _, p := range payments {
		at[p.Reference] = p
	}
	for _, a := range s.Attempts {
		reference := s.ID.Reference(a.N)
		p, made := at[reference]
		if !made {
			if a.State != trip.AttemptVoided && a.State != trip.AttemptRejected {
				return fmt.Errorf("payment %s is %s in the journal, the API has none", reference, a.State)
			}
			continue
		}
		cancelled := p.Cancelled
		if p.State == "TERMINATED" {
			cancelled = a.Cancelled // the API counts what was never approved
		}
		if a.Authorized != p.Authorized || a.Captured != p.Captured || a.Cancelled != cancelled || a.Refunded != p.Refunded {
			return fmt.Errorf("payment %s: journal %+v, API %+v", reference, a, p)
		}
		if p.State == "CREATED" || p.Authorized != p.Captured+p.Cancelled && p.State == "AUTHORIZED" {
			return fmt.Errorf("payment %s: money is still reserved or can be: %+v", reference, p)
		}
		captures := 0
		if p.Captured > 0 {
			captures = 1
		}
		if n := p.Calls[vippstest.OpCapture].Executed; n != captures {
			return fmt.Errorf("payment %s: captured %d times, want %d", reference, n, captures)
		}
		if n := p.Calls[vippstest.OpRefund].Executed; p.Refunded == 0 && n > 0 || p.Refunded > 0 && n != 1 {
			return fmt.Errorf("payment %s: refunded %d times", reference, n)
		}
	}
	if len(at) > len(s.Attempts) {
		return fmt.Errorf("API has %d payments, the journal %d attempts", len(at), len(s.Attempts))
	}
	return nil
}
