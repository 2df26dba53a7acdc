package vipps_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/vipps"
)

// canned answers every API request with the same status and body, and token
// requests properly.
func canned(status int, header http.Header, body string) http.RoundTripper {
	return transportFunc(func(r *http.Request) (*http.Response, error) {
		if r.Body != nil {
			_ = r.Body.Close()
		}
		answer := &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}
		if strings.HasPrefix(r.URL.Path, "/accesstoken/") {
			answer.StatusCode, answer.Body = 200, io.NopCloser(strings.NewReader(`{"access_token":"abcdef","expires_in":"3600"}`))
			return answer, nil
		}
		for name := range header {
			answer.Header.Set(name, header.Get(name))
		}
		return answer, nil
	})
}

// operation is one call about the payment that all tests use.
type operation func(context.Context, *vipps.Client) vipps.Result

// operations are all of them.
func operations(t *testing.T) map[vipps.Op]operation {
	t.Helper()
	create, part, cancel := encode(t, plain()), encode(t, nok(fare)), encode(t, vipps.Cancellation{TransactionOnly: true})
	return map[vipps.Op]operation{
		vipps.OpCreate: func(ctx context.Context, c *vipps.Client) vipps.Result { return c.Create(ctx, "key-create", create) },
		vipps.OpCapture: func(ctx context.Context, c *vipps.Client) vipps.Result {
			return c.Capture(ctx, reference, "key-capture", part)
		},
		vipps.OpCancel: func(ctx context.Context, c *vipps.Client) vipps.Result {
			return c.Cancel(ctx, reference, "key-cancel", cancel)
		},
		vipps.OpRefund: func(ctx context.Context, c *vipps.Client) vipps.Result {
			return c.Refund(ctx, reference, "key-refund", part)
		},
		vipps.OpGet: func(ctx context.Context, c *vipps.Client) vipps.Result { return c.Get(ctx, reference) },
		vipps.OpEvents: func(ctx context.Context, c *vipps.Client) vipps.Result {
			_, res := c.Events(ctx, reference)
			return res
		},
	}
}

func isRead(op vipps.Op) bool {
	return slices.Contains([]vipps.Op{vipps.OpGet, vipps.OpEvents, vipps.OpUserinfo, vipps.OpCodeGet, vipps.OpCodeList, vipps.OpCodeDownload, vipps.OpWebhookList}, op)
}

// answersAre tries all operations against one answer.
func answersAre(t *testing.T, status int, body string, kind vipps.Kind, class vipps.Class, code string) {
	t.Helper()
	cfg := simConfig("http://127.0.0.1")
	cfg.Transport = canned(status, nil, body)
	for op, call := range operations(t) {
		client, err := vipps.New(cfg)
		require.NoError(t, err)
		res := call(t.Context(), client)
		want := kind
		if want == vipps.Unknown && isRead(op) {
			want = vipps.Retry
		}
		require.Equal(t, want, res.Kind, "%s: %v", op, res.Err)
		require.NotNil(t, res.Err)
		require.Equal(t, class, res.Err.Class, op)
		require.Equal(t, op, res.Err.Op)
		require.Equal(t, status, res.Err.Status)
		require.Equal(t, code, res.Err.Code)
		require.NotEmpty(t, res.Err.Hint)
	}
}

func problemBody(status int, code string) string {
	return fmt.Sprintf(`{"type":"https://httpstatuses.io/%d","title":"T","status":"%d","traceId":"00-ab-cd-01","extraDetails":[{"name":"ErrorCode","reason":"%s"}]}`, status, status, code)
}

func TestEveryStatus(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]struct {
		kind  vipps.Kind
		class vipps.Class
	}{
		301: {vipps.Unknown, vipps.ClassPortal},
		302: {vipps.Unknown, vipps.ClassPortal},
		307: {vipps.Unknown, vipps.ClassPortal},
		400: {vipps.Rejected, vipps.ClassInvalid},
		401: {vipps.Retry, vipps.ClassCredentials},
		402: {vipps.Rejected, vipps.ClassNotFound},
		403: {vipps.Rejected, vipps.ClassNotPermitted},
		404: {vipps.Rejected, vipps.ClassNotFound},
		405: {vipps.Rejected, vipps.ClassInvalid},
		407: {vipps.Retry, vipps.ClassPortal},
		408: {vipps.Unknown, vipps.ClassUnavailable},
		409: {vipps.Rejected, vipps.ClassConflict},
		415: {vipps.Rejected, vipps.ClassInvalid},
		422: {vipps.Rejected, vipps.ClassInvalid},
		423: {vipps.Retry, vipps.ClassBusy},
		425: {vipps.Retry, vipps.ClassUnavailable},
		429: {vipps.Retry, vipps.ClassRateLimited},
		500: {vipps.Unknown, vipps.ClassUnavailable},
		502: {vipps.Unknown, vipps.ClassUnavailable},
		503: {vipps.Unknown, vipps.ClassUnavailable},
		504: {vipps.Unknown, vipps.ClassUnavailable},
		511: {vipps.Retry, vipps.ClassPortal},
		599: {vipps.Unknown, vipps.ClassUnavailable},
	} {
		for name, body := range map[string]string{
			"problem": fmt.Sprintf(`{"type":"t","title":"T","status":%d,"traceId":"abc"}`, status),
			"gateway": fmt.Sprintf(`{"statusCode":%d,"message":"M"}`, status),
			"nothing": "",
		} {
			t.Run(fmt.Sprintf("%d with %s", status, name), func(t *testing.T) {
				t.Parallel()
				answersAre(t, status, body, want.kind, want.class, "")
			})
		}
	}
}

func TestEveryCode(t *testing.T) {
	t.Parallel()
	want := map[vipps.Class]string{
		vipps.ClassConflict:        "4010 4020 4150",
		vipps.ClassInvalid:         "3010 4040 4080 4090 4100 4110 4120 4130 4140 6010 6110 6120 6130 10010 10020 10030 10040 10050 10060 10070",
		vipps.ClassCustomer:        "4050 4060 4070 7010",
		vipps.ClassNotPermitted:    "5010 5020 5030 5040 5050 5060 5070 5080 5100",
		vipps.ClassNotFound:        "5090",
		vipps.ClassState:           "6020 6030 6040 6050 6060 6070 6080 6090 6100 6140 6150 6170 6180 6190 6200 6210 6220 6230",
		vipps.ClassDeclinedCapture: "6260",
		vipps.ClassBusy:            "6160 6250 6280",
	}
	for class, codes := range want {
		for _, code := range strings.Fields(codes) {
			kind := vipps.Rejected
			if class == vipps.ClassBusy {
				kind = vipps.Retry
			}
			t.Run(code, func(t *testing.T) {
				t.Parallel()
				for _, status := range []int{400, 403, 404, 409, 422} {
					answersAre(t, status, problemBody(status, code), kind, class, code)
				}
				// An internal error that quotes a rule has decided nothing, but one
				// that says to try again has.
				if class == vipps.ClassBusy {
					answersAre(t, 500, problemBody(500, code), vipps.Retry, class, code)
				} else {
					answersAre(t, 500, problemBody(500, code), vipps.Unknown, vipps.ClassUnavailable, code)
				}
			})
		}
	}
	t.Run("a code that nobody knows", func(t *testing.T) {
		t.Parallel()
		answersAre(t, 400, problemBody(400, "9990"), vipps.Rejected, vipps.ClassInvalid, "9990")
		answersAre(t, 409, problemBody(409, "9990"), vipps.Rejected, vipps.ClassConflict, "9990")
	})
}

func TestAnswersOfSomebodyElse(t *testing.T) {
	t.Parallel()
	const page = "<html><title>Hotel WiFi</title>Please log in</html>"
	for status, kind := range map[int]vipps.Kind{
		200: vipps.Unknown, 201: vipps.Unknown, 302: vipps.Unknown, 400: vipps.Unknown, 403: vipps.Unknown, 404: vipps.Unknown,
		407: vipps.Retry, 511: vipps.Retry,
	} {
		t.Run(fmt.Sprintf("a page with %d", status), func(t *testing.T) {
			t.Parallel()
			answersAre(t, status, page, kind, vipps.ClassPortal, "")
		})
	}
	for name, body := range map[string]string{
		"nothing":             "",
		"half an object":      `{"reference":"` + reference + `","aggregate":{"captured`,
		"another reference":   strings.ReplaceAll(wholePayment, reference, "T999-20261012-0042-1"),
		"a list of somewhat":  `[1,2,3]`,
		"null":                `null`,
		"a problem with 200":  problemBody(200, "6080"),
		"more than a MiB":     `{"reference":"` + reference + `","x":"` + strings.Repeat("x", 1<<20) + `"}`,
		"nested without end":  strings.Repeat("[", 20000),
		"reference in number": `{"reference":248679167965815592292}`,
	} {
		t.Run("200 with "+name, func(t *testing.T) {
			t.Parallel()
			status := 200
			if name == "more than a MiB" {
				status = 0 // given up before it was whole
			}
			cfg := simConfig("http://127.0.0.1")
			cfg.Transport = canned(200, nil, body)
			for op, call := range operations(t) {
				client, err := vipps.New(cfg)
				require.NoError(t, err)
				res := call(t.Context(), client)
				want := vipps.Unknown
				if isRead(op) {
					want = vipps.Retry
				}
				require.Equal(t, want, res.Kind, "%s", op)
				require.Equal(t, vipps.ClassGarbled, res.Err.Class, "%s: %v", op, res.Err)
				require.Equal(t, status, res.Err.Status)
				require.Empty(t, res.Err.Raw, "the body of a success may describe a person")
			}
		})
	}
}

func TestErrorCarriesWhatSupportAsksFor(t *testing.T) {
	t.Parallel()
	cfg := simConfig("http://127.0.0.1")
	body := `{"type":"https://httpstatuses.io/400","title":"Not for ` + phone + `","detail":"see https://qr.vipps.no/o/opens-it\nnow","status":400,` +
		`"traceId":"00-813b63975adcaaeef2b0ec7c103c40e3-706492e906541d31-01","extraDetails":[{"name":"ErrorCode","reason":4070},{"name":"customer.phoneNumber","reason":"` + phone + `"}]}`
	cfg.Transport = canned(400, nil, body)
	client, err := vipps.New(cfg)
	require.NoError(t, err)
	p := plain()
	p.Flow = vipps.Push{Customer: vipps.ByPhoneNumber(phone)}
	res := client.Create(t.Context(), "key", encode(t, p))
	require.Equal(t, "4070", res.Err.Code)
	require.Equal(t, "00-813b63975adcaaeef2b0ec7c103c40e3-706492e906541d31-01", res.Err.TraceID)
	require.Equal(t, "Not for [redacted]", res.Err.Title)
	require.Equal(t, "see https://qr.vipps.no/[redacted] now", res.Err.Detail)
	require.Contains(t, string(res.Err.Raw), "httpstatuses.io/400")
	require.Contains(t, string(res.Err.Raw), res.Err.TraceID)
	for _, text := range []string{string(res.Err.Raw), res.Err.Error(), fmt.Sprintf("%+v", *res.Err)} {
		require.NotContains(t, text, phone)
		require.NotContains(t, text, "opens-it")
	}

	cfg.Transport = canned(400, nil, `{"title":"Asked +4799999999","detail":"reference T122-20261012-0042-1"}`)
	client, err = vipps.New(cfg)
	require.NoError(t, err)
	res = client.Get(t.Context(), reference)
	require.Equal(t, "Asked +[number]", res.Err.Title, "numbers that nobody told us about")
	require.Equal(t, "reference "+reference, res.Err.Detail)
	require.NotContains(t, string(res.Err.Raw), "99999999")

	cfg.Transport = canned(400, nil, `{"title":"`+strings.Repeat("long ", 2000)+`"}`)
	client, err = vipps.New(cfg)
	require.NoError(t, err)
	res = client.Get(t.Context(), reference)
	require.LessOrEqual(t, len(res.Err.Raw), 2048)
	require.LessOrEqual(t, len(res.Err.Title), 300)
}

func TestErrorShapes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ body, code, title, trace string }{
		"problem":          {`{"title":"A","traceId":"tr-1","status":"400","extraDetails":[{"name":"ErrorCode","reason":"6080"}]}`, "6080", "A", "tr-1"},
		"code in a number": {`{"title":"A","extraDetails":[{"name":"errorcode","reason":6080}]}`, "6080", "A", ""},
		"field validation": {`{"title":"A","extraDetails":[{"name":"reference","reason":"^x$"}]}`, "", "A", ""},
		"gateway":          {`{"statusCode":400,"message":"M"}`, "", "M", ""},
		"directory":        {`{"error":"invalid_client","error_description":"D","error_codes":[7000215],"trace_id":"tr-2"}`, "", "invalid_client", "tr-2"},
		"older list":       {`[{"errorGroup":"Payment","errorCode":"61","errorMessage":"M","contextId":"tr-3"}]`, "", "M", "tr-3"},
		"other APIs":       {`{"title":"A","invalidParams":[{"name":"id","reason":"r"}]}`, "", "A", ""},
		"details null":     {`{"title":"A","extraDetails":null}`, "", "A", ""},
		"details odd":      {`{"title":"A","extraDetails":{"name":"ErrorCode"}}`, "", "A", ""},
		"trace odd":        {`{"title":"A","traceId":"<script>"}`, "", "A", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := simConfig("http://127.0.0.1")
			cfg.Transport = canned(400, nil, c.body)
			client, err := vipps.New(cfg)
			require.NoError(t, err)
			res := client.Get(t.Context(), reference)
			require.Equal(t, vipps.Rejected, res.Kind)
			require.Equal(t, []string{c.code, c.title, c.trace}, []string{res.Err.Code, res.Err.Title, res.Err.TraceID})
		})
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		header http.Header
		want   time.Duration
	}{
		"none":                  {http.Header{}, 0},
		"seconds":               {http.Header{"Retry-After": {"17"}}, 17 * time.Second},
		"negative":              {http.Header{"Retry-After": {"-5"}}, 0},
		"a year":                {http.Header{"Retry-After": {"31536000"}}, 5 * time.Minute},
		"overflow":              {http.Header{"Retry-After": {"9223372036854775807"}}, 5 * time.Minute},
		"words":                 {http.Header{"Retry-After": {"soon"}}, 0},
		"a date by their clock": {http.Header{"Retry-After": {"Mon, 12 Oct 2026 10:00:30 GMT"}, "Date": {"Mon, 12 Oct 2026 10:00:00 GMT"}}, 30 * time.Second},
		"a date without clock":  {http.Header{"Retry-After": {"Mon, 12 Oct 2026 10:00:30 GMT"}}, 0},
		"a date gone by":        {http.Header{"Retry-After": {"Mon, 12 Oct 2026 09:00:00 GMT"}, "Date": {"Mon, 12 Oct 2026 10:00:00 GMT"}}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, status := range []int{423, 429, 503} {
				cfg := simConfig("http://127.0.0.1")
				cfg.Transport = canned(status, c.header, "")
				client, err := vipps.New(cfg)
				require.NoError(t, err)
				require.Equal(t, c.want, client.Get(t.Context(), reference).After)
			}
		})
	}
}

func TestWhatIsNotSent(t *testing.T) {
	t.Parallel()
	body, part := encode(t, plain()), encode(t, nok(fare))
	for name, call := range map[string]func(*vipps.Client) vipps.Result{
		"key of 51":           func(c *vipps.Client) vipps.Result { return c.Create(t.Context(), strings.Repeat("k", 51), body) },
		"key with a newline":  func(c *vipps.Client) vipps.Result { return c.Create(t.Context(), "a\nb", body) },
		"no key":              func(c *vipps.Client) vipps.Result { return c.Capture(t.Context(), reference, "", part) },
		"no body":             func(c *vipps.Client) vipps.Result { return c.Cancel(t.Context(), reference, "key", nil) },
		"empty list as body":  func(c *vipps.Client) vipps.Result { return c.Cancel(t.Context(), reference, "key", []byte("[]")) },
		"body without a name": func(c *vipps.Client) vipps.Result { return c.Create(t.Context(), "key", []byte(`{}`)) },
		"reference in a number": func(c *vipps.Client) vipps.Result {
			return c.Create(t.Context(), "key", []byte(`{"reference":12345678}`))
		},
		"reference with a path": func(c *vipps.Client) vipps.Result { return c.Get(t.Context(), "T122-0042/capture") },
		"reference with a dot":  func(c *vipps.Client) vipps.Result { return c.Refund(t.Context(), "../../../qr", "key", part) },
		"no reference":          func(c *vipps.Client) vipps.Result { _, r := c.Events(t.Context(), ""); return r },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := simConfig("http://127.0.0.1")
			cfg.Transport = transportFunc(func(*http.Request) (*http.Response, error) {
				t.Error("sent")
				return nil, errors.New("sent")
			})
			client, err := vipps.New(cfg)
			require.NoError(t, err)
			res := call(client)
			require.Equal(t, vipps.Rejected, res.Kind)
			require.Equal(t, vipps.ClassInvalid, res.Err.Class)
			require.Zero(t, res.Err.Status)
			var invalid *vipps.InvalidError
			require.ErrorAs(t, res.Err, &invalid)
		})
	}
	t.Run("key of 50", func(t *testing.T) {
		t.Parallel()
		cfg := simConfig("http://127.0.0.1")
		cfg.Transport = canned(201, nil, `{"reference":"`+reference+`"}`)
		client, err := vipps.New(cfg)
		require.NoError(t, err)
		require.Equal(t, vipps.Done, client.Create(t.Context(), strings.Repeat("k", 50), body).Kind)
	})
}
