// Package locale holds the words of the screens, one TOML file a language, and
// writes amounts the way the language does.
//
// A new language is one new file, named by its BCP 47 tag, with the same keys and
// the same {placeholders} as the others; a test compares them with each other and
// with every constant of package display. Nothing else has to be touched.
//
// Keys are the tables and names of the file joined with dots: "reason.expired",
// "reason.expired.next".
package locale

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"golang.org/x/text/language"
)

//go:embed *.toml
var files embed.FS

// ErrUnknownLanguage says that there is no catalogue of that name.
var ErrUnknownLanguage = errors.New("no catalogue for the language")

// Set is a choice of catalogues with a default, immutable after Load.
type Set struct {
	catalogues []*Catalogue
	matcher    language.Matcher
}

// Available are the tags of the screens' catalogues, sorted.
func Available() []string { return AvailableIn(files) }

// AvailableIn are the tags of the catalogues in a directory that is part of the
// program, sorted.
func AvailableIn(dir fs.FS) []string {
	names, err := fs.Glob(dir, "*.toml")
	if err != nil {
		panic(err) // the pattern is well-formed
	}
	tags := make([]string, len(names))
	for i, name := range names {
		tags[i] = strings.TrimSuffix(path.Base(name), ".toml")
	}
	return tags
}

// Load reads the screens' catalogues of the given tags, e.g. "nb", "en". The first
// is the default. It fails on a tag without a file and on a file that is not a
// catalogue.
func Load(tags ...string) (*Set, error) { return LoadFrom(files, tags...) }

// LoadFrom is Load for the catalogues of another part of the program, which keeps
// its words next to its own code.
func LoadFrom(dir fs.FS, tags ...string) (*Set, error) {
	if len(tags) == 0 {
		return nil, errors.New("load catalogues: no language given")
	}
	set := &Set{}
	var parsed []language.Tag
	for _, tag := range tags {
		c, err := load(dir, tag)
		if err != nil {
			return nil, err
		}
		set.catalogues = append(set.catalogues, c)
		parsed = append(parsed, c.language)
	}
	set.matcher = language.NewMatcher(parsed)
	return set, nil
}

func load(dir fs.FS, tag string) (*Catalogue, error) {
	data, err := fs.ReadFile(dir, tag+".toml")
	if err != nil {
		return nil, fmt.Errorf("load catalogue %q: %w (there are %s)",
			tag, ErrUnknownLanguage, strings.Join(AvailableIn(dir), ", "))
	}
	var tree map[string]any
	if err := toml.Unmarshal(data, &tree); err != nil {
		return nil, fmt.Errorf("load catalogue %q: %w", tag, err)
	}
	return newCatalogue(tag, tree)
}

// Default is the first catalogue.
func (s *Set) Default() *Catalogue { return s.catalogues[0] }

// Catalogues are all of the set, the default first. Do not change the slice.
func (s *Set) Catalogues() []*Catalogue { return s.catalogues }

// Match is the catalogue that suits a list of wanted languages best, by the
// language data of Unicode CLDR: "no" and "nn-NO" find "nb". Nonsense and
// languages that are too far away find the default.
func (s *Set) Match(wanted ...string) *Catalogue {
	_, i := language.MatchStrings(s.matcher, wanted...)
	return s.catalogues[i]
}
