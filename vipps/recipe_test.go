package vipps_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"taxiterminal/money"
	"taxiterminal/vipps"
	"taxiterminal/vipps/vippstest"
)

// A recipe published for "payment request with sharing of telephone number" has
// mistakes in nearly every line, and has been copied. Each is impossible here,
// either because Encode refuses it or because there is no way to say it.

// members decodes what Encode gave.
func members(t *testing.T, p vipps.CreatePayment) map[string]any {
	t.Helper()
	var m map[string]any
	require.NoError(t, json.Unmarshal(encode(t, p), &m))
	return m
}

func refusal(t *testing.T, p vipps.CreatePayment) string {
	t.Helper()
	_, err := p.Encode()
	require.Error(t, err)
	return err.Error()
}

func TestRecipe01TrailingCommas(t *testing.T) {
	t.Parallel()
	require.True(t, json.Valid(encode(t, full())))
}

func TestRecipe02ReferenceAsNumber(t *testing.T) {
	t.Parallel()
	p := plain()
	p.Reference = "248679167965815592292"
	require.Contains(t, refusal(t, p), "reference")
	require.IsType(t, "", members(t, plain())["reference"])
}

func TestRecipe03PushWithoutCustomer(t *testing.T) {
	t.Parallel()
	p := plain()
	p.Flow = vipps.Push{}
	require.Contains(t, refusal(t, p), "customer")
}

func TestRecipe04PushToANumberThatIsAskedFor(t *testing.T) {
	t.Parallel()
	p := plain()
	p.Flow = vipps.Push{Customer: vipps.ByPhoneNumber(phone)}
	p.Scope = []vipps.Scope{vipps.ScopePhoneNumber}
	require.Contains(t, refusal(t, p), "profile.scope")
}

func TestRecipe05TwoLinesOfOneID(t *testing.T) {
	t.Parallel()
	p := full()
	p.Receipt.Lines[1].ID = p.Receipt.Lines[0].ID
	require.Contains(t, refusal(t, p), "receipt.orderLines[1].id")
}

func TestRecipe06TaxOfTheGross(t *testing.T) {
	t.Parallel()
	p := plain()
	p.Amount.Value = 150000
	p.Receipt = &vipps.Receipt{Lines: []vipps.Line{{ID: "trip", Name: "Trip", Total: 150000, TaxRate: 2500}}}
	line := members(t, p)["receipt"].(map[string]any)["orderLines"].([]any)[0].(map[string]any)
	require.EqualValues(t, 120000, line["totalAmountExcludingTax"])
	require.EqualValues(t, 30000, line["totalTaxAmount"])
}

func TestRecipe07TaxPercentage(t *testing.T) {
	t.Parallel()
	require.NotContains(t, string(encode(t, full())), "taxPercentage")
	require.Contains(t, string(encode(t, full())), `"taxRate":1200`)
}

func TestRecipe08ReceiptNumberOutsideBottomLine(t *testing.T) {
	t.Parallel()
	receipt := members(t, full())["receipt"].(map[string]any)
	require.NotContains(t, receipt, "receiptNumber")
	require.Equal(t, "0042", receipt["bottomLine"].(map[string]any)["receiptNumber"])
}

func TestRecipe09ReturnToPlainHTTP(t *testing.T) {
	t.Parallel()
	p := plain()
	p.Flow = vipps.WebRedirect{ReturnURL: "http://example.com/redirect?reference=" + reference}
	require.Contains(t, refusal(t, p), "returnUrl")
}

func TestRecipe10ReturnWithAnotherReference(t *testing.T) {
	t.Parallel()
	p := plain()
	p.Flow = vipps.WebRedirect{ReturnURL: "https://example.com/redirect?reference=T122-20261012-0042-2"}
	require.Contains(t, refusal(t, p), "returnUrl")
}

func TestRecipe11CustomerNotPresent(t *testing.T) {
	t.Parallel()
	require.Equal(t, "CUSTOMER_PRESENT", members(t, plain())["customerInteraction"])
}

// Recipe 12 is a printed code that points at one bill. This package prints no
// codes: the code of a QR flow is new for each payment and dies with it.
func TestRecipe12CodeThatCanBeGuessed(t *testing.T) {
	t.Parallel()
	sim := newSim(t, vippstest.Options{})
	client := newClient(t, sim)
	p := plain()
	first := client.Create(t.Context(), "key-1", encode(t, p))
	p.Reference += "0"
	second := client.Create(t.Context(), "key-2", encode(t, p))
	require.NotContains(t, first.Payment.RedirectURL, reference)
	require.NotEqual(t, first.Payment.RedirectURL, second.Payment.RedirectURL)
}

// Recipe 13 keeps phone numbers for later. A number prints nowhere, and is known
// only while its bytes are kept by the caller; see also TestNothingPrivateIsLogged.
func TestRecipe13NumberThatStays(t *testing.T) {
	t.Parallel()
	require.NotContains(t, fmt.Sprintf("%+v", vipps.ByPhoneNumber(phone)), phone)
}

func TestRecipe14WriteWithoutKey(t *testing.T) {
	t.Parallel()
	sim := newSim(t, vippstest.Options{})
	res := newClient(t, sim).Create(t.Context(), "", encode(t, plain()))
	require.Equal(t, vipps.Rejected, res.Kind)
	require.Zero(t, res.Err.Status)
	require.Zero(t, sim.Calls(vippstest.OpCreate, reference).Seen)
}

func TestRecipeSiblings(t *testing.T) {
	t.Parallel()
	t.Run("the phone number is a text", func(t *testing.T) {
		t.Parallel()
		p := plain()
		p.Flow = vipps.Push{Customer: vipps.ByPhoneNumber(phone)}
		require.Equal(t, phone, members(t, p)["customer"].(map[string]any)["phoneNumber"])
	})
	t.Run("the token is called customerToken", func(t *testing.T) {
		t.Parallel()
		p := plain()
		p.Flow = vipps.Push{Customer: vipps.ByToken("abc")}
		require.Equal(t, map[string]any{"customerToken": "abc"}, members(t, p)["customer"])
	})
	t.Run("lines of another sum", func(t *testing.T) {
		t.Parallel()
		p := plain()
		p.Amount = money.Of(10000, money.NOK)
		p.Receipt = &vipps.Receipt{Lines: []vipps.Line{{ID: "trip", Name: "Trip", Total: 100000, TaxRate: 1200}, {ID: "tip", Name: "Tip", Total: 10000}}}
		require.Contains(t, refusal(t, p), "add up")
	})
	t.Run("a cancel says nothing of amounts", func(t *testing.T) {
		t.Parallel()
		var m map[string]any
		require.NoError(t, json.Unmarshal(encode(t, vipps.Cancellation{TransactionOnly: true}), &m))
		require.Equal(t, map[string]any{"cancelTransactionOnly": true}, m)
	})
}
