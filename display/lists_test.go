package display_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"taxiterminal/display"
)

// TestListsNameEveryConstant reads the package's source, so that a constant that
// is added without its list entry (and so without a text) is found.
func TestListsNameEveryConstant(t *testing.T) {
	t.Parallel()
	declared := constants(t)

	lists := map[string][]string{
		"Screen":  words(display.Screens()),
		"Label":   words(display.Labels()),
		"Reason":  words(display.Reasons()),
		"Action":  words(display.Actions()),
		"Share":   words(display.Shares()),
		"Network": words(display.Networks()),
		"Health":  words(display.Healths()),
		"Fault":   words(display.Faults()),
		"Refusal": words(display.Refusals()),
		"Notice":  display.NoticeKeys(),
	}
	for kind, list := range lists {
		require.ElementsMatch(t, declared[kind], list, kind)
	}
	require.Len(t, declared, len(lists), "a kind of constant has no list")
}

// constants are the non-empty string constants of the package by type name; the
// untyped ones go by the first word of their name.
func constants(t *testing.T) map[string][]string {
	t.Helper()
	entries, err := os.ReadDir(".")
	require.NoError(t, err)
	found := map[string][]string{}
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), ".go") || strings.HasSuffix(entry.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), entry.Name(), nil, 0)
		require.NoError(t, err)
		for _, decl := range file.Decls {
			if gen, ok := decl.(*ast.GenDecl); ok && gen.Tok == token.CONST {
				addConstants(t, found, gen.Specs)
			}
		}
	}
	return found
}

func addConstants(t *testing.T, found map[string][]string, specs []ast.Spec) {
	t.Helper()
	for _, spec := range specs {
		value := spec.(*ast.ValueSpec)
		kind := ""
		if name, ok := value.Type.(*ast.Ident); ok {
			kind = name.Name
		} else if strings.HasPrefix(value.Names[0].Name, "Notice") {
			kind = "Notice"
		}
		text, err := strconv.Unquote(value.Values[0].(*ast.BasicLit).Value)
		require.NoError(t, err)
		if text != "" {
			found[kind] = append(found[kind], text)
		}
	}
}

func words[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, w := range list {
		out[i] = string(w)
	}
	return out
}

// TestBlocking holds the decision for every fault, one by one: a new fault has to
// be put on one side or the other.
func TestBlocking(t *testing.T) {
	t.Parallel()
	var blocking []display.Fault
	for _, f := range display.Faults() {
		if f.Blocking() {
			blocking = append(blocking, f)
		}
	}
	require.Equal(t, []display.Fault{"M1", "M2", "M3", "M4", "M5", "M6", "C1", "C2", "C4", "D1", "D2", "D3", "D4", "D5", "D6", "D7"}, blocking)
}

func TestRefusalIsAnErrorWithAReason(t *testing.T) {
	t.Parallel()
	var err error = display.RefusedOtherTrip
	var reason interface{ Reason() string }
	require.ErrorAs(t, err, &reason)
	require.Equal(t, "other_trip", reason.Reason())
	require.Equal(t, "action refused: other_trip", err.Error())
}
