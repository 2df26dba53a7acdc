package vipps_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"testing"
	"text/tabwriter"

	"github.com/stretchr/testify/require"

	"taxiterminal/money"
	"taxiterminal/vipps"
	"taxiterminal/vipps/vippstest"
)

// A recipe published for "payment request with sharing of telephone number" has
// mistakes in nearly every line, and has been copied. Each is impossible here,
// either because Encode refuses it or because there is no way to say it. What the
// recipe wanted to be is testdata/sharing.json.
//
//	go test -run Recipe -v ./vipps            the whole table
//	go test -run Recipe ./vipps -update       write the body anew

var update = flag.Bool("update", false, "rewrite the golden files")

// mistake is one of the recipe's, with what comes of it here.
type mistake struct {
	name string
	here func(t *testing.T) string
}

// corrected is the recipe as it should have been: the page that a passenger opens on
// their own phone, asked to share a number that nobody knows yet.
func corrected() vipps.CreatePayment {
	return vipps.CreatePayment{
		Amount:      money.Of(150000, money.NOK),
		Reference:   reference,
		Flow:        vipps.WebRedirect{ReturnURL: "https://taxi.example/paid?reference=" + reference},
		Description: "Taxi T122, trip 0042",
		Scope:       []vipps.Scope{vipps.ScopeName, vipps.ScopePhoneNumber},
		Receipt: &vipps.Receipt{
			Lines: []vipps.Line{
				{ID: "trip", Name: "Taxi trip", Total: 112500, TaxRate: 1200, Unit: &vipps.Unit{Price: 2500, Quantity: "45", Kind: vipps.Kilometres}},
				{ID: "waiting", Name: "Waiting", Total: 37500, TaxRate: 1200},
			},
			PosID: "T122", Number: "0042",
		},
	}
}

// refusal is what Encode says to the corrected recipe with one thing changed.
func refusal(t *testing.T, field string, change func(*vipps.CreatePayment)) string {
	t.Helper()
	p := corrected()
	change(&p)
	_, err := p.Encode()
	var invalid *vipps.InvalidError
	require.ErrorAs(t, err, &invalid)
	for _, problem := range invalid.Problems {
		if problem.Field == field {
			return "refused: " + problem.Field + ": " + problem.Fix
		}
	}
	t.Fatalf("%s is not among the problems of %v", field, err)
	return ""
}

// members decodes what Encode gave.
func members(t *testing.T, v interface{ Encode() ([]byte, error) }) map[string]any {
	t.Helper()
	var m map[string]any
	require.NoError(t, json.Unmarshal(encode(t, v), &m))
	return m
}

// line is one order line of a body.
func line(t *testing.T, p vipps.CreatePayment, i int) map[string]any {
	t.Helper()
	return members(t, p)["receipt"].(map[string]any)["orderLines"].([]any)[i].(map[string]any)
}

// taxed gives net and tax of a single line.
func taxed(t *testing.T, total money.Minor, rate int) string {
	t.Helper()
	p := corrected()
	p.Amount.Value = total
	p.Receipt.Lines = []vipps.Line{{ID: "trip", Name: "Trip", Total: total, TaxRate: rate}}
	l := line(t, p, 0)
	return fmt.Sprintf("%.0f + %.0f", l["totalAmountExcludingTax"], l["totalTaxAmount"])
}

var mistakes = []mistake{
	{"trailing commas, so no JSON at all", func(t *testing.T) string {
		require.True(t, json.Valid(encode(t, corrected())))
		return "cannot be said: bodies come from encoding/json"
	}},
	{"reference is a number, longer than a float can hold", func(t *testing.T) string {
		require.IsType(t, "", members(t, corrected())["reference"])
		return refusal(t, "reference", func(p *vipps.CreatePayment) { p.Reference = "248679167965815592292" })
	}},
	{"PUSH_MESSAGE to nobody", func(t *testing.T) string {
		return refusal(t, "customer", func(p *vipps.CreatePayment) { p.Flow = vipps.Push{} })
	}},
	{"PUSH_MESSAGE to a number that it asks for", func(t *testing.T) string {
		return refusal(t, "profile.scope", func(p *vipps.CreatePayment) { p.Flow = vipps.Push{Customer: vipps.ByPhoneNumber(phone)} })
	}},
	{"two order lines of one id", func(t *testing.T) string {
		return refusal(t, "receipt.orderLines[1].id", func(p *vipps.CreatePayment) { p.Receipt.Lines[1].ID = "trip" })
	}},
	{"25 % taken of the gross: 112500 + 37500", func(t *testing.T) string {
		require.Equal(t, "120000 + 30000", taxed(t, 150000, 2500))
		require.Equal(t, "133929 + 16071", taxed(t, 150000, 1200))
		return "cannot be said: net and tax are computed, 120000 + 30000 at 25 %, 133929 + 16071 at 12 %"
	}},
	{"taxPercentage, which is deprecated", func(t *testing.T) string {
		require.NotContains(t, string(encode(t, corrected())), "taxPercentage")
		require.EqualValues(t, 1200, line(t, corrected(), 0)["taxRate"])
		return "cannot be said: taxRate in hundredths of a percent"
	}},
	{"receiptNumber beside bottomLine", func(t *testing.T) string {
		receipt := members(t, corrected())["receipt"].(map[string]any)
		require.NotContains(t, receipt, "receiptNumber")
		require.Equal(t, "0042", receipt["bottomLine"].(map[string]any)["receiptNumber"])
		return "cannot be said: Receipt.Number goes into bottomLine"
	}},
	{"returnUrl over plain http", func(t *testing.T) string {
		return refusal(t, "returnUrl", func(p *vipps.CreatePayment) {
			p.Flow = vipps.WebRedirect{ReturnURL: "http://taxi.example/paid?reference=" + reference}
		})
	}},
	{"returnUrl with the reference of another payment", func(t *testing.T) string {
		return refusal(t, "returnUrl", func(p *vipps.CreatePayment) {
			p.Flow = vipps.WebRedirect{ReturnURL: "https://taxi.example/paid?reference=T122-20261012-0042-2"}
		})
	}},
	{"no customerInteraction, so the customer is not there", func(t *testing.T) string {
		require.Equal(t, "CUSTOMER_PRESENT", members(t, corrected())["customerInteraction"])
		return "cannot be said: always CUSTOMER_PRESENT"
	}},
	{"a code that leads to one bill and can be guessed", func(t *testing.T) string {
		sim := newSim(t, vippstest.Options{})
		client := newClient(t, sim)
		p := plain()
		first := client.Create(t.Context(), "key-1", encode(t, p))
		p.Reference += "0"
		next := client.Create(t.Context(), "key-2", encode(t, p))
		require.NotContains(t, first.Payment.RedirectURL, reference)
		require.NotEqual(t, first.Payment.RedirectURL, next.Payment.RedirectURL)
		return "the code of a payment is made for it alone and dies with it; printed ones lead to the car"
	}},
	{"keep the number for next time", func(t *testing.T) string {
		person := vipps.NewPerson("Kari Nordmann", phone)
		require.NotContains(t, fmt.Sprintf("%+v %+v", vipps.ByPhoneNumber(phone), person), phone)
		return "a Person and a Customer print nothing and are in memory only; the API stops telling after 168 hours"
	}},
	{"no Idempotency-Key", func(t *testing.T) string {
		sim := newSim(t, vippstest.Options{})
		res := newClient(t, sim).Create(t.Context(), "", encode(t, corrected()))
		require.Equal(t, vipps.Rejected, res.Kind)
		require.Zero(t, sim.Calls(vippstest.OpCreate, reference).Seen)
		return "not sent: " + res.Err.Err.Error()
	}},
}

// siblings are mistakes of the same hand in the recipes next to it.
var siblings = []mistake{
	{"phoneNumber is a number", func(t *testing.T) string {
		p := plain()
		p.Flow = vipps.Push{Customer: vipps.ByPhoneNumber(phone)}
		require.Equal(t, phone, members(t, p)["customer"].(map[string]any)["phoneNumber"])
		return "cannot be said: a text of digits"
	}},
	{"customer.token", func(t *testing.T) string {
		p := plain()
		p.Flow = vipps.Push{Customer: vipps.ByToken("abc")}
		require.Equal(t, map[string]any{"customerToken": "abc"}, members(t, p)["customer"])
		return "cannot be said: customerToken"
	}},
	{"amount 10000 with a line of 100000 and a tip of 10000", func(t *testing.T) string {
		return refusal(t, "receipt.orderLines", func(p *vipps.CreatePayment) {
			p.Amount.Value = 10000
			p.Receipt.Lines = []vipps.Line{{ID: "trip", Name: "Trip", Total: 100000, TaxRate: 1200}, {ID: "tip", Name: "Tip", Total: 10000}}
		})
	}},
	{"22425 + 7475 on 29900 at 25 %", func(t *testing.T) string {
		require.Equal(t, "23920 + 5980", taxed(t, 29900, 2500))
		return "cannot be said: 23920 + 5980"
	}},
	{"14925 + 2975, which is 17900, on 19900 at 25 %", func(t *testing.T) string {
		require.Equal(t, "15920 + 3980", taxed(t, 19900, 2500))
		return "cannot be said: 15920 + 3980"
	}},
	{"order type eCom, order id of something else than the payment", func(t *testing.T) string {
		cfg := simConfig("http://127.0.0.1")
		var path string
		cfg.Transport = transportFunc(func(r *http.Request) (*http.Response, error) {
			path = r.URL.Path
			return canned(201, nil, "").RoundTrip(r)
		})
		client, err := vipps.New(cfg)
		require.NoError(t, err)
		require.Equal(t, vipps.Done, client.PostReceipt(t.Context(), reference, receiptBody(t)).Kind)
		require.Equal(t, "/order-management/v2/ECOM/receipts/"+reference, path)
		return "cannot be said: ECOM and the payment's reference"
	}},
	{"a cancel with an aggregate in it", func(t *testing.T) string {
		require.Equal(t, map[string]any{"cancelTransactionOnly": true}, members(t, vipps.Cancellation{TransactionOnly: true}))
		return "cannot be said: cancelTransactionOnly and nothing else"
	}},
}

// TestRecipe goes through all of them and prints what it found.
func TestRecipe(t *testing.T) {
	t.Parallel()
	var table bytes.Buffer
	w := tabwriter.NewWriter(&table, 0, 8, 2, ' ', 0)
	for i, m := range mistakes {
		t.Run(fmt.Sprintf("%02d %s", i+1, m.name), func(t *testing.T) { fmt.Fprintf(w, "%d\t%s\t%s\n", i+1, m.name, m.here(t)) })
	}
	for i, m := range siblings {
		t.Run(m.name, func(t *testing.T) { fmt.Fprintf(w, "%c\t%s\t%s\n", 'a'+i, m.name, m.here(t)) })
	}
	require.NoError(t, w.Flush())
	require.Len(t, mistakes, 14)

	var body bytes.Buffer
	require.NoError(t, json.Indent(&body, encode(t, corrected()), "", "  "))
	body.WriteByte('\n')
	const golden = "testdata/sharing.json"
	if *update {
		require.NoError(t, os.WriteFile(golden, body.Bytes(), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), body.String())
	t.Logf("mistakes of the recipe, and what comes of each here:\n%s\nthe whole body as it should be:\n%s", &table, &body)
}

// The corrected recipe does what the published one was for: the passenger pays and
// shares, or does neither.
func TestRecipeWorks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		act   vippstest.Action
		state vipps.State
		whom  vipps.Person
	}{{vippstest.Approve, vipps.Authorized, kari}, {vippstest.RefuseSharing, vipps.Aborted, vipps.Person{}}} {
		t.Run(string(c.act), func(t *testing.T) {
			t.Parallel()
			sim := newSim(t, vippstest.Options{})
			client := newClient(t, sim)
			res := client.Create(t.Context(), "key", encode(t, corrected()))
			require.Equal(t, vipps.Done, res.Kind, "%v", res.Err)
			bill, err := sim.Scan(res.Payment.RedirectURL)
			require.NoError(t, err)
			require.Equal(t, []string{"name", "phoneNumber"}, bill.Asks)
			require.NoError(t, sim.Act(reference, c.act, 0))
			got := client.Get(t.Context(), reference).Payment
			require.Equal(t, c.state, got.State)
			require.Equal(t, c.whom, got.Person)
			info, _ := sim.Payment(reference)
			require.True(t, info.ReceiptShown)
		})
	}
}
