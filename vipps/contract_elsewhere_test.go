package vipps_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"taxiterminal/money"
	"taxiterminal/vipps"
)

// contractCodes is what the client relies on in the QR API. It destroys what it
// makes.
func contractCodes(t *testing.T, tg target) {
	ctx, id := t.Context(), tg.prefix+"-code"
	t.Run("a printed code is made once, read, led elsewhere and destroyed", func(t *testing.T) {
		first := vipps.RedirectCode{ID: id, Target: "https://example.com/first"}
		code, res := tg.client.CreateCode(ctx, first, vipps.CodeSVG)
		require.Equal(t, vipps.Done, res.Kind, "%v", res.Err)
		require.Contains(t, code.URL, "http")
		picture, res := tg.client.DownloadCode(ctx, code.URL)
		require.Equal(t, vipps.Done, res.Kind, "%v", res.Err)
		require.Contains(t, string(picture), "<svg")

		_, res = tg.client.CreateCode(ctx, first, vipps.CodeSVG)
		require.Equal(t, vipps.Rejected, res.Kind)
		require.Equal(t, vipps.ClassConflict, res.Err.Class, "%v", res.Err)

		before, res := tg.client.Code(ctx, id, vipps.CodeText)
		require.Equal(t, vipps.Done, res.Kind, "%v", res.Err)
		require.Equal(t, first, before.RedirectCode)
		moved := vipps.RedirectCode{ID: id, Target: "https://example.com/second"}
		after, res := tg.client.RetargetCode(ctx, moved, vipps.CodeText)
		require.Equal(t, vipps.Done, res.Kind, "%v", res.Err)
		require.Equal(t, before.URL, after.URL, "what is printed stays as it is")
		list, res := tg.client.Codes(ctx, vipps.CodeText)
		require.Equal(t, vipps.Done, res.Kind, "%v", res.Err)
		require.NotEmpty(t, list)

		require.Equal(t, vipps.Done, tg.client.DestroyCode(ctx, id).Kind)
		_, res = tg.client.Code(ctx, id, vipps.CodeText)
		require.Equal(t, vipps.Rejected, res.Kind)
		require.Equal(t, vipps.ClassNotFound, res.Err.Class, "%v", res.Err)
	})
}

// contractCustomer is what it relies on once somebody has approved: what they share,
// and the receipt after the fact. There is no Order Management in the provider's
// test environment; om says whether there is any.
func contractCustomer(t *testing.T, tg target, om bool) {
	ctx, ref := t.Context(), tg.prefix+"-shared"
	amount := money.Of(2300, tg.currency)
	body := encode(t, vipps.CreatePayment{Amount: amount, Reference: ref, Flow: vipps.QR{}, Scope: []vipps.Scope{vipps.ScopeName, vipps.ScopePhoneNumber}})
	require.Equal(t, vipps.Done, tg.client.Create(ctx, ref+"-c", body).Kind)
	tg.approve(t, ref)
	tg.settle()
	res := tg.client.Get(ctx, ref)
	require.Equal(t, vipps.Done, res.Kind, "%v", res.Err)
	require.NotEmpty(t, res.Payment.Sub)

	t.Run("userinfo says what get says", func(t *testing.T) {
		person, got := tg.client.Userinfo(ctx, res.Payment.Sub)
		require.Equal(t, vipps.Done, got.Kind, "%v", got.Err)
		require.NotEmpty(t, person.Name())
		require.NotEmpty(t, person.Phone())
		if !res.Payment.Person.IsZero() {
			require.Equal(t, res.Payment.Person.Phone(), person.Phone())
		}
		_, got = tg.client.Userinfo(ctx, "00000000-0000-4000-8000-000000000000")
		require.Equal(t, vipps.Rejected, got.Kind, "nobody has this sub")
	})
	t.Run("a receipt can be posted, and posted again", func(t *testing.T) {
		receipt, err := vipps.Receipt{Lines: []vipps.Line{{ID: "trip", Name: "Taxi", Total: amount.Value, TaxRate: 1200}}, Number: "1"}.Encode(amount)
		require.NoError(t, err)
		for range 2 {
			posted := tg.client.PostReceipt(ctx, ref, receipt)
			if om {
				require.Equal(t, vipps.Done, posted.Kind, "%v", posted.Err)
			} else {
				require.Equal(t, vipps.ClassNotFound, posted.Err.Class, "%v", posted.Err)
			}
		}
	})
}
