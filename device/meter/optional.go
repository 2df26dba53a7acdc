package meter

import "time"

// What follows is not asked of every driver or port. The composer looks for it
// with a type assertion.

// Restorer is a Driver that can be told, before its first Run, in which position
// the terminal's journal last knew the meter. A driver of a restarted process then
// treats the down time as a gap of the line: a trip that ended meanwhile is looked
// up and reported, with DoubtGap.
type Restorer interface {
	Restore(Position)
}

// Recaller is a Driver whose meter repeats its records until they are acknowledged. It
// is told, before its first Run, what the journal has of the last trips that are over,
// newest first: of each the Key and the Total of its record, or nothing if it has none.
// A driver of a restarted process then acknowledges these, and tells none of them again.
type Recaller interface {
	Recall(closed []Record)
}

// Masker is a Driver whose protocol carries what must not be kept, such as card
// numbers. MaskTrace gives a function that overwrites it in chunks of the raw line,
// in place; in tells bytes from the meter. One function follows one line.
type Masker interface {
	MaskTrace() func(in bool, chunk []byte)
}

// Paced is a Port that knows how long one character takes on its line, from which
// drivers derive how long a frame may take.
type Paced interface {
	CharTime() time.Duration
}

// CharTime is the character time of port, or that of 9600 8N1 if it does not say.
func CharTime(port Port) time.Duration {
	if p, ok := port.(Paced); ok {
		return p.CharTime()
	}
	return 10 * time.Second / 9600
}

// Timed is a Port with a time of its own: that of a tape, which is played as fast as it
// is read.
type Timed interface {
	Now() time.Time
}

// Now is the time on port, which is the computer's unless it says otherwise. Drivers ask
// it for every time that they compare with another.
func Now(port Port) time.Time {
	if p, ok := port.(Timed); ok {
		return p.Now()
	}
	return time.Now()
}
