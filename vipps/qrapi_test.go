package vipps_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image"
	"image/draw"
	"image/png"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"taxiterminal/vipps"
	"taxiterminal/vipps/vippstest"
)

var sticker = vipps.RedirectCode{ID: "taxi-T122", Target: "https://taxi.example/t/T122?k=Zm9vYmFy"}

// The whole life of a code on paper.
func TestLifeOfAPrintedCode(t *testing.T) {
	t.Parallel()
	sim := newSim(t, vippstest.Options{})
	client, ctx := newClient(t, sim), t.Context()

	code, res := client.CreateCode(ctx, sticker, vipps.CodeSVG)
	require.Equal(t, vipps.Done, res.Kind, "%v", res.Err)
	require.Equal(t, sticker, code.RedirectCode)
	require.Zero(t, code.ExpiresIn)
	picture, res := client.DownloadCode(ctx, code.URL)
	require.Equal(t, vipps.Done, res.Kind, "%v", res.Err)

	text, res := client.Code(ctx, sticker.ID, vipps.CodeText)
	require.Equal(t, vipps.Done, res.Kind, "%v", res.Err)
	target, err := sim.Follow(text.URL)
	require.NoError(t, err)
	require.Equal(t, sticker.Target, target)

	_, res = client.CreateCode(ctx, sticker, vipps.CodeText)
	require.Equal(t, vipps.Rejected, res.Kind, "the answer may have been lost: adopt it")
	require.Equal(t, vipps.ClassConflict, res.Err.Class)
	require.Contains(t, res.Err.Hint, "target")

	moved := vipps.RedirectCode{ID: sticker.ID, Target: "https://taxi.example/t/other"}
	code, res = client.RetargetCode(ctx, moved, vipps.CodeText)
	require.Equal(t, vipps.Done, res.Kind, "%v", res.Err)
	require.Equal(t, moved, code.RedirectCode)
	require.Equal(t, text.URL, code.URL, "the paper stays the same")
	target, err = sim.Follow(text.URL)
	require.NoError(t, err)
	require.Equal(t, moved.Target, target)

	another := vipps.RedirectCode{ID: "taxi T123+æ%", Target: "https://taxi.example/"}
	_, res = client.CreateCode(ctx, another, vipps.CodeText)
	require.Equal(t, vipps.Done, res.Kind, "%v", res.Err)
	one, res := client.Code(ctx, another.ID, vipps.CodeText)
	require.Equal(t, vipps.Done, res.Kind, "%v", res.Err)
	list, res := client.Codes(ctx, vipps.CodeText)
	require.Equal(t, vipps.Done, res.Kind, "%v", res.Err)
	require.Equal(t, []vipps.Code{code, one}, list)

	require.Equal(t, vipps.Done, client.DestroyCode(ctx, sticker.ID).Kind)
	_, err = sim.Follow(text.URL)
	require.ErrorIs(t, err, vippstest.ErrDeadCode)
	for _, res := range []vipps.Result{
		client.DestroyCode(ctx, sticker.ID), second(client.Code(ctx, sticker.ID, vipps.CodeText)), second(client.RetargetCode(ctx, moved, vipps.CodeText)),
	} {
		require.Equal(t, vipps.Rejected, res.Kind)
		require.Equal(t, vipps.ClassNotFound, res.Err.Class)
	}
	again, res := client.CreateCode(ctx, sticker, vipps.CodeText)
	require.Equal(t, vipps.Done, res.Kind, "%v", res.Err)
	require.NotEqual(t, text.URL, again.URL)
	_, err = sim.Follow(text.URL)
	require.ErrorIs(t, err, vippstest.ErrDeadCode, "what is printed stays dead")

	printed := sim.Codes()
	require.Len(t, printed, 3)
	require.False(t, printed[0].Alive)
	require.True(t, printed[2].Alive)
	require.Equal(t, vippstest.Calls{Seen: 3, Executed: 2, Refused: 1}, printed[0].Calls[vippstest.OpCodeCreate])
	require.Equal(t, vippstest.Calls{Seen: 1, Executed: 1}, printed[0].Calls[vippstest.OpCodeDownload])
	scans(t, picture, text.URL)
}

func second[T any](_ T, res vipps.Result) vipps.Result { return res }

// scans paints the modules of the simulator's picture and reads them with an
// independent program, if there is one.
func scans(t *testing.T, picture []byte, want string) {
	t.Helper()
	require.NoError(t, xml.Unmarshal(picture, new(struct{ XMLName xml.Name })))
	zbarimg, err := exec.LookPath("zbarimg")
	if err != nil {
		t.Log("zbarimg is not here; the picture is not scanned")
		return
	}
	const scale = 4
	img := image.NewGray(image.Rect(0, 0, 64*scale, 64*scale))
	draw.Draw(img, img.Bounds(), image.White, image.Point{}, draw.Src)
	for _, m := range regexp.MustCompile(`M(\d+) (\d+)h1v1h-1z`).FindAllSubmatch(picture, -1) {
		x, _ := strconv.Atoi(string(m[1]))
		y, _ := strconv.Atoi(string(m[2]))
		draw.Draw(img, image.Rect(x*scale, y*scale, (x+1)*scale, (y+1)*scale), image.Black, image.Point{}, draw.Src)
	}
	path := filepath.Join(t.TempDir(), "code.png")
	var file bytes.Buffer
	require.NoError(t, png.Encode(&file, img))
	require.NoError(t, os.WriteFile(path, file.Bytes(), 0o600))
	out, err := exec.CommandContext(t.Context(), zbarimg, "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", path).Output()
	require.NoError(t, err)
	require.Equal(t, want, strings.TrimSpace(string(out)))
}

func TestLinksToPicturesExpire(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sim := vippstest.New(vippstest.Options{})
		defer sim.Close()
		client := newClient(t, sim)
		code, res := client.CreateCode(t.Context(), sticker, vipps.CodeSVG)
		require.Equal(t, vipps.Done, res.Kind, "%v", res.Err)
		time.Sleep(time.Hour)
		_, res = client.DownloadCode(t.Context(), code.URL)
		require.Equal(t, vipps.Rejected, res.Kind)
		require.Equal(t, vipps.ClassNotFound, res.Err.Class)
		require.Contains(t, res.Err.Hint, "hour")
		fresh, res := client.Code(t.Context(), sticker.ID, vipps.CodeSVG)
		require.Equal(t, vipps.Done, res.Kind, "%v", res.Err)
		require.NotEqual(t, code.URL, fresh.URL)
		_, res = client.DownloadCode(t.Context(), fresh.URL)
		require.Equal(t, vipps.Done, res.Kind, "%v", res.Err)
	})
}

// The picture is on a host of its own, which is given no credentials.
func TestDownloadCarriesNoCredentials(t *testing.T) {
	t.Parallel()
	sim := newSim(t, vippstest.Options{})
	var header http.Header
	client := newClient(t, sim, func(c *vipps.Config) {
		next := c.Transport
		c.Transport = transportFunc(func(r *http.Request) (*http.Response, error) {
			header = r.Header
			return next.RoundTrip(r)
		})
	})
	code, _ := client.CreateCode(t.Context(), sticker, vipps.CodeSVG)
	require.Equal(t, "image/svg+xml", header.Get("Accept"))
	require.NotEmpty(t, header.Get("Authorization"))
	require.Empty(t, header.Get("Idempotency-Key"))
	_, res := client.DownloadCode(t.Context(), code.URL)
	require.Equal(t, vipps.Done, res.Kind, "%v", res.Err)
	require.Equal(t, http.Header{"Accept": {"image/svg+xml"}}, header)
}

func TestCodesThatAreNotSent(t *testing.T) {
	t.Parallel()
	cfg := simConfig("http://127.0.0.1")
	cfg.Transport = transportFunc(func(*http.Request) (*http.Response, error) {
		t.Error("sent")
		return nil, errors.New("sent")
	})
	client, err := vipps.New(cfg)
	require.NoError(t, err)
	ctx := t.Context()
	bad := func(id, target string) vipps.RedirectCode { return vipps.RedirectCode{ID: id, Target: target} }
	const good = "https://a.example/"
	for name, res := range map[string]vipps.Result{
		"no id":              second(client.CreateCode(ctx, bad("", good), vipps.CodeSVG)),
		"long id":            second(client.CreateCode(ctx, bad(strings.Repeat("a", 129), good), vipps.CodeSVG)),
		"id with a path":     second(client.Code(ctx, "../../epayment", vipps.CodeSVG)),
		"id with a dot":      client.DestroyCode(ctx, "."),
		"id with a newline":  client.DestroyCode(ctx, "a\nb"),
		"no target":          second(client.CreateCode(ctx, bad("a", ""), vipps.CodeSVG)),
		"plain http":         second(client.CreateCode(ctx, bad("a", "http://a.example/"), vipps.CodeSVG)),
		"tilde":              second(client.RetargetCode(ctx, bad("a", "https://a.example/~x"), vipps.CodeSVG)),
		"comma":              second(client.RetargetCode(ctx, bad("a", "https://a.example/a,b"), vipps.CodeSVG)),
		"space":              second(client.RetargetCode(ctx, bad("a", "https://a.example/a b"), vipps.CodeSVG)),
		"newline at the end": second(client.RetargetCode(ctx, bad("a", "https://a.example/\n"), vipps.CodeSVG)),
		"hyphen first":       second(client.RetargetCode(ctx, bad("a", "https://-a.example/"), vipps.CodeSVG)),
		"no format":          second(client.Code(ctx, "a", "")),
		"unknown format":     second(client.Codes(ctx, "image/png")),
		"link to a file":     second(client.DownloadCode(ctx, "file:///etc/passwd")),
		"link over http":     second(client.DownloadCode(ctx, "http://pictures.example/x")),
		"link with a user":   second(client.DownloadCode(ctx, "https://u:p@pictures.example/x")),
		"no link":            second(client.DownloadCode(ctx, "")),
		"nonsense link":      second(client.DownloadCode(ctx, "https://a b/%zz")),
	} {
		require.Equal(t, vipps.Rejected, res.Kind, name)
		require.Equal(t, vipps.ClassInvalid, res.Err.Class, name)
		var invalid *vipps.InvalidError
		require.ErrorAs(t, res.Err, &invalid, name)
		require.NotContains(t, res.Err.Error(), "example", "%s: targets and links stay out of errors", name)
	}
	for _, target := range []string{"https://taxi-nord.example/a-b/c_d?x=1&y=%20#z!:.+@", "https://_.x", "https://localhost"} {
		require.NoError(t, bad("T_1-2", target).Check(), target)
	}
	require.Error(t, bad("", "").Check())
}

// pictures are what a host of pictures might send, with what is made of it.
var pictures = map[string]struct {
	picture string
	kind    vipps.Kind
	class   vipps.Class
}{
	"plain":                 {`<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0h1v1h-1z" fill="#000"/></svg>`, vipps.Done, ""},
	"with everything usual": {usualSVG, vipps.Done, ""},
	"no namespace":          {`<svg/>`, vipps.Done, ""},
	"script":                {`<svg><script>alert(1)</script></svg>`, vipps.Rejected, vipps.ClassGarbled},
	"script in disguise":    {`<svg xmlns:x="http://www.w3.org/2000/svg"><x:script/></svg>`, vipps.Rejected, vipps.ClassGarbled},
	"foreign object":        {`<svg><foreignObject><p/></foreignObject></svg>`, vipps.Rejected, vipps.ClassGarbled},
	"xhtml inside":          {`<svg><p xmlns="http://www.w3.org/1999/xhtml"/></svg>`, vipps.Rejected, vipps.ClassGarbled},
	"handler":               {`<svg onload="alert(1)"/>`, vipps.Rejected, vipps.ClassGarbled},
	"handler in capitals":   {`<svg><g ONCLICK="x"/></svg>`, vipps.Rejected, vipps.ClassGarbled},
	"animation of a link":   {`<svg><animate attributeName="href" to="javascript:x"/></svg>`, vipps.Rejected, vipps.ClassGarbled},
	"link":                  {`<svg><a href="https://evil.example"/></svg>`, vipps.Rejected, vipps.ClassGarbled},
	"image from elsewhere":  {`<svg xmlns:l="http://www.w3.org/1999/xlink"><image l:href="https://evil.example/x.png"/></svg>`, vipps.Rejected, vipps.ClassGarbled},
	"image in svg":          {`<svg><image href="data:image/svg+xml;base64,AAAA"/></svg>`, vipps.Rejected, vipps.ClassGarbled},
	"use from elsewhere":    {`<svg><use href="https://evil.example/x.svg#a"/></svg>`, vipps.Rejected, vipps.ClassGarbled},
	"base":                  {`<svg xml:base="https://evil.example/"/>`, vipps.Rejected, vipps.ClassGarbled},
	"paint from elsewhere":  {`<svg><rect fill="url(https://evil.example/x#a)"/></svg>`, vipps.Rejected, vipps.ClassGarbled},
	"style from elsewhere":  {`<svg><rect style="fill:url( 'https://evil.example/x' )"/></svg>`, vipps.Rejected, vipps.ClassGarbled},
	"import":                {`<svg><style>@import "https://evil.example/x.css";</style></svg>`, vipps.Rejected, vipps.ClassGarbled},
	"import in two pieces":  {`<svg><style>@imp<!-- -->ort "x";</style></svg>`, vipps.Rejected, vipps.ClassGarbled},
	"import behind a child": {`<svg><style><g/>@import "x";</style></svg>`, vipps.Rejected, vipps.ClassGarbled},
	"import in disguise":    {`<svg><style>@\69mport "x";</style></svg>`, vipps.Rejected, vipps.ClassGarbled},
	"style sheet":           {`<?xml-stylesheet href="https://evil.example/x.css"?><svg/>`, vipps.Rejected, vipps.ClassGarbled},
	"entities":              {`<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg/>`, vipps.Rejected, vipps.ClassGarbled},
	"unknown entity":        {`<svg>&x;</svg>`, vipps.Retry, vipps.ClassGarbled},
	"cut off":               {`<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0h1v1`, vipps.Retry, vipps.ClassGarbled},
	"not closed":            {`<svg><g></svg>`, vipps.Retry, vipps.ClassGarbled},
	"two of them":           {`<svg/><svg/>`, vipps.Retry, vipps.ClassGarbled},
	"login page":            {`<!DOCTYPE html><html><svg/></html>`, vipps.Retry, vipps.ClassPortal},
	"text":                  {`hello`, vipps.Retry, vipps.ClassGarbled},
	"nothing":               {``, vipps.Retry, vipps.ClassGarbled},
	"png":                   {"\x89PNG\r\n\x1a\n", vipps.Retry, vipps.ClassGarbled},
	"text in front":         {`hello <svg/>`, vipps.Retry, vipps.ClassGarbled},
	"more than fits":        {`<svg>` + strings.Repeat(" ", 1<<20) + `</svg>`, vipps.Retry, vipps.ClassGarbled},
}

const usualSVG = `<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">
<!-- made by a program -->
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" version="1.1" viewBox="0 0 29 29">
<title>Code</title><metadata><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/></metadata>
<style type="text/css"><![CDATA[.a{fill:#ff5b24;clip-path:url(#c)}]]></style>
<defs><clipPath id="c"><rect width="29" height="29"/></clipPath><linearGradient id="g"><stop offset="0"/></linearGradient></defs>
<g class="a" style="fill:url('#g')"><use xlink:href="#c"/><image href="data:image/png;base64,iVBORw0KGgo="/></g>
</svg>
`

func TestPictures(t *testing.T) {
	t.Parallel()
	for name, c := range pictures {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := simConfig("http://127.0.0.1")
			cfg.Transport = canned(200, nil, c.picture)
			client, err := vipps.New(cfg)
			require.NoError(t, err)
			got, res := client.DownloadCode(t.Context(), "https://pictures.example/token-that-opens-it")
			require.Equal(t, c.kind, res.Kind, "%v", res.Err)
			if c.kind == vipps.Done {
				require.True(t, bytes.Equal([]byte(c.picture), got))
				return
			}
			require.Nil(t, got)
			require.Equal(t, c.class, res.Err.Class, "%v", res.Err)
			require.NotEmpty(t, res.Err.Hint)
			require.NotContains(t, res.Err.Error(), "evil")
			require.NotContains(t, res.Err.Error(), "opens-it")
		})
	}
}

// Another answer than the one about this code is no answer.
func TestCodeAboutAnother(t *testing.T) {
	t.Parallel()
	for body, kind := range map[string]vipps.Kind{
		`{"id":"taxi-T122","url":"u","redirectUrl":"r","expiresIn":-1}`: vipps.Done,
		`{"id":"taxi-T122","url":"u"}`:                                  vipps.Done,
		`{"id":"taxi-T122","url":"u","expiresIn":"soon","new":[1]}`:     vipps.Done,
		`{"id":"taxi-T123","url":"u"}`:                                  vipps.Retry,
		`{"id":"taxi-T122"}`:                                            vipps.Retry,
		`[]`:                                                            vipps.Retry,
		``:                                                              vipps.Retry,
	} {
		cfg := simConfig("http://127.0.0.1")
		cfg.Transport = canned(200, nil, body)
		client, err := vipps.New(cfg)
		require.NoError(t, err)
		code, res := client.Code(t.Context(), sticker.ID, vipps.CodeText)
		require.Equal(t, kind, res.Kind, "%s: %v", body, res.Err)
		if kind != vipps.Done {
			require.Zero(t, code)
		}
		if kind == vipps.Retry {
			_, res = client.CreateCode(t.Context(), sticker, vipps.CodeText)
			require.Equal(t, vipps.Unknown, res.Kind)
		}
	}
}
