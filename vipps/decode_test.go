package vipps_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/money"
	"taxiterminal/vipps"
)

// wholePayment is a get with members that nobody knows yet.
const wholePayment = `{
	"aggregate": {
		"authorizedAmount": {"currency": "NOK", "value": 28650},
		"cancelledAmount": {"currency": "NOK", "value": 650},
		"capturedAmount": {"currency": "NOK", "value": 27000},
		"refundedAmount": {"currency": "NOK", "value": 1000, "reason": "x"}
	},
	"amount": {"currency": "NOK", "value": 28650},
	"state": "AUTHORIZED",
	"paymentMethod": {"type": "WALLET", "cardBin": "540185"},
	"profile": {"sub": "c06c4afe-d9e1-4c5d-939a-177d752a0944"},
	"pspReference": "37c34d8c-2649-448e-864b-060d5d93e4c4",
	"reference": "T122-20261012-0042-1",
	"redirectUrl": "https://qr.vipps.no/o/abc",
	"metadata": {"vehicle": "T122"},
	"captureGuaranteedUntil": "2026-10-19T07:00:00.1234567+02:00",
	"userDetails": {"firstName": "Kari", "lastName": "Nordmann", "mobileNumber": "4790000001", "email": "kari@example.com", "addresses": [{}]},
	"somethingNew": [1, {"a": null}]
}`

func getWith(t *testing.T, body string) vipps.Result {
	t.Helper()
	cfg := simConfig("http://127.0.0.1")
	cfg.Transport = canned(200, nil, body)
	client, err := vipps.New(cfg)
	require.NoError(t, err)
	return client.Get(t.Context(), reference)
}

func TestReadPayment(t *testing.T) {
	t.Parallel()
	res := getWith(t, wholePayment)
	require.Equal(t, vipps.Done, res.Kind, "%v", res.Err)
	require.Nil(t, res.Err)
	require.Equal(t, vipps.Payment{
		Reference: reference, State: vipps.Authorized, Currency: money.NOK,
		Amount: 28650, Authorized: 28650, Captured: 27000, Cancelled: 650, Refunded: 1000,
		PSPReference: "37c34d8c-2649-448e-864b-060d5d93e4c4", RedirectURL: "https://qr.vipps.no/o/abc",
		Sub: "c06c4afe-d9e1-4c5d-939a-177d752a0944", Metadata: map[string]string{"vehicle": "T122"},
		Person:                 vipps.NewPerson("Kari Nordmann", "4790000001"),
		CaptureGuaranteedUntil: time.Date(2026, 10, 19, 5, 0, 0, 123456700, time.UTC),
	}, res.Payment)
	require.Equal(t, money.Minor(1000), res.Payment.Reserved())
}

func TestReadPaymentIsLenientAndStrictInTheRightPlaces(t *testing.T) {
	t.Parallel()
	const captured = `"capturedAmount": {"currency": "NOK", "value": 27000}`
	for name, c := range map[string]struct {
		from, to string
		kind     vipps.Kind
	}{
		"a state of next year":     {`"AUTHORIZED"`, `"PARKED_BY_BANK"`, vipps.Done},
		"no state":                 {`"AUTHORIZED"`, `""`, vipps.Retry},
		"state null":               {`"AUTHORIZED"`, `null`, vipps.Retry},
		"profile null":             {`{"sub": "c06c4afe-d9e1-4c5d-939a-177d752a0944"}`, `null`, vipps.Done},
		"profile of another shape": {`{"sub": "c06c4afe-d9e1-4c5d-939a-177d752a0944"}`, `"x"`, vipps.Done},
		"metadata null":            {`{"vehicle": "T122"}`, `null`, vipps.Done},
		"metadata of numbers":      {`{"vehicle": "T122"}`, `{"vehicle": 122}`, vipps.Done},
		"time with 3 digits":       {`07:00:00.1234567+02:00`, `05:00:00.123Z`, vipps.Done},
		"time without zone":        {`07:00:00.1234567+02:00`, `05:00:00.123`, vipps.Done},
		"time unreadable":          {`2026-10-19T07:00:00.1234567+02:00`, `next Monday`, vipps.Done},
		"time as number":           {`"2026-10-19T07:00:00.1234567+02:00"`, `1790000000`, vipps.Done},
		"amount with a fraction":   {`"value": 27000`, `"value": 27000.5`, vipps.Retry},
		"amount with .0":           {`"value": 27000`, `"value": 27000.0`, vipps.Retry},
		"amount with exponent":     {`"value": 27000`, `"value": 27e3`, vipps.Retry},
		"amount as text":           {`"value": 27000`, `"value": "27000"`, vipps.Retry},
		"amount null":              {`"value": 27000`, `"value": null`, vipps.Retry},
		"amount beyond 64 bits":    {`"value": 27000`, `"value": 9223372036854775808`, vipps.Retry},
		"negative amount":          {`"value": 27000`, `"value": -27000`, vipps.Retry},
		"captured missing":         {captured, `"x": 1`, vipps.Retry},
		"captured null":            {captured, `"capturedAmount": null`, vipps.Retry},
		"captured in euro":         {captured, strings.Replace(captured, "NOK", "EUR", 1), vipps.Retry},
		"captured in nothing":      {captured, strings.Replace(captured, "NOK", "", 1), vipps.Retry},
		"aggregate missing":        {`"aggregate"`, `"aggregated"`, vipps.Retry},
		"asked missing":            {`"amount"`, `"amounts"`, vipps.Retry},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, wholePayment, c.from)
			res := getWith(t, strings.Replace(wholePayment, c.from, c.to, 1))
			require.Equal(t, c.kind, res.Kind, "%v", res.Err)
			if c.kind == vipps.Done {
				require.Equal(t, money.Minor(27000), res.Payment.Captured)
			} else {
				require.Equal(t, vipps.ClassGarbled, res.Err.Class)
				require.Zero(t, res.Payment)
			}
		})
	}
	require.Equal(t, vipps.State("PARKED_BY_BANK"), getWith(t, strings.Replace(wholePayment, "AUTHORIZED", "PARKED_BY_BANK", 1)).Payment.State)
	for _, s := range []vipps.State{vipps.Aborted, vipps.Expired, vipps.Terminated} {
		require.True(t, s.Ended(), s)
	}
	for _, s := range []vipps.State{vipps.Created, vipps.Authorized, "PARKED_BY_BANK"} {
		require.False(t, s.Ended(), s)
	}
}

func TestReadEvents(t *testing.T) {
	t.Parallel()
	const one = `{"reference":"T122-20261012-0042-1","pspReference":"p1","name":"CAPTURED","amount":{"currency":"NOK","value":27000},` +
		`"timestamp":"2026-10-12T07:00:00.123Z","idempotencyKey":"k1","success":true,"new":1}`
	events := func(body string) ([]vipps.PaymentEvent, vipps.Result) {
		cfg := simConfig("http://127.0.0.1")
		cfg.Transport = canned(200, nil, body)
		client, err := vipps.New(cfg)
		require.NoError(t, err)
		return client.Events(t.Context(), reference)
	}
	list, res := events("[" + one + "," + strings.NewReplacer(`"k1"`, "null", "true", "false", "CAPTURED", "SETTLED").Replace(one) + "]")
	require.Equal(t, vipps.Done, res.Kind, "%v", res.Err)
	at := time.Date(2026, 10, 12, 7, 0, 0, 123000000, time.UTC)
	require.Equal(t, []vipps.PaymentEvent{
		{Reference: reference, PSPReference: "p1", Name: "CAPTURED", Amount: money.Of(27000, money.NOK), Time: at, IdempotencyKey: "k1", Success: true},
		{Reference: reference, PSPReference: "p1", Name: "SETTLED", Amount: money.Of(27000, money.NOK), Time: at},
	}, list)

	list, res = events("[]")
	require.Equal(t, vipps.Done, res.Kind)
	require.Empty(t, list)

	for name, r := range map[string]*strings.Replacer{
		"another reference": strings.NewReplacer("T122", "T999"),
		"no name":           strings.NewReplacer("CAPTURED", ""),
		"no success":        strings.NewReplacer(`"success"`, `"ok"`),
		"no amount":         strings.NewReplacer(`"amount"`, `"sum"`),
		"fraction":          strings.NewReplacer("27000", "27000.01"),
	} {
		list, res = events("[" + one + "," + r.Replace(one) + "]")
		require.Equal(t, vipps.Retry, res.Kind, name)
		require.Equal(t, vipps.ClassGarbled, res.Err.Class, name)
		require.Nil(t, list, name)
	}
}
