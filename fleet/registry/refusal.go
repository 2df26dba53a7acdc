package registry

import "fmt"

// Code is why something is refused.
type Code string

const (
	Malformed Code = "malformed"  // cannot be what it should be
	NotFound  Code = "not_found"  // there is no such thing
	Exists    Code = "exists"     // there is one already
	Unknown   Code = "unknown"    // a token that was never made, or long ago
	Expired   Code = "expired"    // a token that was not used in time
	Used      Code = "used"       // a token that another terminal used
	Occupied  Code = "occupied"   // the car has another terminal
	OtherCar  Code = "other_car"  // the terminal belongs to another car
	Revoked   Code = "revoked"    // the terminal, or the administrator, is out
	Conflict  Code = "conflict"   // somebody else changes the same thing all the time
	Forbidden Code = "forbidden"  // the administrator may only read
	NotInCar  Code = "not_in_car" // the car has another terminal now
)

// Refusal says why, and what to do. Two are the same (errors.Is) if their Codes are.
type Refusal struct {
	Code Code
	Text string
	Hint string
}

func (e *Refusal) Error() string { return e.Text + "; " + e.Hint }

// Is compares codes.
func (e *Refusal) Is(target error) bool {
	other, ok := target.(*Refusal)
	return ok && other.Code == e.Code
}

// Refused gives the parts, for those who do not know this package.
func (e *Refusal) Refused() (code, text, hint string) { return string(e.Code), e.Text, e.Hint }

// refuse makes one; the text may quote ids and names only.
func refuse(code Code, hint, format string, v ...any) *Refusal {
	return &Refusal{Code: code, Text: fmt.Sprintf(format, v...), Hint: hint}
}
