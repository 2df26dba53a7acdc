// Package table reads TOML tables strictly and reports everything that is wrong
// with them at once, each with the key and what to write instead. The program's
// configuration and the meter drivers' own parts of it are read with it.
package table

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Table is one table being read. Every getter names a key, what
// it must be and what it is when absent; Err then reports everything that was
// wrong, and every key that nobody asked for:
//
//	t := table.New(raw)
//	cfg.Profile = t.Choice("profile", "pulsar", "pulsar", "tap")
//	cfg.Poll = t.Duration("poll", 30*time.Second, time.Second, time.Hour)
//	if err := t.Err(); err != nil { ... }
type Table struct {
	prefix   string
	raw      map[string]any
	asked    map[string]bool
	children []*Table
	problems []Problem
}

// Problem is one thing wrong with a table, as a person must mend it.
type Problem struct {
	Key  string // with dots, e.g. "money.currency"
	Text string
	Hint string
}

func (p Problem) Error() string { return fmt.Sprintf("%s: %s (%s)", p.Key, p.Text, p.Hint) }

// Error lists all problems of a table, sorted by key.
type Error struct{ Problems []Problem }

func (e *Error) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "; ")
}

// Unwrap gives the problems one by one.
func (e *Error) Unwrap() []error {
	errs := make([]error, len(e.Problems))
	for i, p := range e.Problems {
		errs[i] = p
	}
	return errs
}

// New reads raw, the values of a TOML table in the types of the decoder.
func New(raw map[string]any) *Table {
	return &Table{raw: raw, asked: map[string]bool{}}
}

// Has says whether the key is there, to tell "absent" from the default.
func (t *Table) Has(key string) bool { _, ok := t.raw[key]; return ok }

// Problem adds what the caller itself found wrong, e.g. two keys that contradict.
func (t *Table) Problem(key, text, hint string) {
	t.problems = append(t.problems, Problem{t.prefix + key, text, hint})
}

// value gives the key's value if it is there and has type T.
func value[T any](t *Table, key, hint string) (v T, ok bool) {
	t.asked[key] = true
	raw, there := t.raw[key]
	if !there {
		return v, false
	}
	if v, ok = raw.(T); !ok {
		t.Problem(key, fmt.Sprintf("%v is %s", show(raw), kind(raw)), hint)
	}
	return v, ok
}

// String reads any text.
func (t *Table) String(key, def string) string {
	if v, ok := value[string](t, key, "want text in quotes"); ok {
		return v
	}
	return def
}

// Choice reads one of several words.
func (t *Table) Choice(key, def string, words ...string) string {
	hint := "want " + list(words)
	v, ok := value[string](t, key, hint)
	if !ok {
		return def
	}
	if !slices.Contains(words, v) {
		t.Problem(key, fmt.Sprintf("%q is not known", v), hint)
		return def
	}
	return v
}

// Required reads a text that must be there and not empty.
func (t *Table) Required(key, hint string) string {
	v, ok := value[string](t, key, hint)
	if t.Has(key) && !ok {
		return ""
	}
	if v == "" {
		t.Problem(key, "missing", hint)
	}
	return v
}

// Strings reads an array of texts.
func (t *Table) Strings(key string, def ...string) []string {
	const hint = `want an array of texts, such as ["nb", "en"]`
	items, ok := value[[]any](t, key, hint)
	if !ok {
		return def
	}
	var out []string
	for _, item := range items {
		s, ok := item.(string)
		if !ok {
			t.Problem(key, show(item)+" is "+kind(item), hint)
			return def
		}
		out = append(out, s)
	}
	return out
}

// Ints reads an array of whole numbers between low and high.
func (t *Table) Ints(key string, low, high int64, def ...int64) []int64 {
	hint := fmt.Sprintf("want an array of whole numbers from %d to %d, such as [%d, %d]", low, high, low, high)
	items, ok := value[[]any](t, key, hint)
	if !ok {
		return def
	}
	var out []int64
	for _, item := range items {
		n, ok := item.(int64)
		if !ok || n < low || n > high {
			t.Problem(key, show(item)+" is none of them", hint)
			return def
		}
		out = append(out, n)
	}
	return out
}

// Skip names a key that the caller reads by other means, because its value must not
// be quoted in a problem.
func (t *Table) Skip(key string) { t.asked[key] = true }

// Rest gives the keys that no getter has named so far, for another reader.
func (t *Table) Rest() map[string]any {
	rest := map[string]any{}
	for key, v := range t.raw {
		if !t.asked[key] {
			rest[key] = v
			t.asked[key] = true
		}
	}
	return rest
}

// Bool reads true or false.
func (t *Table) Bool(key string, def bool) bool {
	if v, ok := value[bool](t, key, "want true or false"); ok {
		return v
	}
	return def
}

// Int reads a whole number between low and high.
func (t *Table) Int(key string, def, low, high int64) int64 {
	hint := fmt.Sprintf("want a whole number from %d to %d", low, high)
	v, ok := value[int64](t, key, hint)
	if !ok {
		return def
	}
	if v < low || v > high {
		t.Problem(key, fmt.Sprintf("%d is out of range", v), hint)
		return def
	}
	return v
}

// Duration reads a duration in Go's notation, between low and high.
func (t *Table) Duration(key string, def, low, high time.Duration) time.Duration {
	hint := fmt.Sprintf(`want a duration in quotes such as "30s", from %s to %s`, low, high)
	v, ok := value[string](t, key, hint)
	if !ok {
		return def
	}
	d, err := time.ParseDuration(v)
	if err != nil || d < low || d > high {
		t.Problem(key, fmt.Sprintf("%q is no such duration", v), hint)
		return def
	}
	return d
}

// Table reads a table within the table; absent is empty. Its problems are in Err of
// the outermost table.
func (t *Table) Table(key string) *Table {
	v, _ := value[map[string]any](t, key, "want a table, as in ["+t.prefix+key+"]")
	return t.child(key, v)
}

// Tables reads an array of tables; absent is none.
func (t *Table) Tables(key string) []*Table {
	const want = "want an array of tables"
	items, _ := value[[]any](t, key, want)
	var out []*Table
	for i, item := range items {
		name := fmt.Sprintf("%s[%d]", key, i)
		m, ok := item.(map[string]any)
		if !ok {
			t.Problem(name, "is "+kind(item), want)
			continue
		}
		out = append(out, t.child(name, m))
	}
	return out
}

func (t *Table) child(name string, raw map[string]any) *Table {
	c := New(raw)
	c.prefix = t.prefix + name + "."
	t.children = append(t.children, c)
	return c
}

// Err is a *Error with everything that was wrong, or nil. It must be called
// after all getters, because a key that none of them named is wrong too.
func (t *Table) Err() error {
	found := t.collect()
	if len(found) == 0 {
		return nil
	}
	slices.SortStableFunc(found, func(a, b Problem) int { return strings.Compare(a.Key, b.Key) })
	return &Error{found}
}

func (t *Table) collect() []Problem {
	found := slices.Clone(t.problems)
	known := slices.Sorted(maps.Keys(t.asked))
	for key := range t.raw {
		if !t.asked[key] {
			found = append(found, Problem{t.prefix + key, "unknown key", "known here: " + list(known)})
		}
	}
	for _, c := range t.children {
		found = append(found, c.collect()...)
	}
	return found
}

// kind names a TOML type as a person would.
func kind(v any) string {
	switch v.(type) {
	case string:
		return "text"
	case bool:
		return "true or false"
	case int64:
		return "a whole number"
	case float64:
		return "a number with a point"
	case []any:
		return "an array"
	case map[string]any:
		return "a table"
	}
	return "a date or time"
}

// show prints simple values and keeps quiet about long ones.
func show(v any) string {
	switch v := v.(type) {
	case string:
		return fmt.Sprintf("%.40q", v)
	case bool, int64, float64:
		return fmt.Sprint(v)
	}
	return "the value"
}

func list(words []string) string {
	switch len(words) {
	case 0:
		return "nothing"
	case 1:
		return words[0]
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
