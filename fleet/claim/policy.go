package claim

import (
	"time"

	"taxiterminal/money"
)

// Policy is how long a claim can be paid. The zero Policy is DefaultPolicy.
type Policy struct {
	// Open is how long after its first sight.
	Open time.Duration
	// Overlap is how long after the first sight of a later fare of the same car:
	// a passenger who has left may still be paying.
	Overlap time.Duration
	// Age is how long after Issued, where the car knew the time.
	Age time.Duration
	// Ahead is how far in the gateway's future Issued may be and still be believed.
	Ahead time.Duration
}

// DefaultPolicy gives a passenger an hour, and a picture of a code a day.
var DefaultPolicy = Policy{Open: time.Hour, Overlap: 15 * time.Minute, Age: 24 * time.Hour, Ahead: 5 * time.Minute}

// Seen is what the gateway's store remembers of claims by the time one is looked
// at. All times are the gateway's own.
type Seen struct {
	First  time.Time   // first sight of a claim of this reference; zero for never
	Amount money.Minor // that it was for
	Paid   bool        // a payment was made of it
	// Later is the first sight of a claim of the same file, with a greater serial
	// and about another trip; zero for none.
	Later time.Time
}

// Check says whether a verified claim can be paid now. The error is ErrUsed when
// there is a payment already, which is to be looked at and not to be made again;
// ErrAltered when the reference was seen with another amount, which no sound
// terminal does; ErrExpired or ErrSuperseded.
func (p Policy) Check(c Claim, seen Seen, now time.Time) error {
	if p == (Policy{}) {
		p = DefaultPolicy
	}
	switch {
	case !seen.First.IsZero() && seen.Amount != c.Amount.Value:
		return ErrAltered
	case seen.Paid:
		return ErrUsed
	case !seen.First.IsZero() && now.Sub(seen.First) > p.Open:
		return ErrExpired
	case !seen.Later.IsZero() && now.Sub(seen.Later) > p.Overlap:
		return ErrSuperseded
	case p.believes(c, now) && now.Sub(c.Issued) > p.Age:
		return ErrExpired
	}
	return nil
}

func (p Policy) believes(c Claim, now time.Time) bool {
	return !c.Issued.IsZero() && c.Issued.Sub(now) <= p.Ahead
}

// Supersedes says that c is a later fare of the same car than other, see Seen.Later.
func (c Claim) Supersedes(other Claim) bool {
	return c.Trip.Vehicle == other.Trip.Vehicle && c.Trip.File == other.Trip.File &&
		c.Trip.Number != other.Trip.Number && c.Serial > other.Serial
}
