package vippstest

import (
	"errors"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// code is a merchant redirect code. Its text is on paper, so it never changes.
type code struct {
	id      string
	target  string
	text    string
	created time.Time
	expires time.Time // zero for never
	dead    bool      // destroyed
}

func (c *code) alive(now time.Time) bool {
	return !c.dead && (c.expires.IsZero() || now.Before(c.expires))
}

// find gives the living code of an id.
func (s *Sim) find(id string) *code {
	if c := s.codes[id]; c != nil && c.alive(s.now()) {
		return c
	}
	return nil
}

// operateCode is the QR API.
func (s *Sim) operateCode(c call) reply {
	switch c.op {
	case OpCodeCreate:
		return s.createCode(c)
	case OpCodeList:
		list := []map[string]any{}
		for _, k := range s.printed {
			if k.alive(s.now()) {
				list = append(list, s.codeAnswer(c, k))
			}
		}
		return jsonReply(http.StatusOK, list)
	case OpCodeDownload:
		return s.downloadCode(c)
	}
	k := s.find(c.reference)
	if k == nil {
		return s.problemIn(c.op, http.StatusNotFound, "QR not found")
	}
	switch c.op {
	case OpCodeRetarget:
		return s.retargetCode(c, k)
	case OpCodeDestroy:
		k.dead = true
		return reply{status: http.StatusOK}
	}
	return jsonReply(http.StatusOK, s.codeAnswer(c, k))
}

type codeRequest struct {
	ID          *string `json:"id"`
	RedirectURL *string `json:"redirectUrl"`
	TTL         *int    `json:"ttl"`
}

var (
	codeIDPattern     = regexp.MustCompile(`^[-_+%æøåÆØÅ\w\s]*$`)
	codeTargetPattern = regexp.MustCompile(`^https:\/\/[\w\.]+([\w#!:.?+=&%@\-\/]+)?$`)
)

// readCode reads and checks a body; the id is only in that of a create.
func (s *Sim) readCode(c call) (req codeRequest, bad *reply) {
	var r reply
	switch refused := s.decodeStrict(c.body, &req); {
	case refused != nil:
		r = s.problemIn(c.op, http.StatusBadRequest, "Invalid request", detail{"body", "malformed, or with unknown members"})
	case c.op == OpCodeCreate && (req.ID == nil || !length(*req.ID, 1, 128) || !codeIDPattern.MatchString(*req.ID)):
		r = s.invalidIn(c.op, "Id", codeIDPattern.String())
	case req.RedirectURL == nil || !codeTargetPattern.MatchString(*req.RedirectURL):
		r = s.invalidIn(c.op, "RedirectUrl", codeTargetPattern.String())
	case req.TTL != nil && (*req.TTL < 300 || *req.TTL > 1<<31-1):
		r = s.invalidIn(c.op, "Ttl", "300 to 2147483647")
	default:
		return req, nil
	}
	return req, &r
}

func (s *Sim) createCode(c call) reply {
	req, bad := s.readCode(c)
	if bad != nil {
		return *bad
	}
	if s.find(*req.ID) != nil {
		return jsonReply(http.StatusConflict, map[string]any{"id": *req.ID})
	}
	k := &code{id: *req.ID, target: *req.RedirectURL, text: "https://qr.vipps.no/" + s.word(12), created: s.now()}
	if req.TTL != nil {
		k.expires = k.created.Add(time.Duration(*req.TTL) * time.Second)
	}
	s.codes[k.id] = k
	s.printed = append(s.printed, k)
	return jsonReply(http.StatusOK, s.codeAnswer(c, k))
}

func (s *Sim) retargetCode(c call, k *code) reply {
	req, bad := s.readCode(c)
	if bad != nil {
		return *bad
	}
	k.target = *req.RedirectURL
	return jsonReply(http.StatusOK, s.codeAnswer(c, k))
}

// codeAnswer is a code as the API describes it, with its text or a new link.
func (s *Sim) codeAnswer(c call, k *code) map[string]any {
	left := -1
	if !k.expires.IsZero() {
		left = int(k.expires.Sub(s.now()) / time.Second)
	}
	answer := map[string]any{"id": k.id, "redirectUrl": k.target, "url": k.text, "expiresIn": left}
	if format := codeFormat(c.header.Get("Accept")); format != formatText {
		answer["url"] = s.newLink(c.request, k, format)
	}
	return answer
}

// ErrDeadCode is a scan of a printed code that leads nowhere.
var ErrDeadCode = errors.New("follow code: no living code has this text")

// Follow is where a phone gets to that scans a printed code of this text.
func (s *Sim) Follow(text string) (target string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range s.printed {
		if k.text == strings.TrimSpace(text) && k.alive(s.now()) {
			return k.target, nil
		}
	}
	return "", ErrDeadCode
}

// Code is what the ledger says about one printed code.
type Code struct {
	ID      string       `json:"id"`
	Target  string       `json:"target"`
	Text    string       `json:"text"` // that the code on paper has
	Created time.Time    `json:"created"`
	Alive   bool         `json:"alive"`
	Calls   map[Op]Calls `json:"calls"` // about this id
}

// Codes lists all codes that were ever made, the dead ones included.
func (s *Sim) Codes() []Code {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Code, 0, len(s.printed))
	for _, k := range s.printed {
		list = append(list, Code{
			ID: k.id, Target: k.target, Text: k.text, Created: k.created.UTC(), Alive: k.alive(s.now()), Calls: s.calls(k.id),
		})
	}
	return list
}
