package fleet_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/device/vehicle"
	"taxiterminal/fleet/link"
	"taxiterminal/fleet/office"
	"taxiterminal/fleet/registry"
	"taxiterminal/money"
	"taxiterminal/trip"
	"taxiterminal/vipps"
	"taxiterminal/vipps/vippstest"
)

// refused is the gateway's no, with a hint.
func refused(t *testing.T, err error, status int, text string) *office.Error {
	t.Helper()
	var e *office.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, status, e.Status, e.Message)
	require.Contains(t, e.Message, text)
	require.NotEmpty(t, e.Hint)
	return e
}

func TestCarsAndTheirTerminals(t *testing.T) {
	r, ctx := started(t), t.Context()
	c := r.enrolled("T122")
	cars, err := r.office.Cars(ctx)
	require.NoError(t, err)
	require.Len(t, cars, 1)
	require.Equal(t, publicURL+"/v/"+cars[0].Code, cars[0].Page)
	require.Equal(t, c.terminal, cars[0].Terminal)
	_, err = r.office.AddCar(ctx, office.AddCar{ID: "t122"})
	refused(t, err, http.StatusConflict, "already")
	_, err = r.office.AddCar(ctx, office.AddCar{ID: "taxi 9"})
	refused(t, err, http.StatusBadRequest, "vehicle")
	_, err = r.office.NewToken(ctx, "T122", office.TokenRequest{})
	refused(t, err, http.StatusConflict, "has a terminal")
	_, err = r.office.MoveCar(ctx, "T122", "nobody")
	refused(t, err, http.StatusNotFound, "merchant")

	before := cars[0].Page
	after, err := r.office.NewCode(ctx, "T122")
	require.NoError(t, err)
	require.NotEqual(t, before, after.Page)
	for page, status := range map[string]int{before: http.StatusNotFound, after.Page: http.StatusOK} {
		res, err := r.web().Get(page)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.Equal(t, status, res.StatusCode)
	}

	c.paid(r, 25000)
	shown, err := r.office.Terminal(ctx, "T122")
	require.NoError(t, err)
	require.True(t, shown.Active)
	require.Equal(t, "9.9", shown.Version)
	require.Less(t, time.Since(shown.Heard), time.Minute)
	require.Len(t, shown.Journals, 1)
	require.NotZero(t, shown.Journals[0].Seq)
	require.NotEmpty(t, shown.Trip)
	require.Empty(t, shown.Alarms)

	// A new computer replaces it; the old one is out then.
	token, err := r.office.NewToken(ctx, "T122", office.TokenRequest{Replace: true, Hours: 1})
	require.NoError(t, err)
	next := r.connected("T122", token.Token)
	require.Eventually(t, func() bool { return !c.State().Up }, 10*time.Second, 10*time.Millisecond)
	out, err := r.office.Revoke(ctx, "T122", "stolen")
	require.NoError(t, err)
	require.Equal(t, office.Revoked{Terminal: next.terminal, Vehicle: "T122", Cut: 1}, out)
	require.Eventually(t, func() bool { return !next.State().Up }, 10*time.Second, 10*time.Millisecond)
	in, err := r.office.Terminals(ctx, false)
	require.NoError(t, err)
	require.Empty(t, in)
	all, err := r.office.Terminals(ctx, true)
	require.NoError(t, err)
	require.Len(t, all, 2)
	_, err = r.office.Terminal(ctx, "T122")
	refused(t, err, http.StatusNotFound, "has no terminal")
}

func TestTokensCanBeCancelled(t *testing.T) {
	r, ctx := started(t), t.Context()
	_, err := r.office.AddCar(ctx, office.AddCar{ID: "T122"})
	require.NoError(t, err)
	_, err = r.office.NewToken(ctx, "T122", office.TokenRequest{Hours: 10_000})
	require.ErrorContains(t, err, "hours")
	require.NoError(t, r.office.CancelTokens(ctx, "T122"))
	audit, err := r.office.Audit(ctx, 10)
	require.NoError(t, err)
	require.NotContains(t, whats(audit), registry.TokenCancelled, "there was none")
	_, err = r.office.NewToken(ctx, "T122", office.TokenRequest{})
	require.NoError(t, err)
	require.NoError(t, r.office.CancelTokens(ctx, "T122"))
	audit, err = r.office.Audit(ctx, 10)
	require.NoError(t, err)
	require.Contains(t, whats(audit), registry.TokenCancelled)
}

func whats(entries []registry.Entry) (list []registry.What) {
	for _, e := range entries {
		list = append(list, e.What)
	}
	return list
}

func TestTripsAndReports(t *testing.T) {
	r, ctx := started(t), t.Context()
	a, b := r.enrolled("T1"), r.enrolled("T2")
	a.paid(r, 25000)
	_, reference := b.paid(r, 10000)
	list, err := r.office.Trips(ctx, office.Query{})
	require.NoError(t, err)
	require.Len(t, list, 2)
	list, err = r.office.Trips(ctx, office.Query{Car: "t2", N: 5})
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.Equal(t, money.Minor(10000), list[0].App)
	list, err = r.office.Trips(ctx, office.Query{Open: true, To: "2020-01-01"})
	require.NoError(t, err)
	require.Empty(t, list)
	for _, q := range []office.Query{{From: "yesterday"}, {From: "2026-10-12", To: "2026-10-11"}, {Car: "T9"}, {N: 1_000_000}} {
		_, err = r.office.Trips(ctx, q)
		require.Error(t, err)
	}

	one, err := r.office.Trip(ctx, reference)
	require.NoError(t, err)
	require.Equal(t, trip.Paid, one.Settled)
	require.Len(t, one.Payments, 1)
	text, err := json.Marshal(one)
	require.NoError(t, err)
	require.NotContains(t, string(text), "opens-it", "what opens a payment is not shown")
	require.Contains(t, string(text), `"created"`)
	_, err = r.office.Trip(ctx, "T2-ZZZZZ-0001")
	refused(t, err, http.StatusNotFound, "no trip")

	oslo, err := time.LoadLocation("Europe/Oslo")
	require.NoError(t, err)
	today := time.Now().In(oslo).Format(time.DateOnly)
	report, err := r.office.Report(ctx, office.Query{From: today, To: today})
	require.NoError(t, err)
	require.Equal(t, "Europe/Oslo", report.Zone)
	require.Len(t, report.Totals, 2)
	require.Equal(t, money.Minor(25000), report.Totals[0].App)
	require.Empty(t, report.Incomplete)
	csv, err := r.office.ReportCSV(ctx, office.Query{Car: "T1"})
	require.NoError(t, err)
	require.Equal(t, 2, strings.Count(string(csv), "\n"))
	require.Contains(t, string(csv), today+",T1,NOK,1,250.00,0.00,250.00,0.00")
	csv, err = r.office.TripsCSV(ctx, office.Query{})
	require.NoError(t, err)
	require.Equal(t, 3, strings.Count(string(csv), "\n"))
}

func TestTheOfficeGivesMoneyBackThroughTheCar(t *testing.T) {
	r, ctx := started(t), t.Context()
	c := r.enrolled("T122")
	_, reference := c.paid(r, 25000)
	_, err := r.office.Refund(ctx, reference, office.RefundRequest{Amount: 25001})
	e := refused(t, err, http.StatusConflict, "too_much")
	require.Contains(t, e.Hint, "250.00 NOK")
	_, err = r.office.Refund(ctx, reference, office.RefundRequest{})
	refused(t, err, http.StatusConflict, "bad_amount")

	var out office.Refund
	answered := make(chan error, 1)
	go func() {
		var err error
		out, err = r.office.Refund(ctx, reference, office.RefundRequest{Amount: 5000, Reason: "detour"})
		answered <- err
	}()
	c.refunds()
	require.NoError(t, <-answered)
	require.Equal(t, office.Refund{Trip: out.Trip, Done: true, Refunded: 5000, Currency: money.NOK}, out)
	p, ok := r.sim.Payment(reference)
	require.True(t, ok)
	require.Equal(t, money.Minor(5000), p.Refunded)
	require.NoError(t, r.sim.Check())
	audit, err := r.office.Audit(ctx, 1)
	require.NoError(t, err)
	require.Equal(t, registry.RefundSent, audit[0].What)
	require.Equal(t, "local", audit[0].By)

	// Whoever got no answer, and asks again when it is done, gets nothing more.
	_, err = r.office.Refund(ctx, reference, office.RefundRequest{Amount: 5000, Reason: "detour"})
	require.Contains(t, refused(t, err, http.StatusConflict, "50.00 NOK was given back before").Hint, "--already 50.00")
	require.Empty(t, c.hints)

	_, err = r.office.Refund(ctx, reference, office.RefundRequest{Amount: 2000, Already: 5000, Wait: 1})
	refused(t, err, http.StatusGatewayTimeout, "did not answer")
	require.Equal(t, money.Minor(5000), (<-c.hints).Refund.Already)

	c.Close()
	require.Eventually(t, func() bool {
		_, err = r.office.Refund(ctx, reference, office.RefundRequest{Amount: 5000, Already: 5000})
		var e *office.Error
		require.ErrorAs(t, err, &e)
		return e.Code == office.Unreachable
	}, time.Minute, 10*time.Millisecond)
	refused(t, err, http.StatusBadGateway, "not connected; nothing was given back")
	_, err = r.office.Revoke(ctx, "T122", "")
	require.NoError(t, err)
	_, err = r.office.Refund(ctx, reference, office.RefundRequest{Amount: 5000, Already: 5000})
	require.Contains(t, refused(t, err, http.StatusConflict, "not in car").Hint, "portal")
}

// What the office is told follows from the car's journal, and from nothing else.
func TestARefundThatDoesNotGoThrough(t *testing.T) {
	r, ctx := started(t), t.Context()
	c := r.enrolled("T122")
	stream, reference := c.paid(r, 25000)
	ask := office.RefundRequest{Amount: 5000, Wait: 1}
	_, err := r.office.Refund(ctx, reference, ask)
	require.Contains(t, refused(t, err, http.StatusGatewayTimeout, "did not answer").Hint, "is not done twice")
	h := <-c.hints
	require.Equal(t, &link.Refund{Trip: c.trips[stream].ID.String(), Amount: 5000}, h.Refund)

	answered := make(chan error, 1)
	var out office.Refund
	refund := func() {
		var err error
		out, err = r.office.Refund(ctx, reference, ask)
		answered <- err
	}
	go refund()
	<-c.hints
	c.happens(stream, trip.RefundAsked{Amount: 5000})
	require.NoError(t, <-answered)
	require.False(t, out.Done)
	_, err = r.office.Refund(ctx, reference, ask)
	refused(t, err, http.StatusConflict, "not_now")

	c.happens(stream, trip.CallRejected{N: 1, Op: trip.OpRefund})
	require.Eventually(t, func() bool {
		one, err := r.office.Trip(ctx, reference)
		return err == nil && one.Events[len(one.Events)-1].Kind == "call_rejected"
	}, 10*time.Second, 10*time.Millisecond)
	ask.Wait = 20
	go refund()
	<-c.hints
	c.happens(stream, trip.RefundAsked{Amount: 5000}, trip.CallRejected{N: 1, Op: trip.OpRefund})
	refused(t, <-answered, http.StatusBadGateway, "did not give it back")
}

func TestWebhooksAreListedRegisteredAndDeleted(t *testing.T) {
	r, ctx := started(t), t.Context()
	list, err := r.office.CheckWebhooks(ctx, "main")
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.Len(t, list[0].Registrations, 1)
	mine := list[0].Registrations[0]
	require.True(t, mine.Ours)
	require.Equal(t, publicURL+"/webhook/"+list[0].MSN, mine.URL)
	require.NoError(t, r.office.DeleteWebhook(ctx, "main", mine.ID))
	require.Empty(t, r.sim.Webhooks())
	refused(t, r.office.DeleteWebhook(ctx, "main", mine.ID), http.StatusNotFound, "no webhook")
	_, err = r.office.Webhooks(ctx, "other")
	refused(t, err, http.StatusNotFound, "no merchant")
	list, err = r.office.CheckWebhooks(ctx, "")
	require.NoError(t, err)
	require.Equal(t, "registered", list[0].State)
	require.Len(t, r.sim.Webhooks(), 1)
}

func TestCodesAreMadeAdoptedRetargetedAndNeverDeleted(t *testing.T) {
	r, ctx := started(t), t.Context()
	for _, id := range []string{"T1", "T2", "T3"} {
		_, err := r.office.AddCar(ctx, office.AddCar{ID: id})
		require.NoError(t, err)
	}
	client := r.api()
	// T2's computer has made one itself, and somebody else has one.
	for id, target := range map[string]string{"taxi-T2-ABCDEF": "https://old.example/t2", "kiosk": "https://kiosk.example"} {
		_, res := client.CreateCode(ctx, vipps.RedirectCode{ID: id, Target: target}, vipps.CodeText)
		require.Equal(t, vipps.Done, res.Kind)
	}
	dry, err := r.office.Sync(ctx, true)
	require.NoError(t, err)
	require.Len(t, r.sim.Codes(), 2, "nothing was made")
	require.Equal(t, "https://old.example/t2", r.target("taxi-T2-ABCDEF"))
	require.Equal(t, []office.Did{office.Made, office.Adopted, office.Made}, dids(dry))
	_, err = r.office.Stickers(ctx, office.StickerRequest{Cars: []string{"T1"}})
	refused(t, err, http.StatusConflict, "no code")

	did, err := r.office.Sync(ctx, false)
	require.NoError(t, err)
	require.Equal(t, []office.Did{office.Made, office.Adopted, office.Made}, dids(did))
	require.True(t, vehicle.Ours("T1", did.Codes[0].QRID))
	require.Equal(t, "taxi-T2-ABCDEF", did.Codes[1].QRID)
	require.Len(t, r.sim.Codes(), 4)
	cars, err := r.office.Cars(ctx)
	require.NoError(t, err)
	for i, c := range cars {
		require.Equal(t, did.Codes[i].QRID, c.QRID)
		require.Equal(t, c.Page, r.target(c.QRID))
	}
	require.Equal(t, "https://kiosk.example", r.target("kiosk"), "what others have is theirs")
	did, err = r.office.Sync(ctx, false)
	require.NoError(t, err)
	require.Equal(t, []office.Did{office.Kept, office.Kept, office.Kept}, dids(did))

	pdf, err := r.office.Stickers(ctx, office.StickerRequest{Size: "a7", Marks: true})
	require.NoError(t, err)
	require.True(t, bytes.HasPrefix(pdf, []byte("%PDF")))
	require.Equal(t, 3, bytes.Count(pdf, []byte("/Type /Page\n")))
	_, err = r.office.Stickers(ctx, office.StickerRequest{Languages: []string{"xx"}})
	require.ErrorContains(t, err, "xx")

	// A new page: the sticker follows. A code that somebody has destroyed is made anew.
	changed, err := r.office.NewCode(ctx, "T1")
	require.NoError(t, err)
	require.Equal(t, vipps.Done, client.DestroyCode(ctx, cars[2].QRID).Kind)
	did, err = r.office.Sync(ctx, false)
	require.NoError(t, err)
	require.Equal(t, []office.Did{office.Retargeted, office.Kept, office.Remade}, dids(did))
	require.Equal(t, changed.Page, r.target(changed.QRID))
	require.NotEqual(t, cars[2].QRID, did.Codes[2].QRID)
}

func dids(s office.Sync) (list []office.Did) {
	for _, c := range s.Codes {
		list = append(list, c.Did)
	}
	return list
}

func TestWhenTheAPIIsAwayNoCodeIsMadeTwice(t *testing.T) {
	r, ctx := started(t), t.Context()
	_, err := r.office.AddCar(ctx, office.AddCar{ID: "T1"})
	require.NoError(t, err)
	_, err = r.sim.AddFault(vippstest.Fault{Kind: vippstest.Status, Op: vippstest.OpCodeList, Status: 500, Times: vippstest.Forever})
	require.NoError(t, err)
	did, err := r.office.Sync(ctx, false)
	require.NoError(t, err)
	require.Equal(t, []office.Did{office.Failed}, dids(did), "it may be there, and just not be told")
	require.NotEmpty(t, did.Codes[0].Problem)
	require.Empty(t, r.sim.Codes())
}

// A sticker stays good when its car takes payments for somebody else, and nobody takes
// over a code of the same name in another sales unit.
func TestACarThatIsMovedKeepsItsCode(t *testing.T) {
	other := vippstest.New(vippstest.Options{MSN: "654321"})
	t.Cleanup(other.Close)
	api, err := other.Listen("127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = api.Close() })
	r, ctx := started(t, "[[merchant]]\nname = \"south\"\nmsn = \"654321\"\nenvironment = \"simulator\"\nurl = \""+api.URL()+"\"\n", "keys:south"), t.Context()
	for id, merchant := range map[string]string{"T1": "main", "T2": "south"} {
		_, err := r.office.AddCar(ctx, office.AddCar{ID: id, Merchant: merchant})
		require.NoError(t, err)
	}
	_, res := r.api().CreateCode(ctx, vipps.RedirectCode{ID: "taxi-T2-ABCDEF", Target: "https://old.example"}, vipps.CodeText)
	require.Equal(t, vipps.Done, res.Kind)
	did, err := r.office.Sync(ctx, false)
	require.NoError(t, err)
	require.Equal(t, []office.Did{office.Made, office.Made}, dids(did))
	require.Len(t, other.Codes(), 1)
	require.Equal(t, "https://old.example", r.target("taxi-T2-ABCDEF"))

	_, err = r.office.MoveCar(ctx, "T1", "south")
	require.NoError(t, err)
	changed, err := r.office.NewCode(ctx, "T1")
	require.NoError(t, err)
	did, err = r.office.Sync(ctx, false)
	require.NoError(t, err)
	require.Equal(t, []office.Did{office.Retargeted, office.Kept}, dids(did))
	require.Equal(t, changed.Page, r.target(changed.QRID), "at the merchant whose it is")
	_, err = r.office.Stickers(ctx, office.StickerRequest{})
	require.NoError(t, err)
}

func TestTheRemoteDoorWantsATokenThatMay(t *testing.T) {
	r, ctx := started(t), t.Context()
	reader, err := r.office.AddAdmin(ctx, office.AddAdmin{Name: "ola", Role: registry.Read})
	require.NoError(t, err)
	operator, err := r.office.AddAdmin(ctx, office.AddAdmin{Name: "kari", Role: registry.Operate})
	require.NoError(t, err)
	_, err = r.office.AddAdmin(ctx, office.AddAdmin{Name: "kari", Role: "boss"})
	require.Error(t, err)
	at := "http://" + r.at.Admin
	ola, kari := remote(t, at, reader.Token), remote(t, at, operator.Token)

	_, err = remote(t, at, "taxiadmin_wrong").Cars(ctx)
	refused(t, err, http.StatusUnauthorized, "not valid")
	res, err := http.Get(at + "/v1/cars")
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusUnauthorized, res.StatusCode)
	res, err = http.Get(at + "/metrics")
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusNotFound, res.StatusCode, "figures are for this machine")

	_, err = ola.Cars(ctx)
	require.NoError(t, err)
	_, err = ola.AddCar(ctx, office.AddCar{ID: "T1"})
	refused(t, err, http.StatusForbidden, "may only read")
	_, err = kari.AddCar(ctx, office.AddCar{ID: "T1"})
	require.NoError(t, err)
	audit, err := ola.Audit(ctx, 1)
	require.NoError(t, err)
	require.Equal(t, "kari", audit[0].By)

	admins, err := r.office.Admins(ctx)
	require.NoError(t, err)
	require.Len(t, admins, 2)
	require.NoError(t, kari.RemoveAdmin(ctx, "ola"))
	_, err = ola.Cars(ctx)
	refused(t, err, http.StatusUnauthorized, "not valid")
	ready, err := ola.Ready(ctx)
	require.NoError(t, err, "without a token")
	require.True(t, ready.OK)
}

// TestAReaderChangesNothing: what only looks is a GET, everything else changes.
func TestAReaderChangesNothing(t *testing.T) {
	r, ctx := started(t), t.Context()
	reader, err := r.office.AddAdmin(ctx, office.AddAdmin{Name: "ola", Role: registry.Read})
	require.NoError(t, err)
	for _, call := range []string{
		"POST /v1/cars", "POST /v1/cars/T1/code", "POST /v1/cars/T1/merchant", "POST /v1/cars/T1/qr", "POST /v1/cars/T1/token", "DELETE /v1/cars/T1/token",
		"POST /v1/terminals/T1/revoke", "POST /v1/webhooks/check", "DELETE /v1/webhooks/main/1", "POST /v1/trips/T1-ZZZZZ-0001/refund", "POST /v1/qr/sync",
		"POST /v1/admins", "DELETE /v1/admins/ola",
	} {
		method, path, _ := strings.Cut(call, " ")
		req, err := http.NewRequestWithContext(ctx, method, "http://"+r.at.Admin+path, nil)
		require.NoError(t, err)
		req.Header.Set("Authorization", "Bearer "+reader.Token)
		res, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.Equal(t, http.StatusForbidden, res.StatusCode, call)
	}
}

func remote(t *testing.T, at, token string) *office.Client {
	c, err := office.Remote(at, token, nil)
	require.NoError(t, err)
	return c
}

func TestAMerchantWithoutKeysIsAWarning(t *testing.T) {
	r, ctx := started(t, "[[merchant]]\nname = \"south\"\nmsn = \"7654321\"\nenvironment = \"test\"\n"), t.Context()
	ready, err := r.office.Ready(ctx)
	require.NoError(t, err)
	require.True(t, ready.OK)
	require.Len(t, ready.Warnings, 1)
	require.Contains(t, ready.Warnings[0], "south")
	merchants, err := r.office.Merchants(ctx)
	require.NoError(t, err)
	require.Len(t, merchants, 2)
	require.False(t, merchants[1].Keys)
	_, err = r.office.AddCar(ctx, office.AddCar{ID: "T1"})
	refused(t, err, http.StatusBadRequest, "which merchant")
	_, err = r.office.Webhooks(ctx, "south")
	refused(t, err, http.StatusConflict, "no keys")
}

func TestWhatIsKnownOutlivesTheGateway(t *testing.T) {
	r, ctx := started(t), t.Context()
	c := r.enrolled("T122")
	_, reference := c.paid(r, 25000)
	c.Close()
	r.stop()
	_, err := r.office.Cars(ctx)
	require.ErrorIs(t, err, office.ErrNotRunning)
	r.run()
	one, err := r.office.Trip(ctx, reference)
	require.NoError(t, err)
	require.Equal(t, money.Minor(25000), one.Captured)
	in, err := r.office.Terminals(ctx, false)
	require.NoError(t, err)
	require.Len(t, in, 1)
}

// api is a client with the merchant's keys, as another system would have.
func (r *rig) api() *vipps.Client {
	c, err := vipps.New(vipps.Config{
		BaseURL: "http://127.0.0.1", Transport: r.sim.Transport(), MSN: vippstest.DefaultMSN, ClientID: vippstest.DefaultClientID,
		ClientSecret: vipps.NewSecret(vippstest.DefaultClientSecret), SubscriptionKey: vipps.NewSecret(vippstest.DefaultSubscriptionKey),
		System: vipps.System{Name: "other", Version: "1", PluginName: "other", PluginVersion: "1"},
	})
	require.NoError(r.t, err)
	return c
}

// target is where a living code leads.
func (r *rig) target(id string) string {
	for _, c := range r.sim.Codes() {
		if c.ID == id && c.Alive {
			return c.Target
		}
	}
	return ""
}
