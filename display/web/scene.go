package web

import (
	"maps"
	"slices"
	"time"

	"taxiterminal/display"
	"taxiterminal/display/locale"
	"taxiterminal/display/qr"
	"taxiterminal/money"
)

// scene is what the pages know about one View: the View with its words.
type scene struct {
	display.View
	Code     *qr.Code // nil when there is no code to show
	Locked   bool     // the driver's page before the PIN
	Lockable bool     // the driver's page after it
	PIN      bool     // there is one, so that somebody answers for what is typed

	catalogue *locale.Catalogue
	words     locale.Args // what the View is about, for the texts' placeholders
	set       *locale.Set
	location  *time.Location
}

func (r *renderer) scene(v display.View, c *locale.Catalogue) scene {
	s := scene{View: v, PIN: r.pin, catalogue: c, set: r.set, location: r.location, words: locale.Args{
		"brand": v.Brand, "vehicle": v.Vehicle, "trip": v.Trip, "amount": c.Money(v.Amount),
	}}
	if v.Screen == display.Due && v.QR != "" {
		code, err := r.codes.get(v.QR)
		if err != nil {
			r.log.Error("draw the code", "trip", v.Trip, "error", err)
		}
		s.Code = code
	}
	return s
}

// Kind is the Screen, or "starting" before there is one.
func (s scene) Kind() string {
	if !slices.Contains(display.Screens(), s.Screen) {
		return "starting"
	}
	return string(s.Screen)
}

// Lang is the language tag of the region.
func (s scene) Lang() string { return s.catalogue.Tag() }

// Others are the languages to switch to.
func (s scene) Others() []*locale.Catalogue {
	return slices.DeleteFunc(slices.Clone(s.set.Catalogues()), func(c *locale.Catalogue) bool {
		return c == s.catalogue
	})
}

// T is the text of a key, filled in with what the View is about.
func (s scene) T(key string) string { return s.catalogue.Text(key, s.words) }

// text is T with some words replaced or added.
func (s scene) text(key string, more locale.Args) string {
	return s.catalogue.Text(key, withWords(s.words, more))
}

// withWords are words with some replaced or added.
func withWords(words, more locale.Args) locale.Args {
	words = maps.Clone(words)
	maps.Copy(words, more)
	return words
}

// Money is an amount in the language's way.
func (s scene) Money(a money.Amount) string { return s.catalogue.Money(a) }

// Headline is what the passenger is told first.
func (s scene) Headline() string {
	if s.explained() {
		return s.T("reason." + string(s.Reason))
	}
	return s.T("screen." + string(s.Screen) + ".title")
}

// Body says what happens next or what to do.
func (s scene) Body() string {
	if s.explained() {
		return s.T("reason." + string(s.Reason) + ".next")
	}
	return s.T("screen." + string(s.Screen) + ".text")
}

// explained says that the passenger reads the reason's words in place of the
// screen's. On the other screens a reason is for the driver: while a request is
// being withdrawn, for instance, what to do is the same with and without network.
func (s scene) explained() bool {
	switch s.Screen {
	case display.Connecting, display.Failed, display.Settled:
		return s.Reason != display.ReasonNone
	}
	return s.ByCode()
}

// ByCode says that a code has proved the payment, so that the passenger need not wait
// for the API to say so too.
func (s scene) ByCode() bool {
	return s.Screen == display.Approved && s.Reason == display.ReasonByCode
}

// Turning says that a message is about something that will be over in a moment.
func (s scene) Turning() bool {
	switch s.Screen {
	case display.Reading, display.Releasing, display.Approved:
		return !s.ByCode()
	}
	return false
}

// Waiting says that a connecting screen waits for something that the passenger
// should know about, rather than for the blink of an eye.
func (s scene) Waiting() bool {
	switch s.Reason {
	case display.ReasonOffline, display.ReasonCredentials, display.ReasonUnavailable:
		return true
	}
	return false
}

// Telling says whether a message comes with the amount: not while it is doubtful,
// not when paying again would be wrong, and not when nothing was paid.
func (s scene) Telling() bool {
	switch s.Screen {
	case display.Reading:
		return false
	case display.Settled:
		return s.Settled() && s.Amount.Value > 0
	}
	switch s.Reason {
	case display.ReasonDoubtful, display.ReasonParked:
		return false
	}
	return s.Amount.Value > 0
}

// Settled says that the passenger has paid in another way, and not merely that the
// trip is over: only then there is a tick.
func (s scene) Settled() bool {
	switch s.Reason {
	case display.ReasonCash, display.ReasonCard, display.ReasonInvoice:
		return s.Screen == display.Settled
	}
	return false
}

// Spoken is what a screen reader says when the picture changes.
func (s scene) Spoken() string {
	if s.Kind() == "starting" {
		return ""
	}
	switch s.Screen {
	case display.Tipping, display.Connecting, display.Due, display.Sent, display.Paid:
		text := s.T("screen."+string(s.Screen)+".title") + ": " + s.Money(s.Amount)
		if s.Claim {
			text += ". " + s.T("page.claim")
		}
		return text
	}
	return s.Headline()
}

// FaultCodes are the codes of the faults, worst first, e.g. "M1, N1".
func (s scene) FaultCodes() string { return codes(s.Faults) }

func codes(faults []display.Fault) string {
	list := ""
	for i, f := range faults {
		if i > 0 {
			list += ", "
		}
		list += string(f)
	}
	return list
}

// Point is the language's decimal sign.
func (s scene) Point() string { return s.catalogue.Point() }
