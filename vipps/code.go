package vipps

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"time"
)

// RedirectCode is a code to print: whoever scans it is sent to Target. The code on
// paper stays the same when its target changes, and is dead for ever when it is
// destroyed, even if its id is used again.
type RedirectCode struct {
	// ID is chosen by us and unique in the sales unit: 1 to 128 of a-z, A-Z, 0-9,
	// æ, ø, å, space and -_+%.
	ID string
	// Target is an https address. The API takes only letters, digits and
	// _.#!:?+=&%@-/ in it, and no hyphen in front of the first of : / ? or #.
	Target string
}

// Code is what the API says of a code.
type Code struct {
	RedirectCode
	// URL is the text of the code (CodeText) or a link to its picture (CodeSVG). The
	// link lives for an hour: download the picture at once and keep that.
	URL string
	// ExpiresIn is how long the code itself lives, 0 for ever. Those that this
	// package creates do.
	ExpiresIn time.Duration
}

// CodeFormat is what Code.URL will be.
type CodeFormat string

const (
	CodeText CodeFormat = "text/targetUrl" // the text to draw as a code ourselves
	CodeSVG  CodeFormat = "image/svg+xml"  // a link to the official picture
)

var (
	// codeID is the published pattern, with no white space but the space.
	codeID     = shaped(1, 128, `^[-_+%æøåÆØÅ\w ]+$`)
	codeTarget = regexp.MustCompile(`^https://[\w.]+([\w#!:.?+=&%@\-/]+)?$`)
)

// Check finds everything that the API would refuse. The error is an *InvalidError
// and does not repeat the target.
func (c RedirectCode) Check() error {
	var bad problems
	c.check(&bad)
	return bad.err("redirect code")
}

func (c RedirectCode) check(bad *problems) {
	checkCodeID(bad, c.ID)
	bad.check(codeTarget.MatchString(c.Target), "redirectUrl",
		"want https:// and then only letters, digits and _.#!:?+=&%%@-/, with a letter, digit or dot first; no spaces, commas, ~ or brackets")
}

func checkCodeID(bad *problems, id string) {
	bad.check(codeID.MatchString(id), "id", "want 1 to 128 letters, digits, spaces and -_+%%, got %q", cut(id, 140))
}

func checkFormat(bad *problems, f CodeFormat) {
	bad.check(f == CodeText || f == CodeSVG, "Accept", "want %s or %s", CodeText, CodeSVG)
}

// String is fit for logs: the id alone, because the target may open somebody's page.
func (c RedirectCode) String() string { return "code " + c.ID }

// Format writes String for every verb.
func (c RedirectCode) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// LogValue is String.
func (c RedirectCode) LogValue() slog.Value { return slog.StringValue(c.String()) }

type wireCode struct {
	ID        string     `json:"id"`
	URL       looseText  `json:"url"`
	Target    looseText  `json:"redirectUrl"`
	ExpiresIn loose[int] `json:"expiresIn"`
}

func (w wireCode) code() Code {
	return Code{
		RedirectCode: RedirectCode{ID: w.ID, Target: string(w.Target)},
		URL:          string(w.URL), ExpiresIn: time.Duration(max(0, min(w.ExpiresIn.value, expiresMax))) * time.Second,
	}
}

// expiresMax is the longest life of a code that the API knows, in seconds.
const expiresMax = 1<<31 - 1

// decodeCode reads the answer about one code.
func decodeCode(id string, body []byte) (Code, error) {
	var w wireCode
	if err := json.Unmarshal(body, &w); err != nil {
		return Code{}, fmt.Errorf("read code: %w", shapeOnly(err))
	}
	switch {
	case w.ID != id:
		return Code{}, errors.New("read code: the answer is about another code")
	case w.URL == "":
		return Code{}, errors.New("read code: url missing")
	}
	return w.code(), nil
}

// decodeCodes reads the list of all codes of the sales unit.
func decodeCodes(body []byte) ([]Code, error) {
	var list []wireCode
	if err := json.Unmarshal(body, &list); err != nil {
		return nil, fmt.Errorf("read codes: %w", shapeOnly(err))
	}
	if list == nil {
		return nil, errors.New("read codes: not a list")
	}
	codes := make([]Code, 0, len(list))
	for i, w := range list {
		if w.ID == "" {
			return nil, fmt.Errorf("read codes: code %d: id missing", i)
		}
		codes = append(codes, w.code())
	}
	return codes, nil
}
