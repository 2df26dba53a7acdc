package vipps_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/vipps"
	"taxiterminal/vipps/vippstest"
)

// world is what the calls of the other APIs are about: an approved payment that
// shares, and a printed code unless it is still to be made.
type world struct {
	sim    *vippstest.Sim
	client *vipps.Client
	sub    string
	link   string
	hook   string // id of a registration
}

func newWorld(t *testing.T, sim *vippstest.Sim, client *vipps.Client, op vipps.Op) *world {
	t.Helper()
	w := &world{sim: sim, client: client, sub: shared(t, sim, client)}
	if op != vipps.OpCodeCreate {
		code, res := client.CreateCode(t.Context(), sticker, vipps.CodeSVG)
		require.Equal(t, vipps.Done, res.Kind, "%v", res.Err)
		w.link = code.URL
	}
	if op == vipps.OpWebhookDelete || op == vipps.OpWebhookList {
		hook, _, res := client.RegisterWebhook(t.Context(), hookURL, []string{vipps.EventCheckIn})
		require.Equal(t, vipps.Done, res.Kind, "%v", res.Err)
		w.hook = hook.ID
	}
	return w
}

// about is what the simulator counts the calls of op under.
func (w *world) about(op vipps.Op) string {
	switch op {
	case vipps.OpUserinfo:
		return w.sub
	case vipps.OpReceipt:
		return reference
	case vipps.OpCodeList, vipps.OpWebhookRegister, vipps.OpWebhookList:
		return ""
	case vipps.OpWebhookDelete:
		return w.hook
	}
	return sticker.ID
}

func (w *world) executed(op vipps.Op) int {
	return w.sim.Calls(vippstest.Op(op), w.about(op)).Executed
}

// elsewhere are all calls of the APIs other than ePayment, with what their
// repetition says after the first had its effect.
func elsewhere(t *testing.T) map[vipps.Op]struct {
	call  func(context.Context, *world) vipps.Result
	again vipps.Class
} {
	t.Helper()
	body := receiptBody(t)
	type entry = struct {
		call  func(context.Context, *world) vipps.Result
		again vipps.Class
	}
	return map[vipps.Op]entry{
		vipps.OpUserinfo: {func(ctx context.Context, w *world) vipps.Result { return second(w.client.Userinfo(ctx, w.sub)) }, ""},
		vipps.OpReceipt:  {func(ctx context.Context, w *world) vipps.Result { return w.client.PostReceipt(ctx, reference, body) }, ""},
		vipps.OpCodeCreate: {func(ctx context.Context, w *world) vipps.Result {
			return second(w.client.CreateCode(ctx, sticker, vipps.CodeText))
		}, vipps.ClassConflict},
		vipps.OpCodeGet: {func(ctx context.Context, w *world) vipps.Result {
			return second(w.client.Code(ctx, sticker.ID, vipps.CodeText))
		}, ""},
		vipps.OpCodeList: {func(ctx context.Context, w *world) vipps.Result { return second(w.client.Codes(ctx, vipps.CodeText)) }, ""},
		vipps.OpCodeRetarget: {func(ctx context.Context, w *world) vipps.Result {
			return second(w.client.RetargetCode(ctx, vipps.RedirectCode{ID: sticker.ID, Target: "https://taxi.example/new"}, vipps.CodeText))
		}, ""},
		vipps.OpCodeDestroy:  {func(ctx context.Context, w *world) vipps.Result { return w.client.DestroyCode(ctx, sticker.ID) }, vipps.ClassNotFound},
		vipps.OpCodeDownload: {func(ctx context.Context, w *world) vipps.Result { return second(w.client.DownloadCode(ctx, w.link)) }, ""},
		vipps.OpWebhookRegister: {func(ctx context.Context, w *world) vipps.Result {
			_, _, res := w.client.RegisterWebhook(ctx, hookURL, []string{vipps.EventRefunded})
			return res
		}, ""},
		vipps.OpWebhookList:   {func(ctx context.Context, w *world) vipps.Result { return second(w.client.Webhooks(ctx)) }, ""},
		vipps.OpWebhookDelete: {func(ctx context.Context, w *world) vipps.Result { return w.client.DeleteWebhook(ctx, w.hook) }, vipps.ClassNotFound},
	}
}

// fit says what a misfortune is for an operation that differs from a payment's.
func fit(name string, m misfortune, op vipps.Op) misfortune {
	m.fault.Op = vippstest.Op(op)
	if m.kind == vipps.Unknown && isRead(op) {
		m.kind = vipps.Retry
	}
	switch name {
	case "answer about another payment":
		switch op {
		case vipps.OpReceipt, vipps.OpCodeList, vipps.OpCodeDestroy, vipps.OpCodeDownload,
			vipps.OpWebhookRegister, vipps.OpWebhookList, vipps.OpWebhookDelete:
			m.kind = vipps.Done // the answer does not say what it is about
		}
	case "token refused again and again":
		switch op {
		case vipps.OpUserinfo:
			m.fault.Times = 4 // two tokens, with and without the key
		case vipps.OpCodeDownload:
			m.fault.Times = 1 // it has no token
		}
	}
	return m
}

// Every misfortune happens to every operation of the other APIs as well.
func TestMisfortunesTimesOperationsElsewhere(t *testing.T) {
	t.Parallel()
	for name, m := range misfortunes {
		for op, e := range elsewhere(t) {
			t.Run(name+"/"+string(op), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					sim := vippstest.New(vippstest.Options{})
					defer sim.Close()
					w := newWorld(t, sim, newClient(t, sim), op)
					m := fit(name, m, op)
					before := w.executed(op)
					if m.down != "" {
						require.NoError(t, sim.SetNetwork(m.down, 0))
					} else {
						fault(t, sim, m.fault)
					}
					res := e.call(t.Context(), w)
					require.Equal(t, m.kind, res.Kind, "%v", res.Err)
					require.Equal(t, m.after, res.After)
					require.Equal(t, m.effects, w.executed(op)-before)
					if m.kind != vipps.Done {
						require.Equal(t, m.class, res.Err.Class, "%v", res.Err)
						require.Equal(t, op, res.Err.Op)
					}
					require.NoError(t, sim.SetNetwork(vippstest.Up, 0))
					time.Sleep(15 * time.Second)
					repeat(t, w, op, e.call, e.again, w.executed(op) > before)
				})
			})
		}
	}
}

// repeat calls again and says whether that is as harmless as it is promised.
func repeat(t *testing.T, w *world, op vipps.Op, call func(context.Context, *world) vipps.Result, again vipps.Class, done bool) {
	t.Helper()
	res := call(t.Context(), w)
	if done && again != "" {
		require.Equal(t, vipps.Rejected, res.Kind)
		require.Equal(t, again, res.Err.Class, "%v", res.Err)
	} else {
		require.Equal(t, vipps.Done, res.Kind, "%v", res.Err)
	}
	switch op {
	case vipps.OpReceipt:
		require.Equal(t, 1, w.executed(op))
	case vipps.OpCodeCreate, vipps.OpCodeDestroy:
		require.Equal(t, 1, w.executed(op))
		require.Len(t, w.sim.Codes(), 1)
	case vipps.OpCodeRetarget:
		require.Equal(t, "https://taxi.example/new", w.sim.Codes()[0].Target)
	}
	require.NoError(t, w.sim.Check())
}

// The same over real connections, for what happens most.
func TestFaultsElsewhereOverTCP(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]vippstest.Fault{
		"request lost":         {Kind: vippstest.LostRequest},
		"response lost":        {Kind: vippstest.LostResponse},
		"429":                  {Kind: vippstest.Status, Status: 429},
		"500":                  {Kind: vippstest.Status, Status: 500},
		"500 after the effect": {Kind: vippstest.Status, Status: 500, Executed: true},
		"garbage":              {Kind: vippstest.Garbage},
		"portal":               {Kind: vippstest.Portal},
		"token revoked":        {Kind: vippstest.RevokeToken},
	} {
		for op, e := range elsewhere(t) {
			t.Run(name+"/"+string(op), func(t *testing.T) {
				t.Parallel()
				sim := newSim(t, vippstest.Options{})
				client, _ := overTCP(t, sim)
				w := newWorld(t, sim, client, op)
				before := w.executed(op)
				f := f
				f.Op = vippstest.Op(op)
				fault(t, sim, f)
				want := vipps.Unknown
				switch {
				case f.Kind == vippstest.RevokeToken:
					want = vipps.Done
				case f.Status == 429, isRead(op):
					want = vipps.Retry
				}
				res := e.call(t.Context(), w)
				if isRead(op) && res.Kind == vipps.Done {
					want = vipps.Done // net/http has replayed a GET whose connection broke
					require.Contains(t, []vippstest.FaultKind{vippstest.LostRequest, vippstest.LostResponse, vippstest.RevokeToken}, f.Kind)
				}
				require.Equal(t, want, res.Kind, "%v", res.Err)
				repeat(t, w, op, e.call, e.again, w.executed(op) > before)
			})
		}
	}
}
