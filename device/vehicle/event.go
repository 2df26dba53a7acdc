package vehicle

import (
	"encoding/json"
	"fmt"
)

// Event is something that happened. Each is journaled under its Kind as JSON.
type Event interface {
	Kind() Kind
}

// Kind names an event in the journal; it never changes its meaning.
type Kind string

// What people said.
type (
	// CodeAsked: the car is to have this code, leading there. For the code that it
	// has already, it is TargetAsked.
	CodeAsked struct {
		Vehicle string `json:"vehicle"` // see ValidVehicle
		File    string `json:"file"`    // the journal's own name, so that a key of a lost one never comes again
		ID      string `json:"id"`      // see ValidID, NewID
		Target  string `json:"target"`  // see ValidTarget
		// Adopt takes the code over even if it exists and leads somewhere else.
		Adopt bool `json:"adopt,omitempty"`
	}
	// TargetAsked: the code is to lead there from now on.
	TargetAsked struct {
		Target string `json:"target"`
	}
	// DestroyAsked kills the printed code for ever. ID must be the code's.
	DestroyAsked struct {
		ID string `json:"id"`
	}
	// RetryAsked lets everything be tried again that was refused, and has the code
	// looked at: whether it (still, again) exists, where it leads, what it looks like.
	RetryAsked struct{}
)

// What the API said to command N, which it completes.
type (
	// Made: the code exists and leads to Target. Existed is true if it did before
	// this command, as far as is known: also after a try with unknown outcome.
	Made struct {
		N       int    `json:"n"`
		Target  string `json:"target"`
		Existed bool   `json:"existed,omitempty"`
	}
	// Retargeted: the code leads to Target now.
	Retargeted struct {
		N      int    `json:"n"`
		Target string `json:"target"`
	}
	// Fetched is the code as the API has it, see CheckPicture.
	Fetched struct {
		N      int    `json:"n"`
		Target string `json:"target"`
		SVG    string `json:"svg"`
		Text   string `json:"text"`
	}
	// Failed: a definite no, or for a fetch a try that brought nothing. Code is the
	// API's, or a short reason of ours.
	Failed struct {
		N    int    `json:"n"`
		Code string `json:"code,omitempty"`
	}
	// Gone: there is no such code at the API (any more). It is how a destroy ends.
	Gone struct {
		N int `json:"n"`
	}
)

func (CodeAsked) Kind() Kind    { return "code_asked" }
func (TargetAsked) Kind() Kind  { return "code_target_asked" }
func (DestroyAsked) Kind() Kind { return "code_destroy_asked" }
func (RetryAsked) Kind() Kind   { return "code_retry_asked" }
func (Made) Kind() Kind         { return "code_made" }
func (Retargeted) Kind() Kind   { return "code_retargeted" }
func (Fetched) Kind() Kind      { return "code_fetched" }
func (Failed) Kind() Kind       { return "code_failed" }
func (Gone) Kind() Kind         { return "code_gone" }

// Decode reads an event back from the journal. An unknown kind is an error: a
// journal that cannot be folded completely must not decide what is destroyed.
func Decode(kind Kind, body []byte) (Event, error) {
	decode, ok := decoders[kind]
	if !ok {
		return nil, fmt.Errorf("vehicle event %q: kind unknown to this version; was the program downgraded?", kind)
	}
	e, err := decode(body)
	if err != nil {
		return nil, fmt.Errorf("vehicle event %q decode: %w", kind, err)
	}
	return e, nil
}

var decoders = func() map[Kind]func([]byte) (Event, error) {
	m := map[Kind]func([]byte) (Event, error){}
	register[CodeAsked](m)
	register[TargetAsked](m)
	register[DestroyAsked](m)
	register[RetryAsked](m)
	register[Made](m)
	register[Retargeted](m)
	register[Fetched](m)
	register[Failed](m)
	register[Gone](m)
	return m
}()

func register[E Event](m map[Kind]func([]byte) (Event, error)) {
	var zero E
	m[zero.Kind()] = func(body []byte) (Event, error) {
		var e E
		err := json.Unmarshal(body, &e)
		return e, err
	}
}
