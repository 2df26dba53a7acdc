package vipps_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"taxiterminal/vipps"
)

func TestPersonIsTidiedOrLeftOut(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, out string }{
		{"4790000001", "4790000001"}, {"+47 900 00 001", "4790000001"}, {"004790000001", "4790000001"},
		{"47-9000.0001", "4790000001"}, {"(47) 90000001", "4790000001"}, {"299123456", "299123456"},
		{"123456789012345", "123456789012345"},
		{"90000001", ""}, {"1234567890123456", ""}, {"", ""}, {"04790000001", ""}, {"0", ""}, {"++4790000001", ""},
		{"4790000001 ext 2", ""}, {"٤٧٩٠٠٠٠٠٠١", ""}, {"47900000O1", ""},
	} {
		require.Equal(t, c.out, vipps.NewPerson("", c.in).Phone(), c.in)
	}
	for _, c := range []struct{ in, out string }{
		{"Kari Nordmann", "Kari Nordmann"}, {"  Kari \n\t Nordmann ", "Kari Nordmann"}, {" ", ""}, {"", ""},
		{"Øystein\u202eÅs\x00\xff", "Øystein Ås"}, {strings.Repeat("æ", 150), strings.Repeat("æ", 100)},
	} {
		require.Equal(t, c.out, vipps.NewPerson(c.in, "").Name(), "%q", c.in)
	}
	require.True(t, vipps.NewPerson(" ", "12").IsZero())
	require.False(t, vipps.NewPerson("K", "").IsZero())
	require.False(t, vipps.NewPerson("", "4790000001").IsZero())
}

// However the description of a customer is broken, the money can still be read.
func TestCustomerOfAPaymentIsReadLeniently(t *testing.T) {
	t.Parallel()
	for details, want := range map[string]vipps.Person{
		`{"firstName":"Kari","lastName":"Nordmann","mobileNumber":"4790000001"}`: vipps.NewPerson("Kari Nordmann", "4790000001"),
		`{"firstName":"Kari","mobileNumber":4790000001}`:                         vipps.NewPerson("Kari", "4790000001"),
		`{"lastName":"Nordmann","mobileNumber":{"number":1}}`:                    vipps.NewPerson("Nordmann", ""),
		`{"firstName":["Kari"],"mobileNumber":"90000001"}`:                       {},
		`null`: {}, `"Kari"`: {}, `[]`: {}, `{}`: {}, `7`: {},
		`{"firstName":null,"lastName":null,"mobileNumber":null}`: {},
	} {
		i := strings.Index(wholePayment, `"userDetails": `) + len(`"userDetails": `)
		j := strings.Index(wholePayment, `"somethingNew"`)
		res := getWith(t, wholePayment[:i]+details+",\n"+wholePayment[j:])
		require.Equal(t, vipps.Done, res.Kind, "%s: %v", details, res.Err)
		require.Equal(t, want, res.Payment.Person, details)
	}
}

func TestPersonsAndCodesNeverPrint(t *testing.T) {
	t.Parallel()
	const name, number, link = "Kari Nordmann", "4790000001", "https://a.example/opens-a-page"
	person := vipps.NewPerson(name, number)
	code := vipps.Code{RedirectCode: vipps.RedirectCode{ID: "taxi-T122", Target: link}, URL: link}
	type inner struct{ p vipps.Person }
	type outer struct {
		In  inner
		Pub vipps.Person
		Pay vipps.Payment
	}
	payment := vipps.Payment{Reference: reference, Person: person, Sub: name, RedirectURL: link}
	for what, v := range map[string]any{
		"person": person, "pointer": &person, "deep": outer{In: inner{person}, Pub: person, Pay: payment},
		"payment": payment, "result": vipps.Result{Payment: payment}, "list": []vipps.Person{person},
		"code": code, "code to be": code.RedirectCode, "codes": []vipps.Code{code},
	} {
		var text bytes.Buffer
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%f", "%c", "%U", "%e", "%o", "%b"} {
			fmt.Fprintf(&text, verb+"\n", v)
			require.Equal(t, "[redacted]", fmt.Sprintf(verb, person))
		}
		slog.New(slog.NewTextHandler(&text, nil)).Info("m", "v", v)
		for _, secret := range []string{name, number, link} {
			for _, spelled := range []string{secret, fmt.Sprintf("%x", secret), fmt.Sprintf("%X", secret)} {
				require.NotContains(t, text.String(), spelled, what)
			}
		}
	}
	var text bytes.Buffer
	slog.New(slog.NewJSONHandler(&text, nil)).Info("m", "person", person, "payment", payment, "code", code)
	raw, err := json.Marshal(map[string]any{"a": person, "b": &person})
	require.NoError(t, err)
	text.Write(raw)
	raw, err = xml.Marshal(person)
	require.NoError(t, err)
	text.Write(raw)
	for _, secret := range []string{name, number, link} {
		require.NotContains(t, text.String(), secret)
	}
	require.Contains(t, text.String(), "taxi-T122")
	require.Contains(t, text.String(), reference)
}
