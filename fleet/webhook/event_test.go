package webhook_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"taxiterminal/fleet/webhook"
	"taxiterminal/money"
)

const approvedBody = `{"msn":"123456","reference":"T122-K7Q2X-0042-1","pspReference":"7686f7788898767977","name":"AUTHORIZED",` +
	`"amount":{"currency":"NOK","value":28650},"timestamp":"2026-11-20T21:29:58.1234567Z","idempotencyKey":null,"success":true,` +
	`"sub":"who-it-is","userDetails":{"firstName":"Kari","lastName":"Nordmann","mobileNumber":"4790000001"},"new":[1]}`

const checkInBody = `{"customerToken":"c3VwZXItc2VjcmV0LXRva2Vu","merchantQrId":"taxi-T122-7GK2QX","msn":"123456","initiatedAt":"2026-11-20T21:29:58.1234567Z"}`

func TestRead(t *testing.T) {
	t.Parallel()
	e := webhook.Read(msn, []byte(approvedBody), now)
	require.Equal(t, webhook.Payment, e.Kind)
	require.Equal(t, "T122-K7Q2X-0042-1", e.Reference)
	require.Equal(t, "AUTHORIZED", e.Name)
	require.Equal(t, money.Of(28650, money.NOK), e.Amount)
	require.True(t, e.Success)
	require.Equal(t, "2026-11-20T21:29:58.1234567Z", e.Time.Format("2006-01-02T15:04:05.0000000Z07:00"))
	require.Equal(t, "7686f7788898767977/AUTHORIZED", e.MsgID())

	c := webhook.Read(msn, []byte(checkInBody), now)
	require.Equal(t, webhook.CheckIn, c.Kind)
	require.Equal(t, "taxi-T122-7GK2QX", c.QR)
	require.Equal(t, "c3VwZXItc2VjcmV0LXRva2Vu", c.Token.Reveal())
	require.Regexp(t, `^check-in/[0-9a-f]{32}$`, c.MsgID())

	for _, e := range []webhook.Event{e, c} {
		raw, err := json.Marshal(e)
		require.NoError(t, err)
		for _, text := range []string{string(raw), fmt.Sprintf("%+v %#v", e, e)} {
			for _, private := range []string{"who-it-is", "Kari", "Nordmann", "4790000001", "c3VwZXItc2Vj"} {
				require.NotContains(t, text, private)
			}
		}
	}
}

func TestReadIsLenient(t *testing.T) {
	t.Parallel()
	for body, kind := range map[string]webhook.Kind{
		`{"reference":"a","name":"B"}`: webhook.Payment,
		`{"reference":"a","name":"SOMETHING_NEW","amount":7,"success":"yes","timestamp":3,"msn":123456}`: webhook.Payment,
		`{"merchantQrId":"a","customerToken":"t","merchantSerialNumber":"123456"}`:                       webhook.CheckIn,
		`{"merchantQrId":"a","customerToken":"t","merchantSerialNumber":123456}`:                         webhook.CheckIn,
		`{"reference":"a","name":"B","msn":"999999"}`:                                                    webhook.Other,
		`{"reference":"a b","name":"B"}`:                                                                 webhook.Other,
		`{"reference":{"a":1},"name":"B"}`:                                                               webhook.Other,
		`{"merchantQrId":"a"}`:                                                                           webhook.Other,
		`{"event":"consent"}`:                                                                            webhook.Other,
		`[]`:                                                                                             webhook.Other,
		`not json`:                                                                                       webhook.Other,
		``:                                                                                               webhook.Other,
	} {
		e := webhook.Read(msn, []byte(body), now)
		require.Equal(t, kind, e.Kind, body)
		require.NotEmpty(t, e.MsgID())
		require.Len(t, e.Digest, 64)
	}
	a, b := webhook.Read(msn, []byte(`{"a":1}`), now), webhook.Read(msn, []byte(`{"a":2}`), now)
	require.NotEqual(t, a.MsgID(), b.MsgID())
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(approvedBody))
	f.Add([]byte(checkInBody))
	f.Fuzz(func(t *testing.T, body []byte) {
		e := webhook.Read(msn, body, now)
		require.Regexp(t, `^[A-Za-z0-9._/-]{1,260}$`, e.MsgID())
		require.GreaterOrEqual(t, int64(e.Amount.Value), int64(0))
		raw, err := json.Marshal(e)
		require.NoError(t, err)
		require.Less(t, len(raw), 1024)
	})
}
