package link

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"taxiterminal/money"
	"taxiterminal/outbox"
	"taxiterminal/vipps"
)

// version is the "v" of every message.
const version = 1

// MaxBody bounds the body of a payment call: a request with the longest receipt is a
// tenth of it.
const MaxBody = 64 << 10

// Pay is one call of the payment API on behalf of a car. Op says which of the others
// are set.
type Pay struct {
	V         int              `json:"v"`
	Op        vipps.Op         `json:"op"`
	Reference string           `json:"reference,omitempty"` // of the payment
	Key       string           `json:"key,omitempty"`       // Idempotency-Key
	Body      []byte           `json:"body,omitempty"`      // to be sent byte for byte
	Sub       string           `json:"sub,omitempty"`       // userinfo: who
	Code      *Code            `json:"code,omitempty"`      // code_*: its id, and where it is to lead
	As        vipps.CodeFormat `json:"format,omitempty"`    // code_*: what the URL shall be
	Link      string           `json:"link,omitempty"`      // code_download
}

// Code is a printed code on the wire.
type Code struct {
	ID        string `json:"id"`
	Target    string `json:"target,omitempty"`
	URL       string `json:"url,omitempty"`
	ExpiresMS int64  `json:"expires_ms,omitempty"`
}

// Hello is what a terminal says when it connects: which journal it keeps.
type Hello struct {
	V       int    `json:"v"`
	File    string `json:"file"`
	Version string `json:"version,omitempty"` // of its program, for people
}

// Welcome answers Hello.
type Welcome struct {
	V        int      `json:"v"`
	Settings Settings `json:"settings"`
	Known    Known    `json:"known"`
	// Problem is why there is no answer now; then nothing else is set.
	Problem string `json:"problem,omitempty"`
}

// Settings are what the operator decides for a car. What is empty is not decided.
type Settings struct {
	Vehicle  string         `json:"vehicle,omitempty"`
	Currency money.Currency `json:"currency,omitempty"`
	Limit    money.Minor    `json:"limit,omitempty"` // of one payment, minor units
	PageURL  string         `json:"page_url,omitempty"`
	// ClaimHost is where a phone carries a fare: https://HOST/p/...
	ClaimHost string `json:"claim_host,omitempty"`
	// ConfirmSecret makes the codes that prove a claim was paid, see package claim. It
	// is this terminal's alone.
	ConfirmSecret []byte `json:"confirm_secret,omitempty"`
}

// Known is the end of a journal as the gateway has it: nothing is missing up to Seq,
// whose row has this hash. Broken: what followed did not fit; a person must look, and
// sending more is of no use.
type Known struct {
	Seq    int64  `json:"seq"`
	Hash   []byte `json:"hash,omitempty"`
	Broken bool   `json:"broken,omitempty"`
}

// Row is one row of a car's journal.
type Row struct {
	V      int    `json:"v"`
	File   string `json:"file"`
	Seq    int64  `json:"seq"`
	Stream int64  `json:"stream"`
	AtUS   int64  `json:"at_us"` // the car's clock, Unix microseconds
	Kind   string `json:"kind"`
	Body   []byte `json:"body"`
	Hash   []byte `json:"hash"`
}

// RowOf puts an entry on the wire.
func RowOf(file string, l outbox.Link) Row {
	return Row{V: version, File: file, Seq: l.Seq, Stream: l.Stream, AtUS: l.At.UnixMicro(), Kind: l.Kind, Body: l.Body, Hash: l.Hash[:]}
}

// Entry is the row as the car's journal has it. A row with a hash of another length
// has the zero hash, which fits nothing.
func (r Row) Entry() outbox.Link {
	l := outbox.Link{Entry: outbox.Entry{Seq: r.Seq, Stream: r.Stream, At: time.UnixMicro(r.AtUS).UTC(), Kind: r.Kind, Body: r.Body}}
	if len(r.Hash) == len(l.Hash) {
		copy(l.Hash[:], r.Hash)
	}
	return l
}

// Hint tells a car that something has happened. It is no proof of anything: the car
// reads the payment.
type Hint struct {
	V         int    `json:"v"`
	Reference string `json:"reference,omitempty"`
	Name      string `json:"name,omitempty"` // of the event, e.g. "AUTHORIZED"
	// CheckIn is set if somebody scanned the car's printed code.
	CheckIn *CheckIn `json:"check_in,omitempty"`
	// Ask is set if a passenger pressed the button on the gateway's page.
	Ask *Ask `json:"ask,omitempty"`
	// Refund is set if the office gives money back.
	Refund *Refund `json:"refund,omitempty"`
}

// Refund is money of a trip that the office gives back. The car does it only if the
// trip is in its present journal and exactly Already has been given back of it so far:
// so an order that comes twice, or late, is executed once.
type Refund struct {
	Trip    string      `json:"trip"` // with vehicle and file, e.g. "T122-K7Q2X-0042"
	Amount  money.Minor `json:"amount"`
	Already money.Minor `json:"already"`
	Reason  string      `json:"reason,omitempty"`
}

// Ask is a payment that a passenger wants to make on a page, as attempt N of a trip. A
// car whose trip has gone on meanwhile does nothing.
type Ask struct {
	Trip      string      `json:"trip"` // its number, e.g. "0042"
	N         int         `json:"n"`
	ReturnURL string      `json:"return_url"` // opens a receipt: not to be printed
	Tip       money.Minor `json:"tip,omitempty"`
	Share     bool        `json:"share,omitempty"`
}

// CheckIn is a passenger who has scanned the car's printed code. The token stands for
// them for a quarter of an hour; see vipps.ByToken.
type CheckIn struct {
	CustomerToken string `json:"customer_token"`
}

// Encode and its siblings make the message. What they are given fits; a number, a
// text or a slice always can be encoded.
func (p Pay) Encode() []byte     { p.V = version; return encode(p) }
func (h Hello) Encode() []byte   { h.V = version; return encode(h) }
func (w Welcome) Encode() []byte { w.V = version; return encode(w) }
func (r Row) Encode() []byte     { r.V = version; return encode(r) }
func (h Hint) Encode() []byte    { h.V = version; return encode(h) }

func encode(message any) []byte {
	b, err := json.Marshal(message)
	if err != nil {
		panic(fmt.Sprintf("link message cannot be encoded: %v", err))
	}
	return b
}

// DecodePay and its siblings read a message. Their errors quote nothing of it.
func DecodePay(b []byte) (p Pay, err error)         { return p, decode(b, "pay", &p, &p.V) }
func DecodeHello(b []byte) (h Hello, err error)     { return h, decode(b, "hello", &h, &h.V) }
func DecodeWelcome(b []byte) (w Welcome, err error) { return w, decode(b, "welcome", &w, &w.V) }
func DecodeRow(b []byte) (r Row, err error)         { return r, decode(b, "row", &r, &r.V) }
func DecodeHint(b []byte) (h Hint, err error)       { return h, decode(b, "hint", &h, &h.V) }

var errShape = errors.New("not the expected JSON")

func decode(b []byte, what string, into any, v *int) error {
	if err := json.Unmarshal(b, into); err != nil {
		return fmt.Errorf("%s message decode: %w", what, errShape)
	}
	if *v != version {
		return fmt.Errorf("%s message decode: version %d, this program knows %d; update the older side", what, *v, version)
	}
	return nil
}

// String and its siblings are fit for logs.
func (p Pay) String() string { return string(p.Op) + " " + p.Reference }

// Format writes String for every verb.
func (p Pay) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, p.String()) }

// LogValue is String.
func (p Pay) LogValue() slog.Value { return slog.StringValue(p.String()) }

func (c Code) String() string { return "code " + c.ID }

// Format writes String for every verb.
func (c Code) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

func (r Row) String() string { return fmt.Sprintf("row %s-%d %s", r.File, r.Seq, r.Kind) }

// Format writes String for every verb.
func (r Row) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, r.String()) }

func (a Ask) String() string { return fmt.Sprintf("ask for attempt %d of trip %s", a.N, a.Trip) }

// Format writes String for every verb.
func (a Ask) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, a.String()) }

func (r Refund) String() string { return "refund of trip " + r.Trip }

// Format writes String for every verb.
func (r Refund) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, r.String()) }

func (c CheckIn) String() string { return "check-in" }

// Format writes String for every verb.
func (c CheckIn) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

func (s Settings) String() string { return "settings of " + s.Vehicle }

// Format writes String for every verb.
func (s Settings) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue is String.
func (s Settings) LogValue() slog.Value { return slog.StringValue(s.String()) }
