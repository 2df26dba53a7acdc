package html

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"
)

func TestRender(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		page Node
		want string
	}{
		{"nothing", Node{}, ""},
		{"text", Text("a < b & c"), "a &lt; b &amp; c"},
		{"element", El("p"), "<p></p>"},
		{"element with attributes", El(`p class="body" hidden`, Text("x")), `<p class="body" hidden>x</p>`},
		{"element without end", El("img", Attr("alt", "x"), Text("not there")), `<img alt="x">`},
		{"attributes anywhere inside", El("p", Text("x"), All(Attr("id", "a"), If(true, Flag("hidden")))), `<p id="a" hidden>x</p>`},
		{"attributes of the nearest element", El("ul", El("li", Attr("id", "a"))), `<ul><li id="a"></li></ul>`},
		{"attributes of nothing", Attr("id", "a"), ""},
		{"text only", Say("h1", "x"), "<h1>x</h1>"},
		{"no text", Say("h1", ""), "<h1></h1>"},
		{"text if any", All(SayAny("p", "x"), SayAny("p", "")), "<p>x</p>"},
		{"not", If(false, Text("x")), ""},
		{"each", Each([]string{"a", "b"}, func(s string) Node { return Say("li", s) }), "<li>a</li><li>b</li>"},
		{"class", El("p", Class("a", "", "b")), `<p class="a b"></p>`},
		{"path", El("img", Path("src", "/code/", `../"?#`, ".svg")), `<img src="/code/..%2F%22%3F%23.svg">`},
		{"static", Static("<hr>"), "<hr>"},
	} {
		require.Equal(t, tt.want, tt.page.String(), tt.name)
	}
}

func TestWhereDataIsNeverText(t *testing.T) {
	t.Parallel()
	require.Panics(t, func() { El("script", Text("alert(1)")) })
	require.Panics(t, func() { El(`STYLE media="screen"`) })
	require.Panics(t, func() { Attr("onclick", "alert(1)") })
	require.Panics(t, func() { Attr("HREF", "javascript:alert(1)") })
	require.Panics(t, func() { Attr("style", "background:url(//elsewhere)") })
}

// FuzzDataStaysText: whatever the data, a browser builds the same tree and reads the data
// back, in every place where data may stand.
func FuzzDataStaysText(f *testing.F) {
	for _, s := range []string{
		"", "T122", `"><script>alert(1)</script>`, "'onmouseover='alert(1)", "</p><p>", "</title>", "<!--", "-->", "<![CDATA[",
		"&quot;&#34;&lt", "&amp", "javascript:alert(1)", "a\nb", "a\rb\r\n", "a\x00b", "\xff\xfe", "+ADw-script+AD4-", "\u2028", "{{.}}", "`${x}`",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, data string) {
		page := El("html", El("head", Say("title", data)), El("body",
			El("p", Attr("data-x", data), Class("a", data), Text(data)),
			El("img", Attr("alt", data), Path("src", "/code/", data, ".svg")),
			El("svg", El("path", Attr("d", data))),
		)).String()
		require.NotContains(t, page, "\r", "ends a line of the stream")

		read := strings.ReplaceAll(data, "\x00", "\uFFFD")
		var got []string
		tree, err := html.Parse(strings.NewReader(page))
		require.NoError(t, err)
		for n := range tree.Descendants() {
			switch n.Type {
			case html.ElementNode:
				got = append(got, n.Data)
				for _, a := range n.Attr {
					got = append(got, a.Key)
					switch a.Key {
					case "src":
						require.Regexp(t, `^/code/[^/?#\\"<>]*\.svg$`, a.Val)
					case "class":
						require.Equal(t, strings.TrimSuffix("a "+read, " "), strings.TrimSuffix(a.Val, " "))
					default:
						require.Equal(t, read, a.Val, a.Key)
					}
				}
			case html.TextNode:
				require.Equal(t, read, n.Data)
			default:
				t.Fatalf("%v in %q", n, page)
			}
		}
		require.Equal(t, []string{"html", "head", "title", "body", "p", "data-x", "class", "img", "alt", "src", "svg", "path", "d"}, got)
	})
}
