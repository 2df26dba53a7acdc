package vippstest

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/money"
)

// Every domain code that a terminal can run into is given by the rule it stands
// for, not only by a planned fault.
func TestDomainCodes(t *testing.T) {
	t.Parallel()
	day := 24 * time.Hour
	pairs := func(n, key, value int) string {
		var list []string
		for i := range n {
			list = append(list, fmt.Sprintf(`"%d%s":"%s"`, i, strings.Repeat("k", key-1), strings.Repeat("v", value)))
		}
		return "{" + strings.Join(list, ",") + "}"
	}
	create := func(change map[string]string) func(*terminal) got {
		return func(tm *terminal) got { return tm.post("", "c", createBody(change)) }
	}
	push := func(customer string) func(*terminal) got {
		return create(map[string]string{"userFlow": `"PUSH_MESSAGE"`, "qrFormat": "", "customer": customer})
	}
	longLiving := func(ahead time.Duration) map[string]string {
		return map[string]string{
			"expiresAt": `"` + time.Now().Add(ahead).Format(time.RFC3339) + `"`,
			"receipt":   `{"orderLines":[{"name":"a","id":"a","totalAmount":28650,"totalAmountExcludingTax":28650,"totalTaxAmount":0,"taxRate":0}],"bottomLine":{"currency":"NOK"}}`,
		}
	}
	without := func(m map[string]string, name string) map[string]string { m[name] = ""; return m }

	for name, c := range map[string]struct {
		code   string
		status int
		opt    Options
		state  func(*testing.T, Options) *terminal
		call   func(*terminal) got
	}{
		"key again with another capture": {"4010", 409, Options{}, approved, func(tm *terminal) got {
			tm.post("/"+ref+"/capture", "k", amountBody(100))
			return tm.post("/"+ref+"/capture", "k", amountBody(200))
		}},
		"key again with another create": {"4020", 409, Options{}, created, create(map[string]string{"reference": `"T122-0043"`})},
		"key again with another cancel": {"4020", 409, Options{}, created, func(tm *terminal) got {
			tm.post("/"+ref+"/cancel", "k", `{"cancelTransactionOnly":true}`)
			return tm.post("/"+ref+"/cancel", "k", `{}`)
		}},
		"key again with another refund": {"4150", 409, Options{}, approved, func(tm *terminal) got {
			tm.post("/"+ref+"/refund", "k", amountBody(100))
			return tm.post("/"+ref+"/refund", "k", amountBody(200))
		}},
		"reference again":              {"4150", 409, Options{}, created, func(tm *terminal) got { return tm.post("", "other", createBody(nil)) }},
		"fraction":                     {"4040", 400, Options{}, newTerminal, create(map[string]string{"amount": `{"currency":"NOK","value":286.5}`})},
		"negative":                     {"4040", 400, Options{}, newTerminal, create(map[string]string{"amount": `{"currency":"NOK","value":-1}`})},
		"too large":                    {"4040", 400, Options{}, newTerminal, create(map[string]string{"amount": `{"currency":"NOK","value":65000001}`})},
		"capture of nothing":           {"4040", 400, Options{}, approved, func(tm *terminal) got { return tm.post("/"+ref+"/capture", "k", amountBody(0)) }},
		"bad customer token":           {"4050", 400, Options{}, newTerminal, push(`{"customerToken":"nope"}`)},
		"bad personal code":            {"4060", 400, Options{}, newTerminal, push(`{"personalQr":"nope!"}`)},
		"bad phone number":             {"4070", 400, Options{}, newTerminal, push(`{"phoneNumber":"+4791234567"}`)},
		"unknown scope":                {"4080", 400, Options{}, newTerminal, create(map[string]string{"profile": `{"scope":"name shoeSize"}`})},
		"return to plain http":         {"4090", 400, Options{}, newTerminal, create(map[string]string{"userFlow": `"WEB_REDIRECT"`, "qrFormat": "", "returnUrl": `"http://a.example/"`})},
		"six pairs":                    {"4100", 400, Options{}, newTerminal, create(map[string]string{"metadata": pairs(6, 1, 1)})},
		"one pair twice":               {"4110", 400, Options{}, newTerminal, create(map[string]string{"metadata": `{"a":"1","a":"2"}`})},
		"long metadata key":            {"4120", 400, Options{}, newTerminal, create(map[string]string{"metadata": pairs(1, 101, 1)})},
		"long metadata value":          {"4130", 400, Options{}, newTerminal, create(map[string]string{"metadata": pairs(1, 1, 501)})},
		"push to nobody":               {"4140", 400, Options{}, newTerminal, push("")},
		"redirect to nowhere":          {"4140", 400, Options{}, newTerminal, create(map[string]string{"userFlow": `"WEB_REDIRECT"`, "qrFormat": ""})},
		"national id":                  {"5030", 403, Options{}, newTerminal, create(map[string]string{"profile": `{"scope":"nin"}`})},
		"another market's currency":    {"5040", 400, Options{Currency: money.DKK}, newTerminal, create(nil)},
		"long-living":                  {"5050", 403, Options{}, newTerminal, create(longLiving(time.Hour))},
		"push not approved":            {"5080", 403, Options{NoPush: true}, newTerminal, push(`{"phoneNumber":"` + phone + `"}`)},
		"unknown reference":            {"5090", 404, Options{}, newTerminal, func(tm *terminal) got { return tm.get("/" + ref) }},
		"events of unknown reference":  {"5090", 404, Options{}, newTerminal, func(tm *terminal) got { return tm.get("/" + ref + "/events") }},
		"capture of unknown reference": {"5090", 404, Options{}, newTerminal, func(tm *terminal) got { return tm.post("/"+ref+"/capture", "k", amountBody(1)) }},
		"cancel of unknown reference":  {"5090", 404, Options{}, newTerminal, func(tm *terminal) got { return tm.post("/"+ref+"/cancel", "k", "") }},
		"too small":                    {"6010", 400, Options{}, newTerminal, create(map[string]string{"amount": `{"currency":"NOK","value":99}`})},
		"refund before approval":       {"6020", 400, Options{}, created, func(tm *terminal) got { return tm.post("/"+ref+"/refund", "k", amountBody(1)) }},
		"cancel after half a year":     {"6030", 400, Options{}, approved, func(tm *terminal) got { return tm.later(181*day).post("/"+ref+"/cancel", "k", "") }},
		"cancel of captured": {"6040", 400, Options{}, approved, func(tm *terminal) got {
			tm.post("/"+ref+"/capture", "k", amountBody(28650))
			return tm.post("/"+ref+"/cancel", "k", "")
		}},
		"cancel of rejected": {"6050", 400, Options{}, created, func(tm *terminal) got {
			require.NoError(tm.t, tm.sim.Act(ref, Reject, 0))
			return tm.post("/"+ref+"/cancel", "k", "")
		}},
		"cancel came second": {"6060", 400, Options{}, approved, func(tm *terminal) got {
			return tm.post("/"+ref+"/cancel", "k", `{"cancelTransactionOnly":true}`)
		}},
		"capture of released": {"6070", 400, Options{}, approved, func(tm *terminal) got {
			tm.post("/"+ref+"/cancel", "k", "")
			return tm.post("/"+ref+"/capture", "k", amountBody(1))
		}},
		"capture before approval": {"6080", 400, Options{}, created, func(tm *terminal) got { return tm.post("/"+ref+"/capture", "k", amountBody(1)) }},
		"capture of too much":     {"6090", 400, Options{}, approved, func(tm *terminal) got { return tm.post("/"+ref+"/capture", "k", amountBody(28651)) }},
		"capture of more than the rest": {"6090", 400, Options{}, approved, func(tm *terminal) got {
			tm.post("/"+ref+"/capture", "k", amountBody(20000))
			return tm.post("/"+ref+"/capture", "k2", amountBody(8651))
		}},
		"capture after half a year":    {"6100", 400, Options{}, approved, func(tm *terminal) got { return tm.later(181*day).post("/"+ref+"/capture", "k", amountBody(1)) }},
		"expires too late":             {"6110", 400, Options{LongLiving: true}, newTerminal, create(longLiving(61 * day))},
		"expires too soon":             {"6120", 400, Options{LongLiving: true}, newTerminal, create(longLiving(9 * time.Minute))},
		"long-living without receipt":  {"6130", 400, Options{LongLiving: true}, newTerminal, create(without(longLiving(day), "receipt"))},
		"partial capture not possible": {"6140", 400, Options{FullCaptureOnly: true}, approved, func(tm *terminal) got { return tm.post("/"+ref+"/capture", "k", amountBody(1)) }},
		"refund of too much": {"6150", 400, Options{}, approved, func(tm *terminal) got {
			tm.post("/"+ref+"/capture", "k", amountBody(1000))
			return tm.post("/"+ref+"/refund", "k", amountBody(1001))
		}},
		"capture of captured": {"6170", 400, Options{}, approved, func(tm *terminal) got {
			tm.post("/"+ref+"/capture", "k", amountBody(28650))
			return tm.post("/"+ref+"/capture", "k2", amountBody(1))
		}},
		"refund of refunded": {"6180", 400, Options{}, approved, func(tm *terminal) got {
			tm.post("/"+ref+"/capture", "k", amountBody(1000))
			tm.post("/"+ref+"/refund", "k", amountBody(1000))
			return tm.post("/"+ref+"/refund", "k2", amountBody(1))
		}},
		"cancel again": {"6190", 400, Options{}, created, func(tm *terminal) got {
			tm.post("/"+ref+"/cancel", "k", "")
			return tm.post("/"+ref+"/cancel", "k2", "")
		}},
		"release again": {"6190", 400, Options{}, approved, func(tm *terminal) got {
			tm.post("/"+ref+"/cancel", "k", "")
			return tm.post("/"+ref+"/cancel", "k2", "")
		}},
		"capture of expired":     {"6200", 400, Options{}, created, func(tm *terminal) got { return tm.later(11*time.Minute).post("/"+ref+"/capture", "k", amountBody(1)) }},
		"refund of not captured": {"6210", 400, Options{}, approved, func(tm *terminal) got { return tm.post("/"+ref+"/refund", "k", amountBody(1)) }},
		"refund after a year": {"6220", 400, Options{}, approved, func(tm *terminal) got {
			tm.post("/"+ref+"/capture", "k", amountBody(1000))
			return tm.later(366*day).post("/"+ref+"/refund", "k", amountBody(1))
		}},
		"force approve of approved": {"6230", 400, Options{}, approved, func(tm *terminal) got { return tm.force(`{"customer":{"phoneNumber":"` + phone + `"}}`) }},
		"force approve of expired": {"10020", 400, Options{}, created, func(tm *terminal) got {
			return tm.later(time.Hour).force(`{"customer":{"phoneNumber":"` + phone + `"}}`)
		}},
		"force approve of whom":    {"10030", 400, Options{}, created, func(tm *terminal) got { return tm.force(`{}`) }},
		"force approve with a lie": {"10010", 400, Options{}, created, func(tm *terminal) got { return tm.force(`{"token":"x"}`) }},
		"cancel while approving": {"6250", 400, Options{}, created, func(tm *terminal) got {
			require.NoError(tm.t, tm.sim.Act(ref, Begin, 0))
			return tm.post("/"+ref+"/cancel", "k", "")
		}},
		"planned refusal": {"6260", 400, Options{}, approved, func(tm *terminal) got {
			tm.fault(Fault{Kind: Status, Status: 400, Code: "6260", Op: OpCapture})
			return tm.post("/"+ref+"/capture", "k", amountBody(1))
		}},
		"stranger": {"7010", 400, Options{}, newTerminal, func(tm *terminal) got {
			tm.sim.Stranger(phone)
			return push(`{"phoneNumber":"` + phone + `"}`)(tm)
		}},
		"wrong type":       {"3010", 500, Options{}, newTerminal, create(map[string]string{"reference": "248679167965815592292"})},
		"amount in quotes": {"3010", 500, Options{}, newTerminal, create(map[string]string{"amount": `{"currency":"NOK","value":"28650"}`})},
	} {
		t.Run(c.code+" "+name, func(t *testing.T) {
			t.Parallel()
			tm := c.state(t, c.opt)
			a := c.call(tm)
			require.Equal(t, c.code, a.code, a.raw)
			require.Equal(t, c.status, a.status)
			require.Equal(t, "application/problem+json", a.header.Get("Content-Type"))
			require.NotEmpty(t, a.fields["traceId"])
		})
	}
}

// later moves the clock and gets a token that lives then.
func (tm *terminal) later(d time.Duration) *terminal {
	tm.t.Helper()
	tm.sim.Advance(d)
	tm.login()
	return tm
}

func (tm *terminal) force(body string) got {
	tm.t.Helper()
	return tm.send(http.MethodPost, "/epayment/v1/test/payments/"+ref+"/approve", body, tm.headers(""))
}

// Members that the schema does not know, or not so, are refused without a code.
func TestSchema(t *testing.T) {
	t.Parallel()
	receipt := func(line, bottom string) string {
		return `{"orderLines":[` + line + `],"bottomLine":` + bottom + `}`
	}
	const line, bottom = `{"name":"a","id":"a","totalAmount":1,"totalAmountExcludingTax":1,"totalTaxAmount":0,"taxRate":0}`, `{"currency":"NOK"}`
	replace := func(old, with string) string { return receipt(strings.Replace(line, old, with, 1), bottom) }
	for name, c := range map[string]struct {
		change map[string]string
		field  string
	}{
		"unknown member":            {map[string]string{"paymentAction": `"x"`}, "body"},
		"member in the wrong place": {map[string]string{"customer": `{"customerInteraction":"CUSTOMER_PRESENT"}`}, "body"},
		"token under its old name":  {map[string]string{"customer": `{"token":"x"}`}, "body"},
		"member twice":              {map[string]string{"userFlow": `"QR","userFlow":"QR"`}, "userFlow"},
		"two customers":             {map[string]string{"customer": `{"phoneNumber":"` + phone + `","customerToken":"x"}`}, "customer"},
		"no amount":                 {map[string]string{"amount": ""}, "amount"},
		"amount without value":      {map[string]string{"amount": `{"currency":"NOK"}`}, "amount"},
		"no such currency":          {map[string]string{"amount": `{"currency":"SEK","value":100}`}, "amount.currency"},
		"no method":                 {map[string]string{"paymentMethod": ""}, "paymentMethod.type"},
		"card":                      {map[string]string{"paymentMethod": `{"type":"CARD"}`}, "paymentMethod.type"},
		"no reference":              {map[string]string{"reference": ""}, "reference"},
		"short reference":           {map[string]string{"reference": `"T123456"`}, "reference"},
		"reference of 65":           {map[string]string{"reference": `"` + strings.Repeat("x", 65) + `"`}, "reference"},
		"reference with underscore": {map[string]string{"reference": `"T122_0042"`}, "reference"},
		"no flow":                   {map[string]string{"userFlow": ""}, "userFlow"},
		"unknown flow":              {map[string]string{"userFlow": `"SMS"`}, "userFlow"},
		"unknown interaction":       {map[string]string{"customerInteraction": `"MAYBE"`}, "customerInteraction"},
		"description of 2":          {map[string]string{"paymentDescription": `"ab"`}, "paymentDescription"},
		"empty description":         {map[string]string{"paymentDescription": `""`}, "paymentDescription"},
		"description of 101":        {map[string]string{"paymentDescription": `"` + strings.Repeat("x", 101) + `"`}, "paymentDescription"},
		"profile without scope":     {map[string]string{"profile": `{}`}, "profile.scope"},
		"too old":                   {map[string]string{"minimumUserAge": `101`}, "minimumUserAge"},
		"code without format":       {map[string]string{"qrFormat": `{}`}, "qrFormat.format"},
		"code of unknown format":    {map[string]string{"qrFormat": `{"format":"IMAGE/GIF"}`}, "qrFormat.format"},
		"size of a text":            {map[string]string{"qrFormat": `{"format":"TEXT/TARGETURL","size":200}`}, "qrFormat.size"},
		"size 99":                   {map[string]string{"qrFormat": `{"format":"IMAGE/PNG","size":99}`}, "qrFormat.size"},
		"code with a redirect":      {map[string]string{"userFlow": `"WEB_REDIRECT"`, "returnUrl": `"https://a.example"`}, "qrFormat"},
		"expires by local time":     {map[string]string{"expiresAt": `"2026-10-12T10:00:00"`}, "expiresAt"},
		"no lines":                  {map[string]string{"receipt": receipt("", bottom)}, "receipt.orderLines"},
		"no bottom line":            {map[string]string{"receipt": receipt(line, "null")}, "receipt.bottomLine.currency"},
		"negative tip":              {map[string]string{"receipt": receipt(line, `{"currency":"NOK","tipAmount":-1}`)}, "receipt.bottomLine.tipAmount"},
		"number beside bottom line": {map[string]string{"receipt": strings.TrimSuffix(receipt(line, bottom), "}") + `,"receiptNumber":"1"}`}, "body"},
		"line without name":         {map[string]string{"receipt": replace(`"name":"a",`, "")}, "receipt.orderLines[0].name"},
		"line without id":           {map[string]string{"receipt": replace(`"id":"a",`, "")}, "receipt.orderLines[0].id"},
		"line without total":        {map[string]string{"receipt": replace(`"totalAmount":1,`, "")}, "receipt.orderLines[0].totalAmount"},
		"line without net":          {map[string]string{"receipt": replace(`"totalAmountExcludingTax":1,`, "")}, "receipt.orderLines[0].totalAmountExcludingTax"},
		"line without tax":          {map[string]string{"receipt": replace(`"totalTaxAmount":0,`, "")}, "receipt.orderLines[0].totalTaxAmount"},
		"line without rate":         {map[string]string{"receipt": replace(`,"taxRate":0`, "")}, "receipt.orderLines[0].taxRate"},
		"rate above 100 %":          {map[string]string{"receipt": replace(`"taxRate":0`, `"taxRate":10001`)}, "receipt.orderLines[0].taxRate"},
		"percentage above 100":      {map[string]string{"receipt": replace(`"taxRate":0`, `"taxPercentage":101`)}, "receipt.orderLines[0].taxPercentage"},
		"negative discount":         {map[string]string{"receipt": replace(`"taxRate":0`, `"taxRate":0,"discount":-1`)}, "receipt.orderLines[0].discount"},
		"unit without price":        {map[string]string{"receipt": replace(`"taxRate":0`, `"taxRate":0,"unitInfo":{"quantity":"1"}`)}, "receipt.orderLines[0].unitInfo.unitPrice"},
		"quantity with comma":       {map[string]string{"receipt": replace(`"taxRate":0`, `"taxRate":0,"unitInfo":{"unitPrice":1,"quantity":"1,5"}`)}, "receipt.orderLines[0].unitInfo.quantity"},
		"unknown unit":              {map[string]string{"receipt": replace(`"taxRate":0`, `"taxRate":0,"unitInfo":{"unitPrice":1,"quantity":"1","quantityUnit":"MILE"}`)}, "receipt.orderLines[0].unitInfo.quantityUnit"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tm := newTerminal(t, Options{LongLiving: true})
			a := tm.post("", "c", createBody(c.change))
			require.Equal(t, 400, a.status, a.raw)
			require.Empty(t, a.code)
			details := a.fields["extraDetails"].([]any)
			require.Equal(t, c.field, details[0].(map[string]any)["name"], a.raw)
			require.Empty(t, tm.sim.Payments())
		})
	}
	for name, body := range map[string]string{
		"trailing comma": `{"amount":{"currency":"NOK","value":1,},}`, "nothing": "", "two objects": createBody(nil) + "{}", "page": "<html>",
	} {
		t.Run("malformed: "+name, func(t *testing.T) {
			t.Parallel()
			tm := newTerminal(t, Options{})
			require.Equal(t, 400, tm.post("", "c", body).status)
			require.Empty(t, tm.sim.Payments())
		})
	}
}

func TestHeadersAreChecked(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		header, value string // an empty value removes the header
		status        int
		gateway       bool
	}{
		"no authorization":        {"Authorization", "", 401, true},
		"no bearer":               {"Authorization", "token", 401, true},
		"unknown token":           {"Authorization", "Bearer eyJnope", 401, true},
		"no subscription key":     {"Ocp-Apim-Subscription-Key", "", 401, true},
		"wrong subscription key":  {"Ocp-Apim-Subscription-Key", "x", 401, true},
		"no MSN":                  {"Merchant-Serial-Number", "", 400, false},
		"wrong MSN":               {"Merchant-Serial-Number", "999999", 403, true},
		"no key":                  {"Idempotency-Key", "", 400, false},
		"key of 51":               {"Idempotency-Key", strings.Repeat("k", 51), 400, false},
		"no content type":         {"Content-Type", "", 415, false},
		"wrong content type":      {"Content-Type", "text/plain", 415, false},
		"system version too long": {"Vipps-System-Version", strings.Repeat("v", 31), 400, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tm := newTerminal(t, Options{})
			h := tm.headers("c")
			h[c.header] = c.value
			maps.DeleteFunc(h, func(_, v string) bool { return v == "" })
			a := tm.send(http.MethodPost, "/epayment/v1/payments", createBody(nil), h)
			require.Equal(t, c.status, a.status, a.raw)
			_, isGateway := a.fields["statusCode"]
			require.Equal(t, c.gateway, isGateway)
			require.Empty(t, tm.sim.Payments())
			// The same key is good once the header is.
			require.Equal(t, 201, tm.post("", "c", createBody(nil)).status)
		})
	}
	t.Run("paths that do not exist", func(t *testing.T) {
		t.Parallel()
		tm := newTerminal(t, Options{})
		for _, path := range []string{"/", "/epayment/v1/payments/" + ref + "/approve", "/epayment/v2/payments"} {
			require.Equal(t, 404, tm.send(http.MethodPost, path, "{}", tm.headers("k")).status, path)
		}
		require.Equal(t, 404, tm.send(http.MethodGet, "/epayment/v1/payments", "", tm.headers("")).status)
		require.Equal(t, 404, tm.send(http.MethodPut, "/epayment/v1/payments/"+ref, "{}", tm.headers("k")).status)
	})
}

func TestTokenEndpoint(t *testing.T) {
	t.Parallel()
	tm := newTerminal(t, Options{TokenLifetime: time.Minute})
	keys := map[string]string{"client_id": DefaultClientID, "client_secret": DefaultClientSecret, "Ocp-Apim-Subscription-Key": DefaultSubscriptionKey}
	with := func(name, value string) map[string]string { m := maps.Clone(keys); m[name] = value; return m }
	ask := func(h map[string]string) got { return tm.send(http.MethodPost, "/accesstoken/get", "", h) }

	a := ask(keys)
	require.Equal(t, 200, a.status)
	require.Equal(t, []string{"access_token", "expires_in", "expires_on", "ext_expires_in", "not_before", "resource", "token_type"}, slices.Sorted(maps.Keys(a.fields)))
	require.Equal(t, "60", a.fields["expires_in"])
	require.Greater(t, len(a.fields["access_token"].(string)), 1000)

	a = ask(with("client_id", "x"))
	require.Equal(t, 400, a.status)
	require.Equal(t, "unauthorized_client", a.fields["error"])
	a = ask(with("client_secret", "x"))
	require.Equal(t, 401, a.status)
	require.Equal(t, "invalid_client", a.fields["error"])
	require.NotEmpty(t, a.fields["trace_id"])
	require.Equal(t, 401, ask(with("Ocp-Apim-Subscription-Key", "x")).status)

	require.Equal(t, 404, tm.get("/"+ref).status)
	tm.sim.Advance(time.Minute)
	require.Equal(t, 401, tm.get("/"+ref).status, "a token lives as long as it says")
	old := tm.token
	tm.login()
	require.NotEqual(t, old, tm.token)
	require.Equal(t, 404, tm.get("/"+ref).status)
	tm.sim.RevokeTokens()
	require.Equal(t, 401, tm.get("/"+ref).status)

	numbers := newTerminal(t, Options{TokenNumbers: true})
	a = numbers.send(http.MethodPost, "/accessToken/get", "", keys)
	require.EqualValues(t, 3600, a.fields["expires_in"])
}
