package outbox

import (
	"database/sql"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestNoQueryReadsAWholeTable asks SQLite how it would carry out every statement of
// this package. One that walks through journal, commands or streams gets slower with
// every year on file.
func TestNoQueryReadsAWholeTable(t *testing.T) {
	s := open(t, tempFile(t))
	queries := statements(t)
	require.Greater(t, len(queries), 40, "the statements were not found")
	for _, f := range []Filter{{Open: true}, {Open: true, ID: 7}, {Limit: 50}, {ID: 7, Limit: 1}, {Stream: 7}, {Open: true, Stream: 7, Limit: 1}} {
		q, _ := f.query()
		queries = append(queries, q)
	}
	for _, q := range queries {
		require.Empty(t, walks(t, s.writer, q), q)
	}
	for _, q := range []string{
		"SELECT count(*) FROM journal WHERE kind = ?",
		"SELECT id FROM command WHERE note = ? ORDER BY id",
		"SELECT max(at) FROM journal",
		"DELETE FROM stream WHERE open = 0",
		"SELECT stream FROM journal WHERE at > ? ORDER BY seq DESC LIMIT 1",
	} {
		require.NotEmpty(t, walks(t, s.writer, q), "this test sees it: %s", q)
	}
}

var (
	// walk is a plan that reads a table from one end to the other. The indexes that may
	// be read so hold what is open, which is little. (A search that uses no index is one
	// for the greatest or smallest, row by row.)
	walk     = regexp.MustCompile(`^(SCAN (journal|command|stream|s)\b|SEARCH (journal|command|stream|s)$)`)
	openOnly = regexp.MustCompile(`USING (COVERING )?INDEX (command|stream)_open$`)
	// newest is the end of a table in the order of its key, and no condition.
	newest = regexp.MustCompile(`FROM (journal|command|stream)( WHERE true)? ORDER BY (seq|id) DESC LIMIT \S+$`)
	// counted once, in a backup that is verified row by row anyway.
	backupCount = "(SELECT count(*) FROM journal)"
)

// walks are the steps of a statement's plan that read a whole table.
func walks(t *testing.T, db *sql.DB, query string) (steps []string) {
	if newest.MatchString(query) || strings.Contains(query, backupCount) {
		return nil
	}
	rows, err := db.Query("EXPLAIN QUERY PLAN "+query, make([]any, strings.Count(query, "?"))...)
	require.NoError(t, err, query)
	defer rows.Close()
	for rows.Next() {
		var id, parent, unused int
		var step string
		require.NoError(t, rows.Scan(&id, &parent, &unused, &step))
		if walk.MatchString(step) && !openOnly.MatchString(step) {
			steps = append(steps, step)
		}
	}
	require.NoError(t, rows.Err())
	return steps
}

// statements are all texts in the package's source that are a statement. Those that
// are only the beginning of one are made whole by Filter.query.
func statements(t *testing.T) (list []string) {
	verb := regexp.MustCompile(`^(SELECT|INSERT|UPDATE|DELETE) `)
	entries, err := os.ReadDir(".")
	require.NoError(t, err)
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), e.Name(), nil, 0)
		require.NoError(t, err)
		ast.Inspect(f, func(n ast.Node) bool {
			text, ok := n.(*ast.BasicLit)
			if !ok || text.Kind != token.STRING {
				return true
			}
			q, err := strconv.Unquote(text.Value)
			require.NoError(t, err)
			if q = strings.TrimSpace(q); verb.MatchString(q) && !strings.HasSuffix(q, "WHERE true") {
				list = append(list, q)
			}
			return true
		})
	}
	return list
}
