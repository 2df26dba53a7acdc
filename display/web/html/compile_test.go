package html

import (
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTheCompilerRefusesDataAsMarkup: what this package promises is held by the compiler,
// so the compiler is asked.
func TestTheCompilerRefusesDataAsMarkup(t *testing.T) {
	t.Parallel()
	fset := token.NewFileSet()
	std := importer.ForCompiler(fset, "source", nil)
	source, err := parser.ParseFile(fset, "html.go", nil, 0)
	require.NoError(t, err)
	ours, err := (&types.Config{Importer: std}).Check("html", fset, []*ast.File{source}, nil)
	require.NoError(t, err)

	for _, tt := range []struct{ body, refused string }{
		{`_ = html.El("p", html.Text(data), html.Attr("id", data))`, ""},
		{`const tag = "p"; _ = html.El(tag)`, ""},
		{`_ = html.El(data)`, "cannot use data"},
		{`_ = html.El("p" + data)`, "cannot use"},
		{`_ = html.Say(data, "x")`, "cannot use data"},
		{`_ = html.Static(data)`, "cannot use data"},
		{`_ = html.Attr(data, "x")`, "cannot use data"},
		{`_ = html.Flag(data)`, "cannot use data"},
		{`_ = html.Path("src", data, "x", "")`, "cannot use data"},
		{`_ = html.Static(html.constant(data))`, "not exported"},
		{`_ = html.Node{content: data}`, "unexported field"},
		{`_ = html.Node(struct{ attributes, content string }{"", data})`, "cannot convert"},
		{`_ = html.El("p", data)`, "cannot use data"},
	} {
		file, err := parser.ParseFile(fset, tt.body, `package page
			import "html"
			func page(data string) { `+tt.body+` }`, 0)
		require.NoError(t, err)
		_, err = (&types.Config{Importer: only{ours}}).Check("page", fset, []*ast.File{file}, nil)
		if tt.refused == "" {
			require.NoError(t, err, tt.body)
			continue
		}
		require.ErrorContains(t, err, tt.refused, tt.body)
	}
}

type only struct{ *types.Package }

func (o only) Import(string) (*types.Package, error) { return o.Package, nil }
