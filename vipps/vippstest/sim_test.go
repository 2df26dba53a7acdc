package vippstest

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"taxiterminal/money"
)

func TestLinksOfTheFlows(t *testing.T) {
	t.Parallel()
	push := map[string]string{"userFlow": `"PUSH_MESSAGE"`, "qrFormat": "", "customer": `{"phoneNumber":"` + phone + `"}`}
	for name, c := range map[string]struct {
		change map[string]string
		prefix string
	}{
		"text":     {nil, "https://qr.vipps.no/o/"},
		"default":  {map[string]string{"qrFormat": ""}, "https://qr.vipps.no/generate/qr.svg?"},
		"png":      {map[string]string{"qrFormat": `{"format":"IMAGE/PNG"}`}, "https://qr.vipps.no/generate/qr.png?"},
		"redirect": {map[string]string{"qrFormat": "", "userFlow": `"WEB_REDIRECT"`, "returnUrl": `"https://a.example/"`}, "https://pay.vipps.no/"},
		"push":     {push, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, hide := range []bool{false, true} {
				tm := newTerminal(t, Options{HideRedirectURL: hide})
				a := tm.post("", "c", createBody(c.change))
				require.Equal(t, 201, a.status, a.raw)
				link, _ := a.fields["redirectUrl"].(string)
				require.True(t, strings.HasPrefix(link, c.prefix) && (link == "") == (c.prefix == ""), link)
				inGet, _ := tm.get("/" + ref).fields["redirectUrl"].(string)
				if hide {
					require.Empty(t, inGet)
				} else {
					require.Equal(t, link, inGet)
				}
			}
		})
	}
	a, b := newTerminal(t, Options{Seed: 1}), newTerminal(t, Options{Seed: 2})
	require.NotEqual(t, a.post("", "c", createBody(nil)).raw, b.post("", "c", createBody(nil)).raw)
}

func TestReplaysHaveNoSecondEffect(t *testing.T) {
	t.Parallel()
	tm := newTerminal(t, Options{})
	first := tm.post("", "c", createBody(map[string]string{"metadata": ""}))
	require.NoError(t, tm.sim.Act(ref, Approve, 0))
	body := amountBody(1000)
	capture := tm.post("/"+ref+"/capture", "k", body)
	require.Equal(t, 200, capture.status)
	require.Equal(t, capture.raw, tm.post("/"+ref+"/capture", "k", body).raw)
	require.Equal(t, money.Minor(1000), tm.payment().Captured)
	require.Equal(t, 200, tm.post("/"+ref+"/capture", "k2", body).status, "a new key is a new capture")
	require.Equal(t, money.Minor(2000), tm.payment().Captured)
	require.Equal(t, 200, tm.post("/"+ref+"/refund", "k", body).status, "keys count for each operation")

	p := tm.payment()
	require.Equal(t, Calls{Seen: 3, Executed: 2, Replayed: 1}, p.Calls[OpCapture])
	require.Equal(t, Calls{Seen: 1, Executed: 1}, p.Calls[OpRefund])
	require.Equal(t, []KeyUse{{OpCreate, "c", 1}, {OpCapture, "k", 2}, {OpCapture, "k2", 1}, {OpRefund, "k", 1}}, p.Keys)
	require.Equal(t, 201, first.status)
	require.Contains(t, tm.get("/"+ref+"/events").raw, `"idempotencyKey":"k2"`)
}

func TestRefusalsStayUnderTheirKeyUnlessTheySayToTryAgain(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status int
		code   string
		stays  bool
	}{
		{400, "", true}, {400, "6080", true}, {403, "", true}, {409, "4150", true}, {400, "6260", true},
		{401, "", false}, {423, "", false}, {429, "", false}, {500, "", false}, {503, "", false},
		{409, "6160", false}, {400, "6250", false}, {400, "6280", false},
	} {
		t.Run(fmt.Sprint(c.status, " ", c.code), func(t *testing.T) {
			t.Parallel()
			tm := approved(t, Options{})
			tm.fault(Fault{Kind: Status, Status: c.status, Code: c.code, Op: OpCapture})
			require.Equal(t, c.status, tm.post("/"+ref+"/capture", "k", amountBody(100)).status)
			again := tm.post("/"+ref+"/capture", "k", amountBody(100))
			if c.stays {
				require.Equal(t, c.status, again.status)
				require.Zero(t, tm.payment().Captured)
				require.Equal(t, 200, tm.post("/"+ref+"/capture", "k2", amountBody(100)).status)
			} else {
				require.Equal(t, 200, again.status, again.raw)
			}
		})
	}
	t.Run("a refusal by the rules", func(t *testing.T) {
		t.Parallel()
		tm := created(t, Options{})
		require.Equal(t, "6080", tm.post("/"+ref+"/capture", "k", amountBody(100)).code)
		require.NoError(t, tm.sim.Act(ref, Approve, 0))
		require.Equal(t, "6080", tm.post("/"+ref+"/capture", "k", amountBody(100)).code)
		require.Equal(t, 200, tm.post("/"+ref+"/capture", "k2", amountBody(100)).status)
	})
}

func TestRateLimits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tm := approved(t, Options{RetryAfter: true})
		for i := range 5 {
			require.Equal(t, 200, tm.post("/"+ref+"/capture", fmt.Sprint("k", i), amountBody(100)).status)
			time.Sleep(time.Second)
		}
		a := tm.post("/"+ref+"/capture", "k5", amountBody(100))
		require.Equal(t, 429, a.status)
		require.EqualValues(t, 429, a.fields["statusCode"], "this one comes from the gateway")
		require.Equal(t, "55", a.header.Get("Retry-After"))
		require.Equal(t, 200, tm.post("/"+ref+"/refund", "k", amountBody(100)).status, "each operation has its own limit")
		time.Sleep(55 * time.Second)
		require.Equal(t, 200, tm.post("/"+ref+"/capture", "k5", amountBody(100)).status)
		require.Equal(t, 429, tm.post("/"+ref+"/capture", "k6", amountBody(100)).status, "the window slides")

		for range 120 {
			require.Equal(t, 200, tm.get("/"+ref).status)
		}
		require.Equal(t, 429, tm.get("/"+ref).status)
		require.Equal(t, 200, tm.get("/"+ref+"/events").status)
		require.Equal(t, 404, tm.get("/T122-another").status)
		tm.sim.Advance(time.Minute)
		require.Equal(t, 200, tm.get("/"+ref).status)

		tm = newTerminal(t, Options{})
		for range 5 {
			tm.post("", "c", createBody(map[string]string{"reference": "", "Reference": `"T122-0042"`}))
		}
		a = tm.post("", "c2", createBody(map[string]string{"reference": "", "Reference": `"T122-0043"`}))
		require.Equal(t, 429, a.status, "without a reference all payments count as one")
		require.Empty(t, a.header.Get("Retry-After"))
	})
}

func TestExpiry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tm := created(t, Options{ExpiryLag: 30 * time.Second})
		time.Sleep(10*time.Minute - time.Second)
		require.Equal(t, "CREATED", tm.payment().State)
		time.Sleep(time.Second)
		require.Equal(t, "CREATED", tm.payment().State, "the state is written later")
		require.Error(t, tm.sim.Act(ref, Approve, 0), "but nobody can approve any more")
		time.Sleep(30 * time.Second)
		require.Equal(t, "EXPIRED", tm.payment().State)
		require.Zero(t, tm.payment().Cancelled)

		tm = created(t, Options{})
		time.Sleep(10*time.Minute - time.Nanosecond)
		require.NoError(t, tm.sim.Act(ref, Approve, 0), "at the last moment")
		time.Sleep(time.Hour)
		require.Equal(t, "AUTHORIZED", tm.payment().State)
	})
}

func TestAdvanceKeepsTheOrderOfThings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		after time.Duration
		state string
	}{"approval first": {9 * time.Minute, "AUTHORIZED"}, "expiry first": {10 * time.Minute, "EXPIRED"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tm := created(t, Options{})
			require.NoError(t, tm.sim.Act(ref, Approve, c.after))
			tm.sim.Advance(24 * time.Hour)
			require.Equal(t, c.state, tm.payment().State)
		})
	}
	tm := created(t, Options{})
	before := tm.sim.Now()
	tm.sim.Advance(-time.Hour)
	require.False(t, tm.sim.Now().Before(before), "time does not go back")
}

func TestPassenger(t *testing.T) {
	t.Parallel()
	t.Run("scans, approves, cannot do it again", func(t *testing.T) {
		t.Parallel()
		tm := created(t, Options{})
		link := tm.get("/" + ref).fields["redirectUrl"].(string)
		bill, err := tm.sim.Scan(link)
		require.NoError(t, err)
		require.Equal(t, ref, bill.Reference)
		require.Equal(t, money.Of(28650, money.NOK), money.Of(bill.Amount, bill.Currency))
		require.NoError(t, tm.sim.Act(bill.Reference, Approve, 0))
		require.Error(t, tm.sim.Act(ref, Reject, 0))
		_, err = tm.sim.Scan(link)
		require.ErrorIs(t, err, ErrNothingToPay)
		_, err = tm.sim.Scan("")
		require.ErrorIs(t, err, ErrNothingToPay)
		require.Error(t, tm.sim.Act("no-such-payment", Approve, 0))
		require.Error(t, tm.sim.Act(ref, "dance", 0))
	})
	t.Run("rejects", func(t *testing.T) {
		t.Parallel()
		tm := created(t, Options{})
		require.NoError(t, tm.sim.Act(ref, Reject, 0))
		require.Equal(t, "ABORTED", tm.get("/" + ref).fields["state"])
	})
	t.Run("approves after a while, or changes their mind", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			tm := created(t, Options{})
			require.NoError(t, tm.sim.Act(ref, Approve, 3*time.Second))
			require.NoError(t, tm.sim.Act(ref, Ignore, 0))
			time.Sleep(time.Minute)
			require.Equal(t, "CREATED", tm.payment().State)
			require.NoError(t, tm.sim.Act(ref, Approve, 3*time.Second))
			time.Sleep(3 * time.Second)
			require.Equal(t, "AUTHORIZED", tm.payment().State)
		})
	})
	t.Run("is in the middle of it", func(t *testing.T) {
		t.Parallel()
		tm := created(t, Options{})
		require.NoError(t, tm.sim.Act(ref, Begin, 0))
		require.True(t, tm.payment().Approving)
		require.Equal(t, "6250", tm.post("/"+ref+"/cancel", "k", "").code)
		require.NoError(t, tm.sim.Act(ref, Reject, 0))
		require.False(t, tm.payment().Approving)
	})
	t.Run("planned approval against a cancel that came first", func(t *testing.T) {
		t.Parallel()
		tm := created(t, Options{})
		require.NoError(t, tm.sim.Act(ref, Approve, time.Minute))
		require.Equal(t, 200, tm.post("/"+ref+"/cancel", "k", "").status)
		tm.sim.Advance(time.Hour)
		require.Equal(t, "TERMINATED", tm.payment().State)
		require.Equal(t, money.Minor(28650), tm.payment().Cancelled)
		require.Zero(t, tm.payment().Authorized)
	})
	t.Run("has a habit", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			tm := newTerminal(t, Options{})
			tm.sim.SetHabit(Habit{Approve, Duration(2 * time.Second)})
			require.Equal(t, 201, tm.post("", "c", createBody(nil)).status)
			require.Equal(t, "CREATED", tm.payment().State)
			time.Sleep(2 * time.Second)
			require.Equal(t, "AUTHORIZED", tm.payment().State)
		})
	})
	t.Run("is asked by phone, personal code or token", func(t *testing.T) {
		t.Parallel()
		tm := newTerminal(t, Options{})
		token := tm.sim.CustomerToken(phone)
		for i, customer := range []string{
			`{"phoneNumber":"` + phone + `"}`, `{"personalQr":"` + tm.sim.PersonalQR(phone) + `"}`, `{"customerToken":"` + token + `"}`,
		} {
			a := tm.post("", fmt.Sprint(i), createBody(map[string]string{
				"userFlow": `"PUSH_MESSAGE"`, "qrFormat": "", "customer": customer, "reference": fmt.Sprintf(`"T122-004%d"`, i),
			}))
			require.Equal(t, 201, a.status, a.raw)
			require.NotContains(t, a.raw, "redirectUrl")
		}
		require.Len(t, tm.sim.Pushed(phone), 3)
		require.Empty(t, tm.sim.Pushed("4799999999"))
		tm.later(15 * time.Minute)
		require.Empty(t, tm.sim.Pushed(phone))
		a := tm.post("", "late", createBody(map[string]string{"userFlow": `"PUSH_MESSAGE"`, "qrFormat": "", "customer": `{"customerToken":"` + token + `"}`}))
		require.Equal(t, "4050", a.code, "tokens live 15 minutes")
	})
}

func TestForceApprove(t *testing.T) {
	t.Parallel()
	tm := created(t, Options{})
	require.Equal(t, 200, tm.force(`{"customer":{"phoneNumber":"`+phone+`"}}`).status)
	require.Equal(t, "AUTHORIZED", tm.payment().State)
	tm = created(t, Options{})
	link := tm.payment().RedirectURL
	require.Equal(t, 200, tm.force(`{"token":"`+link[strings.LastIndex(link, "/")+1:]+`"}`).status)
	tm = created(t, Options{})
	tm.sim.Stranger(phone)
	require.Equal(t, "7010", tm.force(`{"customer":{"phoneNumber":"`+phone+`"}}`).code)
	require.Equal(t, "5090", tm.send("POST", "/epayment/v1/test/payments/no-such-payment/approve", "{}", tm.headers("")).code)
}

func TestAggregates(t *testing.T) {
	t.Parallel()
	tm := approved(t, Options{})
	aggregate := func(a got) [4]float64 {
		m := a.fields["aggregate"].(map[string]any)
		value := func(name string) float64 { return m[name].(map[string]any)["value"].(float64) }
		return [4]float64{value("authorizedAmount"), value("capturedAmount"), value("cancelledAmount"), value("refundedAmount")}
	}
	require.Equal(t, [4]float64{28650, 0, 0, 0}, aggregate(tm.get("/"+ref)))
	require.Equal(t, [4]float64{28650, 20000, 0, 0}, aggregate(tm.post("/"+ref+"/capture", "k1", amountBody(20000))))
	require.Equal(t, [4]float64{28650, 25000, 0, 0}, aggregate(tm.post("/"+ref+"/capture", "k2", amountBody(5000))))
	require.Equal(t, [4]float64{28650, 25000, 3650, 0}, aggregate(tm.post("/"+ref+"/cancel", "k", "")))
	require.Equal(t, [4]float64{28650, 25000, 3650, 700}, aggregate(tm.post("/"+ref+"/refund", "k", amountBody(700))))
	require.Equal(t, "AUTHORIZED", tm.get("/" + ref).fields["state"])
	require.NotEmpty(t, tm.get("/" + ref).fields["captureGuaranteedUntil"])
	require.Equal(t, Ledger{Payments: 1, Authorized: 28650, Captured: 25000, Cancelled: 3650, Refunded: 700, Broken: []string{}}, tm.sim.Ledger())
}

func TestReceiptIsShownOnlyIfItAddsUp(t *testing.T) {
	t.Parallel()
	for receipt, shown := range map[string]bool{
		`{"orderLines":[{"name":"a","id":"a","totalAmount":28650,"totalAmountExcludingTax":25580,"totalTaxAmount":3070,"taxRate":1200}],"bottomLine":{"currency":"NOK"}}`: true,
		`{"orderLines":[{"name":"a","id":"a","totalAmount":28650,"totalAmountExcludingTax":25580,"totalTaxAmount":3071,"taxRate":1200}],"bottomLine":{"currency":"NOK"}}`: false,
		`{"orderLines":[{"name":"a","id":"a","totalAmount":28649,"totalAmountExcludingTax":28649,"totalTaxAmount":0,"taxRate":0}],"bottomLine":{"currency":"NOK"}}`:       false,
		"": false,
	} {
		tm := newTerminal(t, Options{})
		require.Equal(t, 201, tm.post("", "c", createBody(map[string]string{"receipt": receipt})).status)
		require.Equal(t, shown, tm.payment().ReceiptShown, receipt)
	}
}

// Whatever is called in whatever order with whatever going wrong, the money adds up.
func TestLedgerHoldsOverAnyOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		sim := New(Options{Seed: rapid.Uint64().Draw(rt, "seed"), FullCaptureOnly: rapid.Bool().Draw(rt, "full only")})
		defer sim.Close()
		tm := &terminal{t: t, sim: sim}
		tm.login()
		kinds := []FaultKind{LostResponse, Garbage, Portal, WrongReference, RevokeToken}
		for i := range rapid.IntRange(1, 30).Draw(rt, "steps") {
			key := fmt.Sprint("k", rapid.IntRange(0, 3).Draw(rt, "key"))
			path := "/" + fmt.Sprint("T122-000", rapid.IntRange(0, 1).Draw(rt, "payment"))
			body := amountBody(rapid.SampledFrom([]int{0, 1, 14325, 28650, 28651}).Draw(rt, "amount"))
			switch rapid.IntRange(0, 8).Draw(rt, "step") {
			case 0, 1:
				tm.quietly("", key, createBody(map[string]string{"reference": `"` + path[1:] + `"`}))
			case 2:
				_ = sim.Act(path[1:], rapid.SampledFrom([]Action{Approve, Reject, Begin, Ignore}).Draw(rt, "action"), 0)
			case 3:
				tm.quietly(path+"/capture", key, body)
			case 4:
				tm.quietly(path+"/cancel", key, rapid.SampledFrom([]string{"", `{"cancelTransactionOnly":true}`}).Draw(rt, "cancel"))
			case 5:
				tm.quietly(path+"/refund", key, body)
			case 6:
				sim.Advance(time.Duration(rapid.IntRange(1, 300).Draw(rt, "seconds")) * time.Second)
				tm.login()
			case 7:
				op := rapid.SampledFrom([]Op{OpCreate, OpCapture, OpCancel, OpRefund}).Draw(rt, "op")
				_, err := sim.AddFault(Fault{Kind: kinds[i%len(kinds)], Op: op, Executed: i%2 == 0 && kinds[i%len(kinds)] != RevokeToken})
				require.NoError(rt, err)
			case 8:
				sim.RemoveFault(0)
				tm.login()
			}
			require.NoError(rt, sim.Check())
		}
	})
}

// quietly sends without caring for the answer, which a fault may have taken.
func (tm *terminal) quietly(path, key, body string) {
	req := tm.request("POST", "/epayment/v1/payments"+path, body, tm.headers(key))
	if resp, err := tm.sim.Transport().RoundTrip(req); err == nil {
		_ = resp.Body.Close()
	}
}

// The ledger's own rules find every way to spoil it.
func TestCheckFindsWhatIsBroken(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*Sim, *payment){
		"captured <= authorized":                 func(_ *Sim, p *payment) { p.captured = p.authorized + 1 },
		"captured + cancelled <= authorized":     func(_ *Sim, p *payment) { p.cancelled = p.authorized },
		"refunded <= captured":                   func(_ *Sim, p *payment) { p.refunded = p.captured + 1 },
		"nothing is negative":                    func(_ *Sim, p *payment) { p.refunded = -1 },
		"authorized is nothing or the amount":    func(_ *Sim, p *payment) { p.authorized-- },
		"authorized if and only if AUTHORIZED":   func(_ *Sim, p *payment) { p.state = stateAborted },
		"terminated is wholly cancelled":         func(_ *Sim, p *payment) { p.state = stateTerminated },
		"captured is the sum of its events":      func(_ *Sim, p *payment) { p.captured-- },
		"refunded is the sum of its events":      func(_ *Sim, p *payment) { p.refunded = 1 },
		"cancelled is the sum of its events":     func(_ *Sim, p *payment) { p.cancelled = 1 },
		"authorized is the sum of its events":    func(_ *Sim, p *payment) { p.events = p.events[:1] },
		"created exactly once":                   func(s *Sim, p *payment) { s.traffic[p.reference][OpCreate].Executed = 2 },
		"no more executed than seen":             func(s *Sim, p *payment) { s.traffic[p.reference][OpCapture].Executed = 9 },
		"captured money has an executed capture": func(s *Sim, p *payment) { s.traffic[p.reference][OpCapture].Executed = 0 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tm := approved(t, Options{})
			require.Equal(t, 200, tm.post("/"+ref+"/capture", "k", amountBody(28000)).status)
			require.NoError(t, tm.sim.Check())
			p := *tm.sim.payments[ref]
			counts := map[Op]Calls{}
			for op, n := range tm.sim.traffic[ref] {
				counts[op] = *n
			}
			spoil(tm.sim, tm.sim.payments[ref])
			require.ErrorContains(t, tm.sim.Check(), name)
			*tm.sim.payments[ref] = p
			for op, n := range counts {
				*tm.sim.traffic[ref][op] = n
			}
		})
	}
}
