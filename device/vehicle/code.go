package vehicle

import (
	"crypto/sha256"
	"encoding/hex"
	"reflect"
	"time"
)

// Code is everything known about the car's code. The zero Code is None.
//
// Codes are values: Step never changes the one it is given, and nobody else may
// write to the Dead of a Code that came out of Step.
type Code struct {
	Vehicle string `json:"vehicle,omitempty"`
	File    string `json:"file,omitempty"` // the journal's name, part of every key
	ID      string `json:"id,omitempty"`
	Phase   Phase  `json:"phase,omitempty"`

	// Target is where the code is wanted to lead, Confirmed where the API said last
	// that it leads; empty as long as the API has not said it.
	Target    string `json:"target,omitempty"`
	Confirmed string `json:"confirmed,omitempty"`
	// Adopt is a person's word that a code of this id is the car's.
	Adopt bool `json:"adopt,omitempty"`

	// SVG is the API's picture of the code, at most MaxSVG bytes; Text is what the
	// modules encode. Both are empty until they were downloaded.
	SVG  string `json:"svg,omitempty"`
	Text string `json:"text,omitempty"`

	// Problem is why the last create, retarget or destroy was refused.
	Problem Problem `json:"problem,omitzero"`
	// Picture is why the last download brought nothing, Failed how often in a row.
	Picture Problem `json:"picture,omitzero"`
	Failed  int     `json:"failed,omitempty"`
	// Look is true while the code is to be looked at although nothing is missing.
	Look bool `json:"look,omitempty"`

	// Open is the command whose answer is awaited; N counts all commands, of all
	// codes that this car ever had.
	Open Open `json:"open,omitzero"`
	N    int  `json:"n,omitempty"`
	// Dead are the ids of earlier codes, which must not be used again; at most MaxDead.
	Dead []string `json:"dead,omitempty"`

	// Since is when the phase was entered, PictureAt when the picture came. UTC, for
	// the record only.
	Since     time.Time `json:"since,omitzero"`
	PictureAt time.Time `json:"picture_at,omitzero"`
}

// Phase is where the code stands.
type Phase string

const (
	None       Phase = ""           // the car has no code
	Making     Phase = "making"     // asked for; the API has not answered
	Live       Phase = "live"       // can be scanned
	Refused    Phase = "refused"    // Problem says why; ask again, or for another id
	Destroying Phase = "destroying" // a person wants it dead; not known to be
	Destroyed  Phase = "destroyed"  // a new one needs a new id
	Vanished   Phase = "vanished"   // the API does not know it any more: prints are waste, unless a retry finds it
)

// Open is a command whose answer is awaited.
type Open struct {
	Op     Op     `json:"op,omitempty"`
	N      int    `json:"n,omitempty"`
	Target string `json:"target,omitempty"` // what a create or retarget asks for
}

// Problem is why something was not done.
type Problem struct {
	Kind ProblemKind `json:"kind,omitempty"`
	Code string      `json:"code,omitempty"` // the API's, or a short reason of ours
}

// ProblemKind is the closed set of problems.
type ProblemKind string

const (
	ProblemNone     ProblemKind = ""
	ProblemRefused  ProblemKind = "refused"  // the API will not make the code
	ProblemConflict ProblemKind = "conflict" // the id is a code that is not this car's
	ProblemTarget   ProblemKind = "target"   // the code still leads to Confirmed
	ProblemDestroy  ProblemKind = "destroy"  // the code may still be alive
	ProblemPicture  ProblemKind = "picture"  // the picture could not be downloaded
	ProblemVanished ProblemKind = "vanished" // nobody here asked for the code's end
)

const (
	// MaxDead is how many ids a car can use up; more is a program gone wild.
	MaxDead = 64
	// maxFailed is how many downloads are tried before a person must look: about
	// half an hour of them.
	maxFailed = 20
)

// Version is a short name for the picture, for caches: another picture has another
// version. Empty unless there is one that can be shown, which is when the code is live.
func (c Code) Version() string {
	if c.Phase != Live || c.SVG == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(c.SVG))
	return hex.EncodeToString(sum[:6])
}

// NeedsPerson is true while something is wrong that does not pass by itself.
func (c Code) NeedsPerson() bool {
	return c.Problem.Kind != ProblemNone || c.Failed >= maxFailed
}

// Settled is true when nothing is under way and nothing is wrong: there is no code,
// or it leads where it should and its picture is here.
func (c Code) Settled() bool {
	return c.Open.Op == "" && !c.NeedsPerson()
}

// Equal reports whether nothing differs, so that an event had no effect.
func (c Code) Equal(d Code) bool { return reflect.DeepEqual(c, d) }
