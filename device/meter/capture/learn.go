package capture

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Learned is what Learn found out about a print.
type Learned struct {
	Text string // the longest print, with card numbers and people hidden
	Fits []Fit  // how each profile reads the print, the best first
	Own  Fit    // how the proposed keys read it
	TOML string // the proposed keys of the [meter] table, with what they find as comments
}

// Fit is how one configuration reads a print.
type Fit struct {
	Profile string // empty for proposed keys
	Kind    Kind
	Values  []Value
	Err     string // why it cannot be read, empty if it can
	Doubt   bool   // the parts and the total do not agree
}

// Value is one field that was found, as it is printed.
type Value struct {
	Field Field
	Text  string
}

// Good is true if the print is a receipt that can be used as it is.
func (f Fit) Good() bool {
	return f.Err == "" && !f.Doubt && (f.Kind == Receipt || f.Kind == PartReceipt)
}

// maxLearn bounds what is looked at: more than the longest print with a picture.
const maxLearn = 256 << 10

// Learn looks at the bytes of one print, or of several. It tries every profile, and
// if none fits proposes keys made of the words that it finds.
func Learn(p []byte) Learned {
	p = p[:min(len(p), maxLearn)]
	var l Learned
	for _, name := range Profiles() {
		cfg, err := parseConfig(map[string]any{profileKey: name})
		if err != nil {
			continue // a test reads them all
		}
		fit := cfg.fit(cfg.jobs(p))
		fit.Profile = name
		l.Fits = append(l.Fits, fit)
	}
	slices.SortStableFunc(l.Fits, func(a, b Fit) int { return b.score() - a.score() })
	if best := l.Fits[0]; best.Good() {
		cfg, _ := parseConfig(map[string]any{profileKey: best.Profile}) // as above
		l.Text, l.Own = maskText(fullest(cfg.jobs(p)).Text), best
		l.TOML = fmt.Sprintf("profile = %q\n%s", best.Profile, comments(best))
		return l
	}
	g := guess(p)
	l.Text, l.TOML = maskText(g.text), g.toml()
	if cfg, err := g.config(); err != nil {
		l.Own.Err = err.Error()
	} else {
		l.Own = cfg.fit(cfg.jobs(p))
		l.TOML += comments(l.Own)
	}
	return l
}

// jobs are the prints in p.
func (c Config) jobs(p []byte) (jobs []Job) {
	at := time.Unix(0, 0)
	s := newSplitter(c, func(j Job) { jobs = append(jobs, j) }, func([]byte) {})
	s.Feed(p, at)
	s.Idle(at.Add(time.Hour))
	return jobs
}

// fullest is the print that says most.
func fullest(jobs []Job) (longest Job) {
	for _, j := range jobs {
		if len(j.Text) > len(longest.Text) {
			longest = j
		}
	}
	return longest
}

// fit is how the print is read that is read best.
func (c Config) fit(jobs []Job) (best Fit) {
	best = Fit{Kind: Other, Err: "nothing was printed that is text"}
	for _, j := range jobs {
		if f := c.fitOne(j); f.score() > best.score() {
			best = f
		}
	}
	return best
}

func (c Config) fitOne(j Job) Fit {
	r, err := c.Read(j)
	f := Fit{Kind: r.Kind}
	if err != nil {
		f.Err = err.Error()
	} else {
		checks := c.Checks
		checks.Clock = 0 // a tape may be old
		f.Doubt = len(checks.doubts(r, time.Time{})) > 0
	}
	for _, field := range Fields {
		rule, ok := c.Fields[field]
		if !ok {
			continue
		}
		if hits := rule.hits(j.Text); len(hits) > 0 {
			f.Values = append(f.Values, Value{field, maskText(strings.Join(hits, " + "))})
		}
	}
	return f
}

// score orders fits.
func (f Fit) score() int {
	n := len(f.Values)
	if f.Kind == Receipt || f.Kind == PartReceipt {
		n += 10
	}
	if f.Err == "" {
		n += 20
	}
	if f.Good() {
		n += 100
	}
	return n
}

// comments lists what was found, for the technician to compare with the paper.
func comments(f Fit) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# This print is read as %s:\n", f.Kind)
	for _, v := range f.Values {
		fmt.Fprintf(&b, "#   %-8s %s\n", v.Field, strings.Join(strings.Fields(v.Text), " "))
	}
	if f.Err != "" {
		fmt.Fprintf(&b, "# It cannot be used yet: %s\n", f.Err)
	}
	if f.Doubt {
		b.WriteString("# The parts do not make the total, or the tax does not fit: compare with the paper.\n")
	}
	return b.String()
}
