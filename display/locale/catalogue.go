package locale

import (
	"fmt"
	"sort"
	"strings"

	"golang.org/x/text/language"
)

// Catalogue is one language. It is immutable and safe for concurrent use.
type Catalogue struct {
	tag      string
	language language.Tag
	texts    map[string]phrase
	numbers  numbers
}

// Args are the values of placeholders by name, e.g. {"amount": "286,50 kr"}.
type Args map[string]string

// phrase is a text cut at its placeholders: literal, name, literal, name, ...,
// literal.
type phrase []string

func newCatalogue(tag string, tree map[string]any) (*Catalogue, error) {
	parsed, err := language.Parse(tag)
	if err != nil {
		return nil, fmt.Errorf("load catalogue %q: file name is no language tag: %w", tag, err)
	}
	c := &Catalogue{tag: tag, language: parsed, texts: map[string]phrase{}, numbers: numbersOf(parsed)}
	if err := c.flatten("", tree); err != nil {
		return nil, fmt.Errorf("load catalogue %q: %w", tag, err)
	}
	return c, nil
}

// flatten walks the tables and joins their names with dots.
func (c *Catalogue) flatten(prefix string, tree map[string]any) error {
	for name, value := range tree {
		key := prefix + name
		switch v := value.(type) {
		case map[string]any:
			if err := c.flatten(key+".", v); err != nil {
				return err
			}
		case string:
			m, err := parse(v)
			if err != nil {
				return fmt.Errorf("%s: %w", key, err)
			}
			if _, twice := c.texts[key]; twice {
				return fmt.Errorf("%s: given twice", key)
			}
			c.texts[key] = m
		default:
			return fmt.Errorf("%s: want a text, not %T", key, value)
		}
	}
	return nil
}

// parse cuts a text at its {placeholders}, which are lower-case words.
func parse(text string) (phrase, error) {
	var m phrase
	for {
		literal, rest, found := strings.Cut(text, "{")
		if strings.Contains(literal, "}") {
			return nil, fmt.Errorf("%q: } without {", text)
		}
		m = append(m, literal)
		if !found {
			return m, nil
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed || name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz") != "" {
			return nil, fmt.Errorf("%q: { without a placeholder's name and }", text)
		}
		m = append(m, name)
		text = after
	}
}

// Tag is the file's name, e.g. "nb", as it goes into the lang attribute.
func (c *Catalogue) Tag() string { return c.tag }

// Name is what the language calls itself, e.g. "Norsk".
func (c *Catalogue) Name() string { return c.Text("language.name", nil) }

// Has says whether there is a text.
func (c *Catalogue) Has(key string) bool {
	_, ok := c.texts[key]
	return ok
}

// Text is the text of a key with its placeholders filled in. An unknown key gives
// the key itself, and a placeholder without a value stays as it is: a screen with
// an odd word on it is better than a blank one.
func (c *Catalogue) Text(key string, args Args) string {
	m, ok := c.texts[key]
	if !ok {
		return key
	}
	if len(m) == 1 {
		return m[0]
	}
	var b strings.Builder
	for i, piece := range m {
		if i%2 == 0 {
			b.WriteString(piece)
		} else if value, ok := args[piece]; ok {
			b.WriteString(value)
		} else {
			b.WriteString("{" + piece + "}")
		}
	}
	return b.String()
}

// Keys are all keys, sorted.
func (c *Catalogue) Keys() []string {
	keys := make([]string, 0, len(c.texts))
	for key := range c.texts {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}

// Placeholders are the names that a text mentions, sorted, each once.
func (c *Catalogue) Placeholders(key string) []string {
	names := map[string]bool{}
	for i, piece := range c.texts[key] {
		if i%2 == 1 {
			names[piece] = true
		}
	}
	list := make([]string, 0, len(names))
	for name := range names {
		list = append(list, name)
	}
	sort.Strings(list)
	return list
}
