package vehicle

import "slices"

// Refusal is why something that a person asks for cannot be done now.
type Refusal string

const (
	Allowed    Refusal = ""
	NotNow     Refusal = "not_now"     // means nothing in this phase, or something is under way
	BadVehicle Refusal = "bad_vehicle" // see ValidVehicle, and the file's name must be there
	BadID      Refusal = "bad_id"      // see ValidID
	BadTarget  Refusal = "bad_target"  // see ValidTarget
	HasCode    Refusal = "has_code"    // the car has another code; it would have to be destroyed first
	DeadID     Refusal = "dead_id"     // was destroyed or has vanished: a new id is needed
	TooMany    Refusal = "too_many"    // MaxDead ids are used up
	WrongID    Refusal = "wrong_id"    // the code to destroy is not the car's
)

// Check says whether an event that a person causes can be accepted; what the API
// says is always accepted. Step ignores what Check refuses.
func Check(c Code, e Event) Refusal {
	switch e := e.(type) {
	case CodeAsked:
		return c.checkCode(e)
	case TargetAsked:
		return c.checkTarget(e.Target)
	case DestroyAsked:
		return c.checkDestroy(e.ID)
	case RetryAsked:
		if c.Open.Op != "" || c.Phase == None || c.Phase == Making || c.Phase == Destroyed {
			return NotNow
		}
	}
	return Allowed
}

func (c Code) checkCode(e CodeAsked) Refusal {
	switch {
	case !ValidVehicle(e.Vehicle) || !validFile(e.File):
		return BadVehicle
	case !ValidID(e.ID):
		return BadID
	case !ValidTarget(e.Target):
		return BadTarget
	case c.Phase == Destroying || c.Phase == Vanished && c.Look:
		return NotNow
	case c.hasCode() && c.ID != e.ID:
		return HasCode
	case slices.Contains(c.dead(), e.ID):
		return DeadID
	case !c.hasCode() && len(c.dead()) >= MaxDead:
		return TooMany
	}
	return Allowed
}

func (c Code) checkTarget(target string) Refusal {
	switch {
	case !ValidTarget(target):
		return BadTarget
	case !c.hasCode():
		return NotNow
	}
	return Allowed
}

func (c Code) checkDestroy(id string) Refusal {
	switch {
	case !c.hasCode():
		return NotNow
	case c.ID != id:
		return WrongID
	}
	return Allowed
}

// dead are all ids that must not be asked for any more.
func (c Code) dead() []string {
	if c.Phase == Destroyed || c.Phase == Vanished {
		return append(slices.Clip(c.Dead), c.ID)
	}
	return c.Dead
}

// hasCode is true while there is a code that may lead somewhere and is wanted.
func (c Code) hasCode() bool { return c.Phase == Making || c.Phase == Live }
