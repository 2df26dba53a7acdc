package vehicle

import "time"

// Step applies one event at a time of day and gives the next Code and the commands
// that it causes. An event without meaning comes back as an unchanged Code and no
// command.
func Step(c Code, at time.Time, e Event) (Code, []Command) {
	if Check(c, e) != Allowed {
		return c, nil
	}
	before := c
	at = at.Round(0).UTC()
	if !c.apply(at, e) {
		return before, nil
	}
	if c.Phase != before.Phase || c.ID != before.ID {
		c.Since = at
	}
	return c, c.conclude()
}

// apply changes the facts that the event is about and reports whether the event
// was one for this state.
func (c *Code) apply(at time.Time, e Event) bool {
	switch e := e.(type) {
	case CodeAsked:
		return c.codeAsked(e)
	case TargetAsked:
		return c.targetAsked(e.Target)
	case DestroyAsked:
		c.Phase, c.Problem, c.Picture, c.Failed = Destroying, Problem{}, Problem{}, 0
	case RetryAsked:
		c.retry()
	case Made:
		return c.answers(e.N, OpCreate) && c.made(e)
	case Retargeted:
		return c.answers(e.N, OpRetarget) && c.retargeted(e.Target)
	case Fetched:
		return c.answers(e.N, OpFetch) && c.fetched(at, e)
	case Failed:
		return c.answers(e.N, c.Open.Op) && c.failed(e.Code)
	case Gone:
		return c.answers(e.N, c.Open.Op) && c.gone()
	default:
		return false
	}
	return true
}

// answers reports whether command n of this kind is the open one.
func (c *Code) answers(n int, op Op) bool {
	return c.Open.Op != "" && c.Open.Op == op && c.Open.N == n
}

// conclude derives from the facts alone the command that is to be carried out next.
func (c *Code) conclude() []Command {
	switch {
	case c.Open.Op != "":
		return nil
	case c.Phase == Making:
		return c.open(OpCreate)
	case c.Phase == Destroying && c.Problem.Kind == ProblemNone:
		return c.open(OpDestroy)
	case c.Phase == Vanished && c.Look:
		return c.open(OpFetch)
	case c.Phase != Live:
		return nil
	case c.Target != c.Confirmed && c.Problem.Kind != ProblemTarget:
		return c.open(OpRetarget)
	case (c.SVG == "" || c.Look) && c.Failed < maxFailed:
		return c.open(OpFetch)
	}
	return nil
}

func (c *Code) codeAsked(e CodeAsked) bool {
	if c.hasCode() {
		adopt := e.Adopt && !c.Adopt
		c.Adopt = c.Adopt || e.Adopt
		return c.targetAsked(e.Target) || adopt
	}
	*c = Code{Vehicle: e.Vehicle, File: e.File, ID: e.ID, Phase: Making, Target: e.Target, Adopt: e.Adopt, N: c.N, Dead: c.dead()}
	return true
}

// targetAsked takes a new address; the same once more lets a refused one be tried
// again.
func (c *Code) targetAsked(target string) bool {
	if target == c.Target && c.Problem.Kind != ProblemTarget {
		return false
	}
	c.Target, c.Problem = target, Problem{}
	return true
}

// retry forgets what was refused. A live code is looked at anew, and so is one that
// vanished: it may have been the keys of another sales unit that did not find it.
func (c *Code) retry() {
	c.Picture, c.Failed = Problem{}, 0
	c.Look = c.Phase == Live || c.Phase == Vanished
	if c.Phase != Vanished {
		c.Problem = Problem{}
	}
	if c.Phase == Refused {
		c.Phase = Making
	}
}

// made: rule 4, a code that was there before must be this car's.
func (c *Code) made(e Made) bool {
	if e.Existed && !c.owns(e.Target) {
		return c.refused(Problem{Kind: ProblemConflict})
	}
	c.Open = Open{}
	c.Confirmed = e.Target
	if c.Phase == Making {
		c.Phase = Live
	}
	return true
}

// owns tells a code of this car from that of another, by where it leads or its name.
func (c *Code) owns(target string) bool {
	return c.Adopt || target == c.Open.Target || Ours(c.Vehicle, c.ID)
}

// refused ends a create that has made nothing. Whoever wanted the code destroyed in
// the meantime has what they want.
func (c *Code) refused(p Problem) bool {
	c.Open = Open{}
	if c.Phase == Destroying {
		*c = Code{Vehicle: c.Vehicle, File: c.File, N: c.N, Dead: c.Dead}
		return true
	}
	c.Phase, c.Problem = Refused, p
	return true
}

// retargeted believes what the API says; an address other than the one that it was
// given is not asked for again and again.
func (c *Code) retargeted(target string) bool {
	asked := c.Open.Target
	c.Open = Open{}
	c.Confirmed = target
	if target != asked {
		c.Problem = Problem{ProblemTarget, "mismatch"}
	}
	return true
}

func (c *Code) fetched(at time.Time, e Fetched) bool {
	if c.Phase == Vanished {
		c.Phase, c.Problem = Live, Problem{}
	}
	if e.Target != "" {
		c.Confirmed = e.Target
	}
	if err := CheckPicture(e.SVG, e.Text); err != nil {
		return c.failed("unusable")
	}
	c.Open, c.Look = Open{}, false
	c.SVG, c.Text, c.PictureAt = e.SVG, e.Text, at
	c.Picture, c.Failed = Problem{}, 0
	return true
}

// failed ends the open command without effect. Only a fetch is tried again by itself.
func (c *Code) failed(code string) bool {
	op := c.Open.Op
	c.Open = Open{}
	switch op {
	case OpCreate:
		return c.refused(Problem{ProblemRefused, code})
	case OpRetarget:
		c.Problem = Problem{ProblemTarget, code}
	case OpDestroy:
		c.Problem = Problem{ProblemDestroy, code}
	case OpFetch:
		c.Picture = Problem{ProblemPicture, code}
		c.Failed++
		c.Look = c.Look && c.Phase != Vanished
	}
	return true
}

// gone: rule 2, the id is used up. What is to be destroyed is destroyed once the API
// has answered the destroy itself.
func (c *Code) gone() bool {
	switch {
	case c.Open.Op == OpCreate:
		return c.failed("gone")
	case c.Phase == Destroying && c.Open.Op != OpDestroy:
		c.Open = Open{}
		return true
	}
	next := Code{Vehicle: c.Vehicle, File: c.File, ID: c.ID, Phase: Destroyed, N: c.N, Dead: c.Dead}
	if c.Phase != Destroying {
		next.Phase, next.Problem = Vanished, Problem{Kind: ProblemVanished}
		next.Target, next.Adopt, next.Since = c.Target, c.Adopt, c.Since
	}
	*c = next
	return true
}
