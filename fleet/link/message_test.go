package link_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/fleet/link"
	"taxiterminal/fleet/link/linktest"
	"taxiterminal/money"
	"taxiterminal/outbox"
	"taxiterminal/vipps"
)

func outcomes() map[string]struct {
	pay link.Pay
	out link.Outcome
} {
	at := time.Date(2026, 10, 12, 14, 3, 0, 123000, time.UTC)
	full := vipps.Payment{Reference: reference, State: vipps.Authorized, Currency: money.NOK, Amount: 28650, Authorized: 28650,
		Captured: 20000, Cancelled: 8650, Refunded: 1, PSPReference: "psp", RedirectURL: "https://example.com/dwo-api?token=x",
		Sub: "sub", Person: vipps.NewPerson("Kari Nordmann", "4791234567"), CaptureGuaranteedUntil: at, Metadata: map[string]string{"a": "b"}}
	code := vipps.Code{RedirectCode: vipps.RedirectCode{ID: "taxi-T122-7GK2QX", Target: "https://example.com/t"}, URL: "https://example.com/qr", ExpiresIn: time.Hour}
	return map[string]struct {
		pay link.Pay
		out link.Outcome
	}{
		"payment": {link.Pay{Op: vipps.OpCapture, Reference: reference}, link.Outcome{Result: vipps.Result{Kind: vipps.Done, Date: at, Payment: full}}},
		"person":  {link.Pay{Op: vipps.OpUserinfo, Sub: "sub"}, link.Outcome{Result: vipps.Result{Kind: vipps.Done}, Person: full.Person}},
		"code":    {link.Pay{Op: vipps.OpCodeGet, Code: &link.Code{ID: code.ID}}, link.Outcome{Result: vipps.Result{Kind: vipps.Done}, Code: code}},
		"picture": {link.Pay{Op: vipps.OpCodeDownload, Link: code.URL}, link.Outcome{Result: vipps.Result{Kind: vipps.Done}, Picture: []byte("<svg/>")}},
		"wait":    {link.Pay{Op: vipps.OpGet, Reference: reference}, link.NotNow(vipps.OpGet, vipps.ClassBusy, 17*time.Second, "wait", "busy")},
		"refused": {link.Pay{Op: vipps.OpCreate, Reference: reference}, link.Outcome{Result: vipps.Result{Kind: vipps.Rejected, Err: &vipps.Error{Class: vipps.ClassInvalid, Op: vipps.OpCreate,
			Status: 400, Code: "6080", Title: "title", Detail: "detail", TraceID: "trace", Raw: []byte("raw"), Hint: "hint", Err: errors.New("cause")}}}},
		"unknown": {link.Pay{Op: vipps.OpCancel, Reference: reference}, link.Outcome{Result: vipps.Result{Kind: vipps.Unknown, Err: &vipps.Error{Class: vipps.ClassNetwork, Op: vipps.OpCancel}}}},
	}
}

func TestAnOutcomeArrivesAsItWas(t *testing.T) {
	for name, c := range outcomes() {
		t.Run(name, func(t *testing.T) {
			got, err := link.DecodeOutcome(c.pay, c.out.Encode())
			require.NoError(t, err)
			require.Equal(t, c.out.Person.Phone(), got.Person.Phone())
			require.Equal(t, c.out.Result.Payment.Person.Name(), got.Result.Payment.Person.Name())
			got.Person, got.Result.Payment.Person = c.out.Person, c.out.Result.Payment.Person // compared above: they hold pointers
			require.Equal(t, c.out, got)
		})
	}
}

func TestOutcomesThatSayNothingClearAreNotBelieved(t *testing.T) {
	get, capture := link.Pay{Op: vipps.OpGet, Reference: reference}, link.Pay{Op: vipps.OpCapture, Reference: reference}
	for text, p := range map[string]link.Pay{
		``:                      get,
		`[]`:                    get,
		`{"kind":"done"}`:       get, // no version
		`{"v":2,"kind":"x"}`:    get,
		`{"v":1}`:               get,
		`{"v":1,"kind":"ok"}`:   get,
		`{"v":1,"kind":"done"}`: capture,
		`{"v":1,"kind":"done","payment":{"reference":"T122-K7Q2X-0043-1"}}`:                           capture,
		`{"v":1,"kind":"done","error":{"class":"state"},"payment":{"reference":"` + reference + `"}}`: capture,
		`{"v":1,"kind":"retry"}`:                                                         capture,
		`{"v":1,"kind":"unknown","error":{"class":"state"}}`:                             get,
		`{"v":1,"kind":"done","payment":{"reference":"` + reference + `","amount":1.5}}`: get,
	} {
		_, err := link.DecodeOutcome(p, []byte(text))
		require.Error(t, err, text)
	}
	o, err := link.DecodeOutcome(get, []byte(`{"v":1,"kind":"retry","after_ms":9999999999999999,"error":{"class":"new","news":1},"news":{}}`))
	require.NoError(t, err, "unknown members are ignored")
	require.Equal(t, 5*time.Minute, o.Result.After)
}

func TestBodiesAreCarriedByteForByte(t *testing.T) {
	body := []byte("{ \"reference\" :\"x\", \"a\":\"<&>\\u0041 \xff\" }\n")
	p, err := link.DecodePay(link.Pay{Op: vipps.OpCreate, Body: body}.Encode())
	require.NoError(t, err)
	require.Equal(t, body, p.Body)
}

func TestMessagesShowNothingOfPeople(t *testing.T) {
	const secret = "4791234567"
	for _, m := range []any{
		link.Pay{Op: vipps.OpCreate, Reference: reference, Body: []byte(secret), Sub: secret, Link: secret, Code: &link.Code{Target: secret}},
		&link.Pay{Sub: secret}, link.Code{URL: secret}, link.Row{Body: []byte(secret)}, link.CheckIn{CustomerToken: secret},
		link.Hint{CheckIn: &link.CheckIn{CustomerToken: secret}}, link.Ask{ReturnURL: secret}, link.Hint{Ask: &link.Ask{ReturnURL: secret}},
		link.Settings{ConfirmSecret: []byte(secret)}, link.Welcome{Settings: link.Settings{ConfirmSecret: []byte(secret)}},
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x"} {
			require.NotContains(t, fmt.Sprintf(verb, m), secret)
			require.NotContains(t, fmt.Sprintf(verb, m), fmt.Sprintf("%x", secret))
		}
	}
}

func TestATerminalIsInItsSubjects(t *testing.T) {
	one := linktest.NewTerminal(t).ID
	for _, s := range []string{link.PaySubject(one), link.HelloSubject(one), link.JournalSubject(one), link.HintSubject(one)} {
		got, err := link.TerminalOf(s)
		require.NoError(t, err)
		require.Equal(t, one, got)
	}
	for _, bad := range []string{"", "car", "car.U.pay", "car." + one, "car." + one + ".pay.x", "bus." + one + ".pay", "car." + strings.ToLower(one) + ".pay"} {
		_, err := link.TerminalOf(bad)
		require.Error(t, err, bad)
	}
}

func TestARowKeepsItsPlaceInTheChain(t *testing.T) {
	e := outbox.Entry{Seq: 1, Stream: 2, At: time.UnixMicro(1760277780000001).UTC(), Kind: "created", Body: []byte(`{"n":1}`)}
	l := outbox.Link{Entry: e, Hash: outbox.Chain{}.Follow(e).Hash}
	r, err := link.DecodeRow(link.RowOf("K7Q2X", l).Encode())
	require.NoError(t, err)
	require.Equal(t, l, r.Entry())
	other := r
	other.Hash = append([]byte{1}, r.Hash[1:]...)
	require.NotEqual(t, link.RowID(r), link.RowID(other))
}

// Whatever can be read can be written and reads the same.
func fuzz[M interface{ Encode() []byte }](f *testing.F, decode func([]byte) (M, error), seeds ...M) {
	for _, s := range seeds {
		f.Add(s.Encode())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := decode(b)
		if err != nil {
			return
		}
		again, err := decode(m.Encode())
		require.NoError(t, err)
		require.Equal(t, jsonOf(t, m), jsonOf(t, again))
	})
}

func jsonOf(t *testing.T, v any) string {
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return string(b)
}

func FuzzDecodePay(f *testing.F) {
	fuzz(f, link.DecodePay, link.Pay{Op: vipps.OpCodeCreate, Reference: reference, Key: "k", Body: []byte("{}"), Code: &link.Code{ID: "a"}})
}

func FuzzDecodeRow(f *testing.F) {
	fuzz(f, link.DecodeRow, link.Row{File: "K7Q2X", Seq: 1, Kind: "begun", Body: []byte("{}"), Hash: make([]byte, 32)})
}

func FuzzDecodeHint(f *testing.F) {
	fuzz(f, link.DecodeHint, link.Hint{Reference: reference, CheckIn: &link.CheckIn{CustomerToken: "x"}, Ask: &link.Ask{Trip: "0042", N: 2, ReturnURL: "https://fleet.example/r", Tip: 1000, Share: true}})
}

func FuzzDecodeWelcome(f *testing.F) {
	fuzz(f, link.DecodeWelcome, link.Welcome{Known: link.Known{Seq: 3, Hash: make([]byte, 32)}})
}

func FuzzDecodeOutcome(f *testing.F) {
	for _, c := range outcomes() {
		f.Add(string(c.pay.Op), c.pay.Reference, c.out.Encode())
	}
	f.Fuzz(func(t *testing.T, op, reference string, b []byte) {
		p := link.Pay{Op: vipps.Op(op), Reference: reference, Code: &link.Code{ID: "taxi-T122-7GK2QX"}}
		o, err := link.DecodeOutcome(p, b)
		if err != nil {
			return
		}
		require.Equal(t, o.Result.Kind == vipps.Done, o.Result.Err == nil)
		again, err := link.DecodeOutcome(p, o.Encode())
		require.NoError(t, err)
		require.Equal(t, o.Result.Kind, again.Result.Kind)
		require.Equal(t, o.Result.After, again.Result.After)
	})
}
