package vippstest

import (
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"
)

// callback is a merchant callback code: a scan of it posts a check-in to whoever has
// registered for that.
type callback struct {
	id, location, text string
	created            time.Time
}

// operateCallback is the part of the QR API about callback codes.
func (s *Sim) operateCallback(c call) reply {
	switch c.op {
	case OpCallbackPut:
		return s.putCallback(c)
	case OpCallbackList:
		list := []map[string]any{}
		for _, k := range s.callbacks {
			list = append(list, s.callbackAnswer(c.request, k))
		}
		return jsonReply(http.StatusOK, list)
	}
	for i, k := range s.callbacks {
		switch {
		case k.id != c.reference:
		case c.op == OpCallbackDelete:
			s.callbacks = append(s.callbacks[:i:i], s.callbacks[i+1:]...)
			return reply{status: http.StatusNoContent}
		default:
			return jsonReply(http.StatusOK, s.callbackAnswer(c.request, k))
		}
	}
	return s.problemIn(c.op, http.StatusNotFound, "QR not found")
}

// putCallback makes a code or gives it another place. The answer has no code in it.
func (s *Sim) putCallback(c call) reply {
	var req struct {
		LocationDescription *string `json:"locationDescription"`
	}
	if refused := s.decodeStrict(c.body, &req); refused != nil {
		return s.problemIn(c.op, http.StatusBadRequest, "Invalid request", detail{"body", "malformed, or with unknown members"})
	}
	if req.LocationDescription == nil || utf8.RuneCountInString(*req.LocationDescription) > 36 {
		return s.invalidIn(c.op, "LocationDescription", "at most 36 characters")
	}
	s.callbackCode(c.reference, *req.LocationDescription)
	return reply{status: http.StatusOK}
}

func (s *Sim) callbackCode(id, location string) *callback {
	for _, k := range s.callbacks {
		if k.id == id {
			k.location = location
			return k
		}
	}
	k := &callback{id: id, location: location, text: "https://qr.vipps.no/c/" + s.word(12), created: s.now()}
	s.callbacks = append(s.callbacks, k)
	return k
}

// PrintCallback makes a callback code as an operator does, and gives the text that it
// has on paper.
func (s *Sim) PrintCallback(id, location string) (text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.callbackCode(id, location).text
}

func (s *Sim) callbackAnswer(r *http.Request, k *callback) map[string]any {
	format := formatSVG
	if strings.EqualFold(r.URL.Query().Get("QrImageFormat"), "PNG") {
		format = formatPNG
	}
	return map[string]any{
		"merchantSerialNumber": s.opt.MSN, "merchantQrId": k.id, "locationDescription": k.location, "qrContent": k.text,
		"qrImageUrl": s.newLink(r, &code{id: k.id, text: k.text}, format),
	}
}

// CheckIn is a phone that scans a callback code of this text: it waits, and the
// sales unit is told by a webhook, with a customer token that lives for 15 minutes.
func (s *Sim) CheckIn(text, phone string) error {
	if !phonePattern.MatchString(phone) {
		return fmt.Errorf("check in: phone: want country code and number, 9 to 15 digits")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range s.callbacks {
		if k.text == strings.TrimSpace(text) {
			s.tellCheckIn(k.id, s.customerToken(phone), s.now())
			return nil
		}
	}
	return ErrDeadCode
}

// Callback is what the ledger says about a callback code.
type Callback struct {
	ID       string    `json:"id"`
	Location string    `json:"location"`
	Text     string    `json:"text"` // that the code on paper has
	Created  time.Time `json:"created"`
}

// Callbacks lists the callback codes that live.
func (s *Sim) Callbacks() []Callback {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Callback, 0, len(s.callbacks))
	for _, k := range s.callbacks {
		list = append(list, Callback{ID: k.id, Location: k.location, Text: k.text, Created: k.created.UTC()})
	}
	return list
}
