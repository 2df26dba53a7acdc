package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"taxiterminal/display"
	"taxiterminal/display/locale"
)

// Refusals of this package, beside those of package display.
const (
	refusedLocked  display.Refusal = "locked"    // the PIN comes first
	refusedPIN     display.Refusal = "pin_wrong" // that was not it
	refusedTooFast display.Refusal = "pin_wait"  // too many wrong ones
)

// tongue is the part of every body that says in which language to answer.
type tongue struct {
	Lang string `json:"lang"`
}

func (t tongue) language() string { return t.Lang }

// secretive is a body with words that must not be logged.
type secretive interface{ secrets() []string }

// answer is what every POST gets: OK, or the catalogue key of the reason; Text is
// the same for people to read. Wait is in seconds.
type answer struct {
	OK       bool            `json:"ok"`
	Reason   display.Refusal `json:"reason,omitempty"`
	Text     string          `json:"text"`
	Wait     int             `json:"wait,omitempty"`
	Contacts []contact       `json:"contacts,omitempty"`
	HTML     string          `json:"html,omitempty"` // a sheet to show
}

// badRequest is an error of whoever wrote the page, not of the person at it.
type badRequest string

func (b badRequest) Error() string { return string(b) }

// posted makes a route of something that people ask for. The body is read strictly,
// a driver's request needs the PIN, and what came of it is answered in words. It
// runs to its end even if the page goes away meanwhile: half an action is worse than
// one whose answer nobody reads.
func posted[B interface{ language() string }](s *Server, byDriver bool,
	do func(ctx context.Context, c *locale.Catalogue, body B) (answer, error),
) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var body B
		if !read(w, r, &body) {
			return
		}
		c := s.renderer.set.Match(body.language())
		if byDriver && !s.unlocked(r) {
			reply(w, http.StatusUnauthorized, refused(c, refusedLocked))
			return
		}
		if s.options.Desk == nil {
			reply(w, http.StatusConflict, refused(c, display.RefusedNotAllowed))
			return
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), actionTime)
		defer cancel()
		a, err := do(ctx, c, body)
		var bad badRequest
		switch {
		case errors.As(err, &bad):
			http.Error(w, bad.Error(), http.StatusBadRequest)
		case err != nil:
			reply(w, http.StatusConflict, refused(c, s.explain(r.URL.Path, err, body)))
		default:
			a.OK = true
			reply(w, http.StatusOK, a)
		}
	}
}

// explain finds the reason for people, and logs what has none.
func (s *Server) explain(path string, err error, body any) display.Refusal {
	var reasoned interface{ Reason() string }
	if errors.As(err, &reasoned) {
		if reason := display.Refusal(reasoned.Reason()); slices.Contains(display.Refusals(), reason) {
			return reason
		}
	}
	text := err.Error()
	if b, ok := body.(secretive); ok {
		text = withoutSecrets(text, b.secrets())
	}
	s.log.Error("request from the screen failed", "path", path, "error", text)
	return display.RefusedInternal
}

// digits finds what may be a phone number, however it is written.
var digits = regexp.MustCompile(`\+?\d[\d ()-]{4,}\d`)

// withoutSecrets is an error's text that may be logged although something below
// quoted what was typed.
func withoutSecrets(text string, secrets []string) string {
	for _, secret := range secrets {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "…")
		}
	}
	return digits.ReplaceAllString(text, "…")
}

// refused is the answer for a reason in words.
func refused(c *locale.Catalogue, reason display.Refusal) answer {
	return answer{Reason: reason, Text: c.Text("refused."+string(reason), nil)}
}

// read decodes a small body, JSON or a form, into v. It answers the request itself
// and returns false if the body is neither, or not what v wants.
func read(w http.ResponseWriter, r *http.Request, v any) bool {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	var err error
	switch kind {
	case "application/json":
		err = readJSON(r.Body, v)
	case "application/x-www-form-urlencoded":
		err = readForm(r, v)
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

// readForm takes a form as the JSON object that it stands for: all fields of all
// bodies are texts.
func readForm(r *http.Request, v any) error {
	if err := r.ParseForm(); err != nil {
		return err
	}
	fields := map[string]string{}
	for name := range r.PostForm {
		fields[name] = r.PostForm.Get(name)
	}
	object, err := json.Marshal(fields)
	if err != nil {
		return err
	}
	return readJSON(bytes.NewReader(object), v)
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
