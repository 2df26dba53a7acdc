package page

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"taxiterminal/display/locale"
)

//go:embed static
var static embed.FS

//go:embed templates
var templates embed.FS

const staticPath = "/page/"

// lingua is for browsers that name only languages that we do not have.
const lingua = "en"

// renderer turns scenes into HTML. It is safe for concurrent use.
type renderer struct {
	set       *locale.Set
	preferred *locale.Catalogue // of browsers that name no language
	templates *template.Template
	version   string // of the static files, for caches
	location  *time.Location
	log       *slog.Logger
}

func newRenderer(o Options) (*renderer, error) {
	tags := Languages()
	tags = append([]string{lingua}, slices.DeleteFunc(tags, func(t string) bool { return t == lingua })...)
	set, err := locale.LoadFrom(catalogues(), tags...)
	if err != nil {
		return nil, fmt.Errorf("passenger pages: %w", err)
	}
	r := &renderer{set: set, location: o.Location, log: o.Log}
	if r.location == nil {
		r.location = time.Local
	}
	want := o.DefaultLanguage
	if want == "" {
		want = "nb"
	}
	if r.preferred = r.catalogue(want); r.preferred == nil {
		return nil, fmt.Errorf("default language %q of passenger pages: want one of %s", want, strings.Join(Languages(), ", "))
	}
	if r.templates, err = template.ParseFS(templates, "templates/*.html"); err != nil {
		return nil, fmt.Errorf("parse page templates: %w", err)
	}
	r.version, err = fingerprint()
	return r, err
}

// catalogue of exactly this tag; nil if there is none.
func (r *renderer) catalogue(tag string) *locale.Catalogue {
	for _, c := range r.set.Catalogues() {
		if c.Tag() == tag {
			return c
		}
	}
	return nil
}

// language is the one that an address names, and its tag, or else the browser's.
func (r *renderer) language(named string, accept []string) (*locale.Catalogue, string) {
	if c := r.catalogue(named); c != nil {
		return c, c.Tag()
	}
	if strings.Trim(strings.Join(accept, ""), " *") == "" {
		return r.preferred, ""
	}
	return r.set.Match(accept...), ""
}

// fingerprint of the static files.
func fingerprint() (string, error) {
	sum := sha256.New()
	err := fs.WalkDir(static, "static", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := static.ReadFile(path)
		sum.Write(data)
		return err
	})
	return hex.EncodeToString(sum.Sum(nil)[:6]), err
}

// file serves what pages load. A page names the version, so it may be kept for ever.
func (r *renderer) file(w http.ResponseWriter, req *http.Request) {
	if req.URL.Query().Get("v") == r.version {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	http.ServeFileFS(w, req, static, "static/"+req.PathValue("file"))
}

// plain is a page about no fare, texts under "plain.".
type plain string

const (
	plainUnknown plain = "unknown" // the link is no good, whatever the reason
	plainCrowded plain = "crowded" // too many requests
	plainDown    plain = "down"    // we cannot look now
)

func plains() []plain { return []plain{plainUnknown, plainCrowded, plainDown} }

// plain says the same whatever the link was: its text is only in the links to the
// other languages, where the browser already has it.
func (r *renderer) plain(v visit, which plain) []byte {
	return r.page(scene{visit: v, Plain: which, renderer: r})
}

// page is a whole page around the region.
func (r *renderer) page(s scene) []byte {
	region := r.region(s)
	return r.execute("page", struct {
		scene
		Region  template.HTML
		Version string
	}{s, template.HTML(region), r.version})
}

// region is the part of a page that follows the fare.
func (r *renderer) region(s scene) []byte {
	inner := r.execute("region", s)
	sum := sha256.Sum256(inner)
	return r.execute("live", struct {
		scene
		Inner template.HTML
		Hash  string
	}{s, template.HTML(inner), hex.EncodeToString(sum[:6])})
}

// execute renders without indentation and empty lines.
func (r *renderer) execute(name string, data any) []byte {
	var raw, tidy bytes.Buffer
	if err := r.templates.ExecuteTemplate(&raw, name, data); err != nil {
		// The templates are part of the program and all of them are rendered in its
		// tests; what could be rendered is still the best thing to show.
		r.log.Error("render page", "template", name, "error", err)
	}
	for line := range bytes.Lines(raw.Bytes()) {
		if line = bytes.TrimSpace(line); len(line) > 0 {
			tidy.Write(line)
			tidy.WriteByte('\n')
		}
	}
	return tidy.Bytes()
}
