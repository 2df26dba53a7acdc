package vippstest

import (
	"bytes"
	"fmt"
	"image/png"
	"maps"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// with are the headers of a well-behaved client, with some changed: an empty text
// removes one.
func (tm *terminal) with(change map[string]string) map[string]string {
	h := tm.headers("")
	for name, value := range change {
		if h[name] = value; value == "" {
			delete(h, name)
		}
	}
	return h
}

// qr calls the QR API for codes as text, or in another format.
func (tm *terminal) qr(method, path, body string, format ...string) got {
	tm.t.Helper()
	return tm.send(method, codePath+path, body, tm.with(map[string]string{"Accept": strings.Join(append(format, "text/targetUrl")[:1], "")}))
}

const codeBody = `{"id":"taxi-T122","redirectUrl":"https://taxi.example/t/T122"}`

func TestSharing(t *testing.T) {
	t.Parallel()
	scope := map[string]string{"profile": `{"scope":"name phoneNumber"}`}
	next := func(tm *terminal, n int) string {
		reference := fmt.Sprintf("T122-shared-%d", n)
		change := maps.Clone(scope)
		change["reference"] = `"` + reference + `"`
		require.Equal(t, 201, tm.post("", reference, createBody(change)).status)
		return reference
	}
	asks := func(tm *terminal, reference string) []string {
		p, ok := tm.sim.Payment(reference)
		require.True(t, ok)
		return p.Asks
	}
	sub := func(tm *terminal, reference string) string {
		s, _ := tm.get("/" + reference).fields["profile"].(map[string]any)["sub"].(string)
		return s
	}

	t.Run("is asked once, until it is withdrawn", func(t *testing.T) {
		t.Parallel()
		tm := newTerminal(t, Options{})
		first := next(tm, 1)
		require.Equal(t, []string{"name", "phoneNumber"}, asks(tm, first))
		require.NoError(t, tm.sim.Act(first, Approve, 0))
		require.Empty(t, asks(tm, first))
		require.NotEmpty(t, sub(tm, first))

		again := next(tm, 2)
		require.Empty(t, asks(tm, again), "who shares is not asked again")
		require.ErrorContains(t, tm.sim.Act(again, RefuseSharing, 0), "no question")
		require.NoError(t, tm.sim.Act(again, Approve, 0))
		require.Equal(t, sub(tm, first), sub(tm, again), "the same person")

		tm.sim.WithdrawConsent(DefaultPassenger.Phone)
		third := next(tm, 3)
		require.Equal(t, []string{"name", "phoneNumber"}, asks(tm, third))
		require.NoError(t, tm.sim.Act(third, Approve, 0))
		require.Equal(t, sub(tm, first), sub(tm, third), "a withdrawal changes nobody's sub")
	})
	t.Run("is refused, which aborts", func(t *testing.T) {
		t.Parallel()
		tm := newTerminal(t, Options{})
		reference := next(tm, 1)
		require.NoError(t, tm.sim.Act(reference, RefuseSharing, 0))
		a := tm.get("/" + reference)
		require.Equal(t, "ABORTED", a.fields["state"])
		require.Empty(t, a.fields["profile"])
		require.NotContains(t, a.fields, "userDetails")
		require.NotEmpty(t, asks(tm, next(tm, 2)), "a refusal is no consent")
		p, _ := tm.sim.Payment(reference)
		require.False(t, p.Shared)
	})
	t.Run("without a question there is no refusal", func(t *testing.T) {
		t.Parallel()
		tm := created(t, Options{})
		require.Error(t, tm.sim.Act(ref, RefuseSharing, 0))
		require.Equal(t, "CREATED", tm.payment().State)
		tm.sim.SetHabit(Habit{Action: RefuseSharing})
		reference := next(tm, 1)
		require.Equal(t, "ABORTED", tm.get("/" + reference).fields["state"], "a habit of refusing")
	})
	t.Run("people are told apart", func(t *testing.T) {
		t.Parallel()
		tm := newTerminal(t, Options{})
		first := next(tm, 1)
		require.NoError(t, tm.sim.Act(first, Approve, 0))
		require.NoError(t, tm.sim.SetPassenger(Person{Phone: "4790000002", FirstName: "Ola", LastName: "Normann"}))
		other := next(tm, 2)
		require.NotEmpty(t, asks(tm, other), "somebody else's consent is not theirs")
		require.NoError(t, tm.sim.Act(other, Approve, 0))
		require.NotEqual(t, sub(tm, first), sub(tm, other))
		require.Equal(t, map[string]any{"firstName": "Ola", "lastName": "Normann", "mobileNumber": "4790000002"}, tm.get("/" + other).fields["userDetails"])
		require.Equal(t, "4790000001", tm.get("/" + first).fields["userDetails"].(map[string]any)["mobileNumber"])
		require.Error(t, tm.sim.AddPerson(Person{Phone: "12"}))

		elsewhere := New(Options{MSN: "654321"})
		require.NotEqual(t, sub(tm, first), elsewhere.sub(DefaultPassenger.Phone), "another sales unit knows another sub")
	})
	t.Run("of whoever has been asked by phone or approved by force", func(t *testing.T) {
		t.Parallel()
		tm := newTerminal(t, Options{})
		push := maps.Clone(scope)
		maps.Copy(push, map[string]string{"userFlow": `"PUSH_MESSAGE"`, "qrFormat": "", "customer": `{"phoneNumber":"4790000003"}`})
		require.Equal(t, 201, tm.post("", "c", createBody(push)).status)
		require.Equal(t, []string{"name", "phoneNumber"}, tm.sim.Pushed("4790000003")[0].Asks)
		require.NoError(t, tm.sim.Act(ref, Approve, 0))
		require.Equal(t, "4790000003", tm.get("/" + ref).fields["userDetails"].(map[string]any)["mobileNumber"])

		forced := next(tm, 1)
		require.Equal(t, 200, tm.send("POST", "/epayment/v1/test/payments/"+forced+"/approve", `{"customer":{"phoneNumber":"4790000004"}}`, tm.headers("")).status)
		require.Equal(t, "4790000004", tm.get("/" + forced).fields["userDetails"].(map[string]any)["mobileNumber"])
	})
}

func TestUserinfoAnswers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tm := newTerminal(t, Options{ProfileLag: 2 * time.Second, UserinfoLag: 4 * time.Second, HideUserDetails: true, TokenLifetime: 1000 * time.Hour})
		scope := map[string]string{"profile": `{"scope":"name address email phoneNumber birthDate"}`}
		require.Equal(t, 201, tm.post("", "c", createBody(scope)).status)
		require.NoError(t, tm.sim.Act(ref, Approve, 0))
		sub := tm.sim.sub(DefaultPassenger.Phone)
		ask := func() got { return tm.send("GET", userinfoPath+sub, "", tm.headers("")) }

		require.Empty(t, tm.get("/" + ref).fields["profile"])
		require.Equal(t, 404, ask().status)
		time.Sleep(2 * time.Second)
		require.Equal(t, map[string]any{"sub": sub}, tm.get("/" + ref).fields["profile"])
		require.NotContains(t, tm.get("/"+ref).fields, "userDetails")
		require.Equal(t, 404, ask().status, "sub is known before the data is")
		time.Sleep(2 * time.Second)
		a := ask()
		require.Equal(t, 200, a.status)
		require.Equal(t, "Kari Nordmann", a.fields["name"])
		require.Equal(t, DefaultPassenger.Phone, a.fields["phone_number"])
		require.Equal(t, "1990-01-01", a.fields["birthdate"])
		for range 300 {
			require.Equal(t, 200, ask().status, "no limit is published")
		}
		time.Sleep(sharingPeriod)
		a = ask()
		require.Equal(t, 403, a.status)
		require.NotEmpty(t, a.fields["instance"])
		require.Equal(t, 404, tm.send("GET", userinfoPath+"nobody", "", tm.headers("")).status)
	})
}

func TestUserinfoAndTheSubscriptionKey(t *testing.T) {
	t.Parallel()
	for rule, want := range map[KeyRule][3]int{ // with, without, with a wrong one
		KeyIndifferent: {404, 404, 401}, KeyRequired: {404, 401, 401}, KeyForbidden: {401, 404, 401},
	} {
		tm := newTerminal(t, Options{UserinfoKey: rule})
		for i, key := range []string{DefaultSubscriptionKey, "", "wrong"} {
			h := tm.with(map[string]string{"Ocp-Apim-Subscription-Key": key, "Merchant-Serial-Number": ""})
			require.Equal(t, want[i], tm.send("GET", userinfoPath+"somebody", "", h).status, "%s %d", rule, i)
		}
	}
}

const receiptJSON = `{"orderLines":[{"name":"Trip","id":"trip","totalAmount":%d,"totalAmountExcludingTax":%d,"totalTaxAmount":0,"taxPercentage":0}],"bottomLine":{"currency":"NOK","receiptNumber":"7"}}`

func TestReceipts(t *testing.T) {
	t.Parallel()
	post := func(tm *terminal, path, body string) got { return tm.send("POST", path, body, tm.headers("")) }
	whole := fmt.Sprintf(receiptJSON, 28650, 28650)
	t.Run("one and no second", func(t *testing.T) {
		t.Parallel()
		tm := created(t, Options{})
		require.Equal(t, 201, post(tm, receiptPath+ref, whole).status)
		a := post(tm, receiptPath+ref, whole)
		require.Equal(t, 409, a.status)
		require.Contains(t, a.fields, "invalidParams")
		require.Equal(t, &Receipt{Lines: []ReceiptLine{{ID: "trip", Name: "Trip", Total: 28650, Net: 28650}}, Sum: 28650, Number: "7", Posted: 2}, tm.payment().Receipt)
		require.True(t, tm.payment().ReceiptShown)
	})
	t.Run("of what was taken", func(t *testing.T) {
		t.Parallel()
		tm := approved(t, Options{})
		require.Equal(t, 200, tm.post("/"+ref+"/capture", "k", amountBody(20000)).status)
		require.Equal(t, 201, post(tm, receiptPath+ref, fmt.Sprintf(receiptJSON, 20000, 20000)).status)
		require.True(t, tm.payment().ReceiptShown)
	})
	t.Run("that does not add up is taken and not shown", func(t *testing.T) {
		t.Parallel()
		for _, body := range []string{fmt.Sprintf(receiptJSON, 28649, 28649), fmt.Sprintf(receiptJSON, 28650, 28649)} {
			tm := created(t, Options{})
			require.Equal(t, 201, post(tm, receiptPath+ref, body).status)
			require.False(t, tm.payment().ReceiptShown)
		}
	})
	t.Run("refused", func(t *testing.T) {
		t.Parallel()
		tm := created(t, Options{})
		for path, status := range map[string]int{
			receiptPath + "no-such-payment": 404, "/order-management/v2/eCom/receipts/" + ref: 404, receiptPath: 404, receiptPath + ref + "/x": 404,
		} {
			require.Equal(t, status, post(tm, path, whole).status, path)
		}
		for _, body := range []string{"", "{}", `{"orderLines":[],"bottomLine":{"currency":"NOK"}}`, strings.Replace(whole, `"bottomLine"`, `"receiptNumber":"7","bottomLine"`, 1), strings.Replace(whole, `"totalAmount":28650`, `"totalAmount":"28650"`, 1)} {
			a := post(tm, receiptPath+ref, body)
			require.Equal(t, 400, a.status, body)
			require.NotEmpty(t, a.fields["invalidParams"], body)
			require.NotContains(t, a.fields, "extraDetails")
		}
		require.Nil(t, tm.payment().Receipt)
		a := tm.send("POST", receiptPath+ref, whole, tm.with(map[string]string{"Merchant-Serial-Number": ""}))
		require.Equal(t, 400, a.status)
		require.Equal(t, 401, tm.send("POST", receiptPath+ref, whole, tm.with(map[string]string{"Authorization": ""})).status)
		require.Equal(t, 415, tm.send("POST", receiptPath+ref, whole, tm.with(map[string]string{"Content-Type": "text/plain"})).status)
		require.Equal(t, 404, post(created(t, Options{NoOrderManagement: true}), receiptPath+ref, whole).status)
	})
}

func TestPrintedCodes(t *testing.T) {
	t.Parallel()
	t.Run("live and die", func(t *testing.T) {
		t.Parallel()
		tm := newTerminal(t, Options{})
		a := tm.qr("POST", "", codeBody)
		require.Equal(t, 200, a.status, "not 201")
		require.EqualValues(t, -1, a.fields["expiresIn"])
		text := a.fields["url"].(string)
		require.Equal(t, 409, tm.qr("POST", "", codeBody).status)
		require.JSONEq(t, `{"id":"taxi-T122"}`, tm.qr("POST", "", codeBody).raw)
		require.Equal(t, 200, tm.qr("PUT", "/taxi-T122", `{"id":"taxi-T122","redirectUrl":"https://taxi.example/new"}`).status)
		target, err := tm.sim.Follow(text)
		require.NoError(t, err)
		require.Equal(t, "https://taxi.example/new", target)
		require.Equal(t, 200, tm.qr("DELETE", "/taxi-T122", "").status)
		for _, method := range []string{"GET", "PUT", "DELETE"} {
			require.Equal(t, 404, tm.qr(method, "/taxi-T122", "").status)
		}
		require.Equal(t, "[]", tm.qr("GET", "", "").raw)
		b := tm.qr("POST", "", codeBody)
		require.Equal(t, 200, b.status)
		require.NotEqual(t, text, b.fields["url"])
		_, err = tm.sim.Follow(text)
		require.ErrorIs(t, err, ErrDeadCode)
		require.Equal(t, []bool{false, true}, []bool{tm.sim.Codes()[0].Alive, tm.sim.Codes()[1].Alive})
	})
	t.Run("die by themselves", func(t *testing.T) {
		t.Parallel()
		tm := newTerminal(t, Options{})
		a := tm.qr("POST", "", `{"id":"a","redirectUrl":"https://a.example","ttl":300}`)
		require.InDelta(t, 300, a.fields["expiresIn"], 1)
		tm.sim.Advance(301 * time.Second)
		require.Equal(t, 404, tm.qr("GET", "/a", "").status)
		_, err := tm.sim.Follow(a.fields["url"].(string))
		require.ErrorIs(t, err, ErrDeadCode)
		require.Equal(t, 200, tm.qr("POST", "", `{"id":"a","redirectUrl":"https://a.example"}`).status)
	})
	t.Run("refused", func(t *testing.T) {
		t.Parallel()
		tm := newTerminal(t, Options{})
		for _, body := range []string{
			``, `{}`, `{"id":"a"}`, `{"id":"","redirectUrl":"https://a.example"}`, `{"id":"a/b","redirectUrl":"https://a.example"}`,
			`{"id":"a","redirectUrl":"http://a.example"}`, `{"id":"a","redirectUrl":"https://a.example/~"}`, `{"id":"a","redirectUrl":"https://a.example","ttl":299}`,
			`{"id":7,"redirectUrl":"https://a.example"}`, `{"id":"a","redirectUrl":"https://a.example","colour":"red"}`,
		} {
			a := tm.qr("POST", "", body)
			require.Equal(t, 400, a.status, body)
			require.NotEmpty(t, a.fields["invalidParams"])
		}
		for accept, status := range map[string]int{"": 415, "application/json": 415, "*/*": 415, "image/*": 200, "IMAGE/SVG+XML": 200, "image/png": 200, "text/targetUrl": 200} {
			require.Equal(t, status, tm.qr("GET", "", "", accept).status, accept)
		}
		h := tm.with(map[string]string{"Accept": "image/*", "Merchant-Serial-Number": ""})
		require.Equal(t, 200, tm.send("GET", codePath, "", h).status, "the MSN is not required")
		h["Ocp-Apim-Subscription-Key"] = "wrong"
		require.Equal(t, 401, tm.send("GET", codePath, "", h).status)
		require.Empty(t, tm.sim.Codes())
	})
	t.Run("have pictures", func(t *testing.T) {
		t.Parallel()
		tm := newTerminal(t, Options{})
		a := tm.qr("POST", "", codeBody, "image/svg+xml")
		link := strings.TrimPrefix(a.fields["url"].(string), "http://sim")
		picture := tm.send("GET", link, "", nil)
		require.Equal(t, 200, picture.status)
		require.Equal(t, "image/svg+xml", picture.header.Get("Content-Type"))
		require.Contains(t, picture.raw, "<svg")
		require.Equal(t, 400, tm.send("GET", link, "", tm.headers("")).status, "no credentials there")

		b := tm.qr("GET", "/taxi-T122", "", "image/png")
		raster := tm.send("GET", strings.TrimPrefix(b.fields["url"].(string), "http://sim"), "", nil)
		_, err := png.Decode(bytes.NewReader([]byte(raster.raw)))
		require.NoError(t, err)

		require.Equal(t, 404, tm.send("GET", picturePath+"made-up", "", nil).status)
		tm.sim.Advance(time.Hour)
		require.Equal(t, 404, tm.send("GET", link, "", nil).status, "the link dies, the code does not")
		tm.login()
		require.Equal(t, 200, tm.qr("GET", "/taxi-T122", "", "image/png").status)
		require.Len(t, tm.sim.links, 1, "dead links are forgotten")
		require.Equal(t, Calls{Seen: 3, Executed: 2, Refused: 1}, tm.sim.Codes()[0].Calls[OpCodeDownload])
	})
}

// Planned faults have the shape of the API that they strike.
func TestFaultsElsewhereHaveTheirShape(t *testing.T) {
	t.Parallel()
	tm := created(t, Options{})
	for op, call := range map[Op]func() got{
		OpUserinfo: func() got { return tm.send("GET", userinfoPath+"x", "", tm.headers("")) },
		OpReceipt:  func() got { return tm.send("POST", receiptPath+ref, "{}", tm.headers("")) },
		OpCodeList: func() got { return tm.qr("GET", "", "") },
	} {
		for status, shape := range map[int]string{500: "instance", 409: "invalidParams", 429: "statusCode"} {
			tm.fault(Fault{Kind: Status, Status: status, Op: op})
			a := call()
			require.Equal(t, status, a.status, "%s", op)
			require.Contains(t, a.fields, shape, "%s %d", op, status)
		}
	}
}

// People, printed codes and receipts from another process.
func TestRemoteElsewhere(t *testing.T) {
	t.Parallel()
	tm := newTerminal(t, Options{})
	admin := httptest.NewServer(tm.sim.Admin())
	t.Cleanup(admin.Close)
	r, ctx := Remote{URL: admin.URL}, t.Context()

	require.NoError(t, r.AddPerson(ctx, Person{Phone: "4790000005", FirstName: "Per"}))
	require.NoError(t, r.SetPassenger(ctx, Person{Phone: "4790000006", FirstName: "Anne"}))
	require.ErrorContains(t, r.AddPerson(ctx, Person{Phone: "nope"}), "400")
	require.ErrorContains(t, r.SetPassenger(ctx, Person{}), "400")
	require.Equal(t, 201, tm.post("", "c", createBody(map[string]string{"profile": `{"scope":"name"}`})).status)
	p, err := r.Payment(ctx, ref)
	require.NoError(t, err)
	require.Equal(t, []string{"name"}, p.Asks)
	require.Equal(t, "name", p.Scope)
	require.NoError(t, r.Act(ctx, ref, Approve, 0))
	require.Equal(t, "Anne", tm.get("/" + ref).fields["userDetails"].(map[string]any)["firstName"])
	require.NoError(t, r.WithdrawConsent(ctx, "4790000006"))
	require.Empty(t, tm.sim.people.consents)

	change := map[string]string{"profile": `{"scope":"name"}`, "reference": `"T122-0043"`}
	require.Equal(t, 201, tm.post("", "c2", createBody(change)).status)
	require.NoError(t, r.Act(ctx, "T122-0043", RefuseSharing, 0))
	p, err = r.Payment(ctx, "T122-0043")
	require.NoError(t, err)
	require.Equal(t, "ABORTED", p.State)

	require.Equal(t, 201, tm.send("POST", receiptPath+ref, fmt.Sprintf(receiptJSON, 28650, 28650), tm.headers("")).status)
	p, err = r.Payment(ctx, ref)
	require.NoError(t, err)
	require.Equal(t, tm.payment(), p)

	text := tm.qr("POST", "", codeBody).fields["url"].(string)
	codes, err := r.Codes(ctx)
	require.NoError(t, err)
	require.Equal(t, tm.sim.Codes(), codes)
	target, err := r.Follow(ctx, text)
	require.NoError(t, err)
	require.Equal(t, "https://taxi.example/t/T122", target)
	_, err = r.Follow(ctx, "https://qr.vipps.no/nothing")
	require.ErrorContains(t, err, "404")
	calls, err := r.Calls(ctx, OpReceipt, ref)
	require.NoError(t, err)
	require.Equal(t, Calls{Seen: 1, Executed: 1}, calls)
}
