package web

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"

	"taxiterminal/display"
	"taxiterminal/display/locale"
)

// Refusals of this package, beside those of package display.
const (
	refusedLocked  display.Refusal = "locked"    // the PIN comes first
	refusedPIN     display.Refusal = "pin_wrong" // that was not it
	refusedTooFast display.Refusal = "pin_wait"  // too many wrong ones
)

// press is the body of a POST to /driver/actions, as JSON or as a form.
type press struct {
	Action display.Action `json:"action"`
	Trip   string         `json:"trip"`
	Lang   string         `json:"lang"`
}

// answer is what every POST gets: OK, or the catalogue key of the reason; Text is
// the same for the driver to read. Wait is in seconds.
type answer struct {
	OK     bool            `json:"ok"`
	Reason display.Refusal `json:"reason,omitempty"`
	Text   string          `json:"text"`
	Wait   int             `json:"wait,omitempty"`
}

// act hands a press to the terminal and tells the driver what came of it.
func (s *Server) act(w http.ResponseWriter, r *http.Request) {
	var p press
	if !s.read(w, r, &p, func(get func(string) string) {
		p = press{display.Action(get("action")), get("trip"), get("lang")}
	}) {
		return
	}
	if !slices.Contains(display.Actions(), p.Action) {
		http.Error(w, "no such action", http.StatusBadRequest)
		return
	}
	c := s.renderer.set.Match(p.Lang)
	if !s.unlocked(r) {
		reply(w, http.StatusUnauthorized, refused(c, refusedLocked))
		return
	}
	if err := s.carryOut(r.Context(), p); err != nil {
		reply(w, http.StatusConflict, refused(c, s.explain(err, p)))
		return
	}
	done := c.Text("driver.done", locale.Args{"action": c.Text("action."+string(p.Action), nil)})
	reply(w, http.StatusOK, answer{OK: true, Text: done})
}

// carryOut runs to its end even if the page goes away meanwhile: half an action is
// worse than one whose answer nobody reads.
func (s *Server) carryOut(ctx context.Context, p press) error {
	if s.options.Actions == nil {
		return display.RefusedNotAllowed
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), actionTime)
	defer cancel()
	return s.options.Actions(ctx, p.Action, p.Trip)
}

// explain finds the reason for the driver, and logs what has none.
func (s *Server) explain(err error, p press) display.Refusal {
	var reasoned interface{ Reason() string }
	if errors.As(err, &reasoned) {
		if reason := display.Refusal(reasoned.Reason()); slices.Contains(display.Refusals(), reason) {
			return reason
		}
	}
	s.log.Error("driver's action", "action", string(p.Action), "trip", p.Trip, "error", err)
	return display.RefusedInternal
}

// refused is the answer for a reason in words.
func refused(c *locale.Catalogue, reason display.Refusal) answer {
	return answer{Reason: reason, Text: c.Text("refused."+string(reason), nil)}
}

// read decodes a small JSON body into v, or hands a form's values to fromForm. It
// answers the request itself and returns false if the body is neither.
func (s *Server) read(w http.ResponseWriter, r *http.Request, v any, fromForm func(get func(string) string)) bool {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	var err error
	switch kind {
	case "application/json":
		err = readJSON(r.Body, v)
	case "application/x-www-form-urlencoded":
		if err = r.ParseForm(); err == nil {
			fromForm(r.PostForm.Get)
		}
	default:
		http.Error(w, "want JSON or a form", http.StatusUnsupportedMediaType)
		return false
	}
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		http.Error(w, "body too large", http.StatusRequestEntityTooLarge)
	case err != nil:
		http.Error(w, "body not understood", http.StatusBadRequest)
	}
	return err == nil
}

// readJSON takes exactly one value and nothing after it.
func readJSON(body io.Reader, v any) error {
	d := json.NewDecoder(body)
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("something follows the JSON value")
	}
	return nil
}

// reply writes an answer as JSON. The page may be gone; nobody else would care.
func reply(w http.ResponseWriter, status int, a answer) {
	body, err := json.Marshal(a)
	if err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(body)
}
