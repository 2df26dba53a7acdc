package office

import (
	"encoding/json"
	"time"

	"taxiterminal/fleet/journal"
	"taxiterminal/fleet/registry"
	"taxiterminal/money"
	"taxiterminal/trip"
	"taxiterminal/trip/receipt"
)

// Error is an answer that is not a success. Code is the registry's, or one of these.
type Error struct {
	Status  int    `json:"-"`
	Message string `json:"error"`
	Code    string `json:"code,omitempty"`
	Hint    string `json:"hint,omitempty"`
}

func (e *Error) Error() string { return e.Message }

// Codes beside those of the registry.
const (
	NoToken     = "no_token"     // nobody's token
	Unreachable = "unreachable"  // the car is not connected
	NoAnswer    = "no_answer"    // the car did not do it in time; it may still
	GivenBack   = "given_back"   // more, or less, than RefundRequest.Already was given back before
	API         = "api"          // the payment API did not do it
	NoKeys      = "no_keys"      // the gateway has no keys of this merchant
	TooEarly    = "not_read_yet" // the journals are still being read
)

// Car is a vehicle.
type Car struct {
	registry.Vehicle
	Page string `json:"page"` // where its sticker leads
}

// AddCar adds a vehicle; the merchant may be empty if there is one only.
type AddCar struct {
	ID       string `json:"id"`
	Merchant string `json:"merchant,omitempty"`
}

// MoveCar binds a vehicle to another merchant.
type MoveCar struct {
	Merchant string `json:"merchant"`
}

// SetQR says which code at the payment API is the vehicle's; empty for none.
type SetQR struct {
	ID string `json:"qr_id"`
}

// TokenRequest asks for an enrolment token. Replace: the car has a terminal, which is
// out as soon as the new one is in.
type TokenRequest struct {
	Hours   int  `json:"hours,omitempty"` // 24 if zero, at most 720
	Replace bool `json:"replace,omitempty"`
}

// Token lets one computer become the terminal of a car, once. It is shown once.
type Token struct {
	Token   string    `json:"token"`
	Vehicle string    `json:"vehicle"`
	Expires time.Time `json:"expires"`
	Server  string    `json:"server"`
}

// Terminal is an onboard computer. What is heard of it is by the gateway that answers.
type Terminal struct {
	registry.Terminal
	Active  bool      `json:"active"`            // it is let in
	Heard   time.Time `json:"heard,omitzero"`    // last call or journal row
	Version string    `json:"version,omitempty"` // of its program
	// Journals are all that it ever had; the newest is the last.
	Journals []journal.File `json:"journals"`
	Alarms   []string       `json:"alarms,omitempty"` // why a person must look
	Trip     string         `json:"trip,omitempty"`   // the newest of its car
}

// Reason is why, for the record.
type Reason struct {
	Reason string `json:"reason,omitempty"`
}

// Revoked says how many connections were cut.
type Revoked struct {
	Terminal string `json:"terminal"`
	Vehicle  string `json:"vehicle"`
	Cut      int    `json:"connections_cut"`
}

// Merchant is a sales unit.
type Merchant struct {
	registry.Merchant
	Keys bool `json:"keys"` // the gateway has its keys
	Cars int  `json:"cars"`
}

// Webhooks are the registrations of a sales unit at the payment API. State and Problem
// are those of the last check: "standing", "registered", "blocked", "failed", "off".
type Webhooks struct {
	Merchant      string         `json:"merchant"`
	MSN           string         `json:"msn"`
	State         string         `json:"state,omitempty"`
	Problem       string         `json:"problem,omitempty"`
	Registrations []Registration `json:"registrations"`
}

// Registration is one of them. Ours: its events come here, and can be verified.
type Registration struct {
	ID     string   `json:"id"`
	URL    string   `json:"url"`
	Events []string `json:"events"`
	Ours   bool     `json:"ours"`
}

// Trip is one trip with everything that happened to it.
type Trip struct {
	ID       string          `json:"id"`
	Phase    trip.Phase      `json:"phase"`
	Settled  trip.Settlement `json:"settlement,omitempty"`
	Means    trip.Means      `json:"means,omitempty"`
	Currency money.Currency  `json:"currency"`
	Total    money.Minor     `json:"total"` // fare and tip
	Captured money.Minor     `json:"captured"`
	Refunded money.Minor     `json:"refunded"`
	Problem  string          `json:"problem,omitempty"`
	Begun    time.Time       `json:"begun"` // by the car's clock
	Receipt  receipt.Receipt `json:"receipt"`
	Payments []Payment       `json:"payments"`
	Events   []Event         `json:"events"`
}

// Payment is one payment of a trip.
type Payment struct {
	Reference  string            `json:"reference"`
	State      trip.AttemptState `json:"state"`
	Asked      money.Minor       `json:"asked"`
	Authorized money.Minor       `json:"authorized"`
	Captured   money.Minor       `json:"captured"`
	Cancelled  money.Minor       `json:"cancelled"`
	Refunded   money.Minor       `json:"refunded"`
}

// Event is one row of the car's journal. Addresses that open a payment or a receipt
// are left out.
type Event struct {
	Seq  int64           `json:"seq"`
	At   time.Time       `json:"at"`
	Kind string          `json:"kind"`
	Body json.RawMessage `json:"body,omitempty"`
}

// Query chooses trips, see journal.Query. From and To are days in the operator's time
// zone, both included, or times (To excluded); empty for no limit.
type Query struct {
	Car      string
	From, To string
	Open     bool
	N        int // the newest so many; 0 is 100
}

// Report is the sums of vehicles and days in a time zone.
type Report struct {
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
	Zone string `json:"zone"`
	// Totals are by day, vehicle and currency.
	Totals []journal.Total `json:"totals"`
	// Incomplete are journals that are not all here, or that do not fit: their trips
	// may be missing.
	Incomplete []journal.File `json:"incomplete,omitempty"`
}

// RefundRequest gives captured money back. The car decides and does it.
type RefundRequest struct {
	Amount money.Minor `json:"amount"`
	// Already is what the caller knows to have been given back of the trip before; 0 for
	// a first refund. It is done only from there, so that asking again, by somebody who
	// got no answer, never gives it back twice.
	Already money.Minor `json:"already,omitempty"`
	Reason  string      `json:"reason,omitempty"` // for the journal, at most 200 bytes
	// Wait is how long to wait for the car's journal, in seconds; 0 is 20, at most 60.
	Wait int `json:"wait_seconds,omitempty"`
}

// Refund is what the car's journal says. Done: the payment API has given it back;
// otherwise the car has taken it on and goes on trying.
type Refund struct {
	Trip     string         `json:"trip"`
	Done     bool           `json:"done"`
	Refunded money.Minor    `json:"refunded"` // of the trip, in all
	Currency money.Currency `json:"currency"`
}

// Sync is what became of each car's printed code.
type Sync struct {
	DryRun bool      `json:"dry_run,omitempty"` // this is what would be done
	Codes  []QRState `json:"codes"`
}

// QRState is one car's printed code.
type QRState struct {
	Vehicle string `json:"vehicle"`
	QRID    string `json:"qr_id,omitempty"`
	Did     Did    `json:"did"`
	Problem string `json:"problem,omitempty"`
}

// Did is what a sync did about a code.
type Did string

const (
	Kept       Did = "kept"       // it leads to the car's page
	Made       Did = "made"       // there was none
	Adopted    Did = "adopted"    // there was one of the car that the registry did not know
	Retargeted Did = "retargeted" // it led somewhere else
	Remade     Did = "remade"     // it was gone at the API: print a new sticker
	Failed     Did = "failed"     // see Problem; sync again
)

// StickerRequest chooses what is printed. No cars are all that have a code.
type StickerRequest struct {
	Cars      []string
	Size      string // A7 or A6; empty is A6
	Marks     bool   // where to cut
	Languages []string
}

// Admin is who may administer.
type Admin struct {
	Name  string        `json:"name"`
	Role  registry.Role `json:"role"`
	Added time.Time     `json:"added"`
}

// AddAdmin lets somebody administer.
type AddAdmin struct {
	Name string        `json:"name"`
	Role registry.Role `json:"role"` // read or operate
}

// NewAdmin has the token, which is shown once.
type NewAdmin struct {
	Name  string        `json:"name"`
	Role  registry.Role `json:"role"`
	Token string        `json:"token"`
}

// Ready says whether cars can be served: not with any reason. Warnings are about some
// of them.
type Ready struct {
	OK       bool     `json:"ok"`
	Reasons  []string `json:"reasons,omitempty"`
	Warnings []string `json:"warnings,omitempty"`
}
