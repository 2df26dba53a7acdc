package vipps_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"taxiterminal/money"
	"taxiterminal/vipps"
	"taxiterminal/vipps/vippstest"
)

// tripReceipt fits the fare of all tests.
func tripReceipt() vipps.Receipt {
	return vipps.Receipt{
		Lines: []vipps.Line{
			{ID: "trip", Name: "Taxi trip", Total: 25650, TaxRate: 1200, Unit: &vipps.Unit{Price: 1800, Quantity: "14.25", Kind: vipps.Kilometres}},
			{ID: "tip", Name: "Tip", Total: 3000},
		},
		PosID: "T122", Number: "0042",
	}
}

func receiptBody(t testing.TB) []byte {
	t.Helper()
	body, err := tripReceipt().Encode(money.Of(fare, money.NOK))
	require.NoError(t, err)
	return body
}

func TestReceiptHasThePublishedShape(t *testing.T) {
	t.Parallel()
	require.JSONEq(t, `{
		"orderLines": [
			{"name": "Taxi trip", "id": "trip", "totalAmount": 25650, "totalAmountExcludingTax": 22902, "totalTaxAmount": 2748, "taxRate": 1200,
			 "unitInfo": {"unitPrice": 1800, "quantity": "14.25", "quantityUnit": "KM"}},
			{"name": "Tip", "id": "tip", "totalAmount": 3000, "totalAmountExcludingTax": 3000, "totalTaxAmount": 0, "taxRate": 0}],
		"bottomLine": {"currency": "NOK", "posId": "T122", "receiptNumber": "0042"}}`, string(receiptBody(t)))

	// It is the member receipt of a create, to the byte.
	p := plain()
	p.Receipt = new(tripReceipt())
	var whole struct{ Receipt json.RawMessage }
	require.NoError(t, json.Unmarshal(encode(t, p), &whole))
	require.Equal(t, string(whole.Receipt), string(receiptBody(t)))
}

func TestReceiptKnowsItsLimits(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		amount money.Amount
		change func(*vipps.Receipt)
		field  string
	}{
		"another sum":      {money.Of(fare+1, money.NOK), func(*vipps.Receipt) {}, "receipt.orderLines"},
		"unknown currency": {money.Of(fare, "SEK"), func(*vipps.Receipt) {}, "receipt.bottomLine.currency"},
		"nothing":          {money.Of(0, money.NOK), func(r *vipps.Receipt) { r.Lines = r.Lines[:0] }, "amount"},
		"too much":         {money.Of(65_000_001, money.NOK), func(r *vipps.Receipt) {}, "amount"},
		"two of one id":    {money.Of(fare, money.NOK), func(r *vipps.Receipt) { r.Lines[1].ID = "trip" }, "receipt.orderLines[1].id"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := tripReceipt()
			c.change(&r)
			_, err := r.Encode(c.amount)
			var invalid *vipps.InvalidError
			require.ErrorAs(t, err, &invalid)
			require.Equal(t, "receipt", invalid.What)
			fields := []string{}
			for _, p := range invalid.Problems {
				fields = append(fields, p.Field)
			}
			require.Contains(t, fields, c.field)
		})
	}
}

// A receipt is posted once, however often it is sent, and never changes.
func TestReceiptIsThereOnce(t *testing.T) {
	t.Parallel()
	sim := newSim(t, vippstest.Options{})
	client := newClient(t, sim)
	approved(t, sim, client)
	require.Equal(t, vipps.Done, client.Capture(t.Context(), reference, "key-capture", encode(t, nok(fare))).Kind)
	p, _ := sim.Payment(reference)
	require.Nil(t, p.Receipt)

	other, err := vipps.Receipt{Lines: []vipps.Line{{ID: "x", Name: "Another", Total: fare}}}.Encode(money.Of(fare, money.NOK))
	require.NoError(t, err)
	for _, body := range [][]byte{receiptBody(t), receiptBody(t), other} {
		res := client.PostReceipt(t.Context(), reference, body)
		require.Equal(t, vipps.Done, res.Kind, "%v", res.Err)
		require.Nil(t, res.Err)
	}
	p, _ = sim.Payment(reference)
	require.True(t, p.ReceiptShown)
	require.Equal(t, &vippstest.Receipt{
		Lines: []vippstest.ReceiptLine{
			{ID: "trip", Name: "Taxi trip", Total: 25650, Net: 22902, Tax: 2748, TaxRate: 1200},
			{ID: "tip", Name: "Tip", Total: 3000, Net: 3000},
		},
		Sum: fare, Number: "0042", PosID: "T122", Posted: 3,
	}, p.Receipt)
	require.Equal(t, vippstest.Calls{Seen: 3, Executed: 1, Refused: 2}, p.Calls[vippstest.OpReceipt])
}

func TestReceiptOfACreateStays(t *testing.T) {
	t.Parallel()
	sim := newSim(t, vippstest.Options{})
	client := newClient(t, sim)
	p := plain()
	p.Receipt = new(tripReceipt())
	require.Equal(t, vipps.Done, client.Create(t.Context(), "key", encode(t, p)).Kind)
	require.Equal(t, vipps.Done, client.PostReceipt(t.Context(), reference, receiptBody(t)).Kind)
	info, _ := sim.Payment(reference)
	require.Equal(t, 1, info.Receipt.Posted)
	require.Zero(t, info.Calls[vippstest.OpReceipt].Executed)
}

func TestReceiptsThatAreRefused(t *testing.T) {
	t.Parallel()
	t.Run("no Order Management", func(t *testing.T) {
		t.Parallel()
		sim := newSim(t, vippstest.Options{NoOrderManagement: true})
		client := newClient(t, sim)
		approved(t, sim, client)
		res := client.PostReceipt(t.Context(), reference, receiptBody(t))
		require.Equal(t, vipps.Rejected, res.Kind)
		require.Equal(t, vipps.ClassNotFound, res.Err.Class)
		require.Contains(t, res.Err.Hint, "test environment")
	})
	t.Run("no such payment", func(t *testing.T) {
		t.Parallel()
		res := newClient(t, newSim(t, vippstest.Options{})).PostReceipt(t.Context(), reference, receiptBody(t))
		require.Equal(t, vipps.ClassNotFound, res.Err.Class)
	})
	t.Run("against the schema", func(t *testing.T) {
		t.Parallel()
		sim := newSim(t, vippstest.Options{})
		client := newClient(t, sim)
		approved(t, sim, client)
		for _, body := range []string{`{}`, `{"orderLines":[],"bottomLine":{"currency":"NOK"}}`, `{"receiptNumber":"1"}`} {
			res := client.PostReceipt(t.Context(), reference, []byte(body))
			require.Equal(t, vipps.Rejected, res.Kind)
			require.Equal(t, vipps.ClassInvalid, res.Err.Class)
			require.NotEmpty(t, res.Err.Detail, "invalidParams say what")
			require.NotEmpty(t, res.Err.TraceID)
		}
	})
	t.Run("not sent", func(t *testing.T) {
		t.Parallel()
		sim := newSim(t, vippstest.Options{})
		client := newClient(t, sim)
		for _, res := range []vipps.Result{
			client.PostReceipt(t.Context(), "../x", receiptBody(t)), client.PostReceipt(t.Context(), reference, nil),
			client.PostReceipt(t.Context(), reference, []byte("[]")),
		} {
			require.Equal(t, vipps.Rejected, res.Kind)
			require.Zero(t, res.Err.Status)
		}
		require.Zero(t, sim.Calls(vippstest.OpReceipt, reference).Seen)
	})
	// A conflict that somebody else made up is not an answer of the API.
	t.Run("a page with 409", func(t *testing.T) {
		t.Parallel()
		cfg := simConfig("http://127.0.0.1")
		cfg.Transport = canned(409, nil, "<!DOCTYPE html>")
		client, err := vipps.New(cfg)
		require.NoError(t, err)
		require.Equal(t, vipps.Unknown, client.PostReceipt(t.Context(), reference, receiptBody(t)).Kind)
	})
}

func TestWhateverReceiptEncodesTheAPITakesAndShows(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		sim := vippstest.New(vippstest.Options{})
		defer sim.Close()
		client := newClient(t, sim)
		p := plain()
		require.Equal(rt, vipps.Done, client.Create(t.Context(), "key", encode(t, p)).Kind)
		body, err := drawReceipt(rt, fare).Encode(money.Of(fare, money.NOK))
		if err != nil {
			return
		}
		res := client.PostReceipt(t.Context(), reference, body)
		require.Equal(rt, vipps.Done, res.Kind, "%v", res.Err)
		info, _ := sim.Payment(reference)
		require.True(rt, info.ReceiptShown)
		require.Equal(rt, fare, info.Receipt.Sum)
	})
}
