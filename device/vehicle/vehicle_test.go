package vehicle

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestEventsSurviveTheJournal(t *testing.T) {
	for _, c := range columns(3) {
		body, err := json.Marshal(c.event)
		require.NoError(t, err)
		back, err := Decode(c.event.Kind(), body)
		require.NoError(t, err, c.name)
		require.Equal(t, c.event, back, c.name)
	}
}

func TestCodesSurviveJSON(t *testing.T) {
	for _, sit := range situations() {
		c := fold(t, sit.events)
		body, err := json.Marshal(c)
		require.NoError(t, err)
		var back Code
		require.NoError(t, json.Unmarshal(body, &back))
		require.True(t, c.Equal(back), sit.name)
	}
}

func TestAJournalThatCannotBeReadIsAnError(t *testing.T) {
	_, err := Decode("code_eaten", []byte("{}"))
	require.ErrorContains(t, err, `"code_eaten": kind unknown`)
	_, err = Decode("code_made", []byte(`{"n":"one"}`))
	require.ErrorContains(t, err, `"code_made" decode`)
}

func TestIdsThatAreUsedUpComeToAnEnd(t *testing.T) {
	var c Code
	for n := range MaxDead {
		ask := asked
		ask.ID = fmt.Sprintf("taxi-T122-%06d", n)
		require.Equal(t, Allowed, Check(c, ask))
		c, _ = Step(c, time.Time{}, ask)
		c, _ = Step(c, time.Time{}, Made{N: c.N, Target: here})
		c, _ = Step(c, time.Time{}, DestroyAsked{ask.ID})
		c, _ = Step(c, time.Time{}, Gone{c.N}) // says the fetch
		require.Equal(t, Destroying, c.Phase)
		c, _ = Step(c, time.Time{}, Gone{c.N}) // says the destroy
		require.Equal(t, Destroyed, c.Phase)
		require.Equal(t, DeadID, Check(c, ask))
	}
	require.Equal(t, TooMany, Check(c, asked))
}

func TestStepLeavesTheOldStateAlone(t *testing.T) {
	c := Code{Vehicle: "T122", File: "K7Q2X", ID: "c", Phase: Destroyed, Dead: append(make([]string, 0, 8), "a", "b")}
	d := c
	d.ID = "d"
	after, _ := Step(c, time.Time{}, asked)
	_, _ = Step(d, time.Time{}, asked)
	require.Equal(t, []string{"a", "b", "c"}, after.Dead)
}

func TestTimesAreUTCAndDecideNothing(t *testing.T) {
	oslo := time.FixedZone("", 7200)
	a, _ := Step(Code{}, time.Date(2027, 5, 1, 14, 0, 0, 0, oslo), asked)
	require.Equal(t, time.Date(2027, 5, 1, 12, 0, 0, 0, time.UTC), a.Since)
	b, _ := Step(a, time.Unix(0, 0), Made{N: 1, Target: here})
	require.Equal(t, Live, b.Phase)
	b, _ = Step(b, time.Unix(1, 0), TargetAsked{there})
	require.Equal(t, time.Unix(0, 0).UTC(), b.Since, "the phase is the same")
}

func TestPausesOfDownloadsStayShort(t *testing.T) {
	c := fold(t, []Event{asked, Made{N: 1, Target: here}})
	var all time.Duration
	for range maxFailed - 1 {
		var cmds []Command
		c, cmds = Step(c, time.Time{}, Failed{N: c.N})
		require.Len(t, cmds, 1)
		require.LessOrEqual(t, cmds[0].After, 2*time.Minute)
		all += cmds[0].After
	}
	require.Greater(t, all, 25*time.Minute)
	require.False(t, c.NeedsPerson())
	c, cmds := Step(c, time.Time{}, Failed{N: c.N})
	require.Empty(t, cmds)
	require.True(t, c.NeedsPerson())
}

func TestVersionsTellPicturesApart(t *testing.T) {
	live := fold(t, situations()[9].events)
	require.Regexp(t, `^[0-9a-f]{12}$`, live.Version())
	other := live
	other.SVG += " "
	require.NotEqual(t, live.Version(), other.Version())
	other.Phase = Destroying
	require.Empty(t, other.Version(), "what is to die is not shown")
}

func TestValidTarget(t *testing.T) {
	for _, good := range []string{
		here, "https://taxi.example", "https://_x.example/", "https://1a.example/a-b_c?x=1&y=%20#z!:.+@",
		"https://taxi-oslo.example/c", "https://taxi.example:8443/c",
		"https://a/" + strings.Repeat("x", maxTarget-len("https://a/")),
	} {
		require.True(t, ValidTarget(good), good)
	}
	for _, bad := range []string{
		"", "https://", "http://taxi.example/", "HTTPS://taxi.example/", "https:///c", "https://-taxi.example", "https://taxi.example/~c",
		"https://taxi.example/a,b", "https://taxi.example/a;b", "https://taxi.example/(a)", "https://taxi.example/$",
		"https://taxi.example/*", "https://taxi.example/a b", "https://tåxi.example/", "https://taxi.example/\n", " https://taxi.example/",
		"https://a/" + strings.Repeat("x", maxTarget),
	} {
		require.False(t, ValidTarget(bad), bad)
	}
}

func TestValidID(t *testing.T) {
	for _, good := range []string{"1", id, plainID, "_-", strings.Repeat("a", 128)} {
		require.True(t, ValidID(good), good)
	}
	for _, bad := range []string{"", "bil 1", "blå", "a/b", "a%20", "a.b", "a\n", strings.Repeat("a", 129)} {
		require.False(t, ValidID(bad), bad)
	}
}

func TestNewID(t *testing.T) {
	got, err := NewID("T122", bytes.NewReader([]byte{7, 16, 19, 2, 23, 29 + 32}))
	require.NoError(t, err)
	require.Equal(t, "taxi-T122-7GK2QX", got)

	longest, err := NewID("ABCDEFGHIJKLMNOP", rand.Reader)
	require.NoError(t, err)
	require.True(t, ValidID(longest))
	require.True(t, Ours("ABCDEFGHIJKLMNOP", longest))

	for _, bad := range []string{"", "122", "T-122", "T122 "} {
		_, err = NewID(bad, rand.Reader)
		require.ErrorContains(t, err, "vehicle id is not a letter", bad)
	}
	_, err = NewID("T122", iotest.ErrReader(errors.New("no luck")))
	require.ErrorContains(t, err, "no luck")
	_, err = NewToken(strings.NewReader("short"))
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

func TestOurs(t *testing.T) {
	require.True(t, Ours("T122", id))
	for _, other := range []string{"taxi-T1222-7GK2QX", "taxi-T12-7GK2QX", "taxi-T122-7GK2Q", "taxi-T122-7gk2qx", "taxi-T122-", plainID} {
		require.False(t, Ours("T122", other), other)
	}
}

func TestGuessable(t *testing.T) {
	for _, good := range []string{
		here, "https://a/c?t=9f1f0d6e-3a4e-4c0e-8a5e-1a2b3c4d5e6f", "https://a/c#k3J9xQ2mP0a",
	} {
		require.False(t, Guessable(good), good)
	}
	for _, bad := range []string{
		"https://taxi.example", "https://a1b2c3d4e5f6.example/", "https://taxi.example/T122", "https://taxi.example/pay/car-number-122",
		"https://taxi.example/c/T122-2026-10-12", "https://taxi.example/?car=122&driver=44", "https://taxi.example/4711000000012",
	} {
		require.True(t, Guessable(bad), bad)
	}
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.SliceOfN(rapid.Byte(), 256, 256).Draw(t, "random")
		token, err := NewToken(bytes.NewReader(seed))
		if err != nil {
			return // dice that show the same side for ever
		}
		require.Len(t, token, 16)
		require.False(t, Guessable("https://taxi.example/c/"+token))
		require.True(t, ValidTarget("https://taxi.example/c/"+token))
	})
}

func TestCheckPicture(t *testing.T) {
	require.NoError(t, CheckPicture(svg, text))
	require.NoError(t, CheckPicture(`<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd"><!-- a code -->
<svg:svg xmlns:svg="http://www.w3.org/2000/svg"><svg:rect width="1"/></svg:svg>`, text))
	for _, tt := range []struct{ name, svg, text, want string }{
		{"no text", svg, "", "text is empty"},
		{"text too long", svg, strings.Repeat("a", MaxText+1), "longer than 512"},
		{"text is a picture", svg, "\x89PNG\r\n", "is it the picture?"},
		{"text of two lines", svg, "a\nb", "one line"},
		{"no picture", "", text, "picture: empty"},
		{"too large", svg + strings.Repeat(" ", MaxSVG), text, "larger than"},
		{"a PNG", "\x89PNG\r\n", text, "Accept: image/svg+xml"},
		{"not XML", "hello", text, "not an SVG"},
		{"a page", "<html></html>", text, "not an SVG"},
		{"cut off", svg[:40], text, "not an SVG"},
		{"a script", strings.Replace(svg, "<path", "<script/><path", 1), text, "holds a script"},
		{"HTML inside", strings.Replace(svg, "<path", "<foreignObject/><path", 1), text, "foreignobject"},
		{"a handler", strings.Replace(svg, "<path", "<path OnLoad='x()'", 1), text, "script in an attribute"},
		{"a link", strings.Replace(svg, "<path", "<a href='JavaScript:x()'/><path", 1), text, "script in an attribute"},
	} {
		require.ErrorContains(t, CheckPicture(tt.svg, tt.text), tt.want, tt.name)
	}
}

func FuzzDecodeAndStep(f *testing.F) {
	for _, c := range columns(1) {
		body, _ := json.Marshal(c.event)
		f.Add(string(c.event.Kind()), body)
	}
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		e, err := Decode(Kind(kind), body)
		if err != nil {
			return
		}
		for _, sit := range situations() {
			c, _ := Step(fold(t, sit.events), time.Time{}, e)
			require.LessOrEqual(t, len(c.SVG), MaxSVG)
			require.True(t, c.Target == "" || ValidTarget(c.Target))
		}
	})
}
