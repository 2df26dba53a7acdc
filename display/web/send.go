package web

import (
	"context"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"taxiterminal/display"
	"taxiterminal/display/locale"
)

const (
	minSearch   = 3   // digits before passengers are looked for
	maxNumber   = 20  // characters of a number as typed
	minPersonal = 5   // characters of a scanned code
	maxPersonal = 500 // the app's are much shorter
	maxContacts = 5
)

// sending is the body of a POST to /driver/send: the trip that the driver saw and
// exactly one way to name the passenger.
type sending struct {
	Trip     string `json:"trip"`
	Number   string `json:"number"`
	Contact  string `json:"contact"`
	Personal string `json:"personal"`
	tongue
}

func (b sending) secrets() []string { return []string{b.Personal, b.Number} }

// recipient checks the form of what came; whether the number can be one is for the
// Desk to say.
func (b sending) recipient() (display.Recipient, error) {
	given := 0
	for _, way := range []string{b.Number, b.Contact, b.Personal} {
		if way != "" {
			given++
		}
	}
	if given != 1 {
		return display.Recipient{}, badRequest("want one of number, contact and personal")
	}
	switch {
	case b.Number != "":
		if len(b.Number) > maxNumber || strings.Trim(b.Number, "+0123456789 ") != "" {
			return display.Recipient{}, display.RefusedBadNumber
		}
		return display.Recipient{Number: b.Number}, nil
	case b.Contact != "":
		id, err := strconv.ParseInt(b.Contact, 10, 64)
		if err != nil || id == 0 {
			return display.Recipient{}, badRequest("contact: want its id")
		}
		return display.Recipient{Contact: id}, nil
	}
	if n := utf8.RuneCountInString(b.Personal); n < minPersonal || n > maxPersonal || !printable(b.Personal) {
		return display.Recipient{}, badRequest("personal: want the content of a code")
	}
	return display.Recipient{PersonalQR: b.Personal}, nil
}

func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) })
}

// send lets the request go to a phone.
func (s *Server) send(ctx context.Context, c *locale.Catalogue, b sending) (answer, error) {
	to, err := b.recipient()
	if err != nil {
		return answer{}, err
	}
	text := c.Text("driver.sent", locale.Args{"brand": s.hub.newest().view.Brand})
	return answer{Text: text}, s.options.Desk.Send(ctx, b.Trip, to)
}

// searching is the body of a POST to /driver/contacts: the last digits of a number.
type searching struct {
	Digits string `json:"digits"`
	tongue
}

func (b searching) secrets() []string { return []string{b.Digits} }

// contact is one answer to a search.
type contact struct {
	ID     string `json:"id"`
	Masked string `json:"masked"`
	Name   string `json:"name,omitempty"`
}

// contacts looks for passengers who shared their number.
func (s *Server) contacts(ctx context.Context, _ *locale.Catalogue, b searching) (answer, error) {
	if n := len(b.Digits); n < minSearch || n > maxNumber || strings.Trim(b.Digits, "0123456789") != "" {
		return answer{}, badRequest("digits: want at least three digits")
	}
	found, err := s.options.Desk.Contacts(ctx, b.Digits)
	var a answer
	for _, f := range found[:min(len(found), maxContacts)] {
		a.Contacts = append(a.Contacts, contact{strconv.FormatInt(f.ID, 10), f.Masked, f.Name})
	}
	return a, err
}
