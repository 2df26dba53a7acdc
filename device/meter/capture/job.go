package capture

import (
	"bytes"
	"regexp"
	"strings"
	"time"
)

// Job is one print job, or one line or frame of a data port: what is printed
// between two cuts of the paper.
type Job struct {
	Text     string // lines, without spaces at their ends
	Lines    int    // that are not blank
	Dirt     int    // bytes and characters that belong to no command and are no text
	Pictures int    // bytes of pictures
	Over     bool   // longer than any receipt; the text is not complete
	End      End
}

// End says what ended a job.
type End string

const (
	EndCut      End = "cut"
	EndFormFeed End = "ff"
	EndETX      End = "etx"
	EndLine     End = "line"
	EndFeed     End = "feed"
	EndText     End = "text"
	EndInit     End = "init"
	EndIdle     End = "idle"
)

const (
	maxText  = 32 << 10 // bytes of a job; the longest shift reports have a tenth of it
	maxMarks = 64       // changes of the charset within a job
)

// Ends says what ends a job. Idle is always on.
type Ends struct {
	Cut, FormFeed, ETX bool
	Line               bool           // every line is a job
	Init               bool           // the printer is initialised for the next one
	Feed               int            // that many blank lines; 0: never
	Text               *regexp.Regexp // a line that it matches; nil: never
	Idle               time.Duration  // nothing came for that long
}

// mark is where another charset begins.
type mark struct {
	at      int
	charset charset
}

// splitter makes jobs of what a stripper tells. It never keeps more than maxText
// bytes, and overwrites them when the job is done.
type splitter struct {
	cfg    Config
	strip  stripper
	done   func(Job)
	status func(request []byte)

	raw      []byte
	marks    []mark
	line     int // where the present line begins in raw
	blank    int // blank lines since the last that is not
	job      Job
	last     time.Time // when the job was last added to
	touched  bool      // it was added to just now
	total    int       // bytes fed
	dirt     int       // in all
	clean    int       // signs of a line that works: readable lines, requests, pictures
	page     charset   // as ESC t and ESC R have left it
	followed bool      // charset is auto
}

// newSplitter tells jobs to done, and to status what the printer must answer.
func newSplitter(cfg Config, done func(Job), status func([]byte)) *splitter {
	s := &splitter{cfg: cfg, done: done, status: status, followed: cfg.Charset == auto, page: charsetOf(cfg.Charset)}
	s.strip = stripper{plain: cfg.Dialect == Plain, emit: s.take}
	return s
}

// Feed takes bytes that arrived at now.
func (s *splitter) Feed(p []byte, now time.Time) {
	s.Idle(now)
	s.total += len(p)
	s.touched = false
	s.strip.feed(p)
	if s.touched || s.strip.pending() {
		s.last = now // a meter that polls its printer for ever does not keep a job open
	}
}

// Idle says that nothing arrived until now.
func (s *splitter) Idle(now time.Time) {
	if !s.open() || now.Sub(s.last) < s.cfg.Ends.Idle {
		return
	}
	s.strip.reset()
	s.end(EndIdle)
}

// open is true when something of a job is there.
func (s *splitter) open() bool {
	return len(s.raw) > 0 || s.job != Job{} || s.strip.pending()
}

// take is told what the printer has to do.
func (s *splitter) take(t told) {
	ends := s.cfg.Ends
	s.touched = s.touched || t.op != opStatus
	switch t.op {
	case opText:
		s.add(t.text)
	case opLine:
		s.newline()
	case opFeed:
		if s.line < len(s.raw) {
			s.newline()
		}
		s.blanks(t.n)
	case opFormFeed:
		s.endIf(ends.FormFeed, EndFormFeed)
	case opCut:
		s.endIf(ends.Cut, EndCut)
	case opSTX:
		if ends.ETX {
			s.forget() // a frame whose end was lost
		}
	case opETX:
		s.endIf(ends.ETX, EndETX)
	case opPage:
		s.setPage(t.n)
	case opNational:
		s.setNational(t.n)
	case opReset:
		s.initialise()
		s.setPage(0)
		s.setNational(0)
	case opPicture:
		s.job.Pictures += t.n
		s.clean++
	case opStatus:
		s.clean++
		s.status(t.text)
	case opDirt:
		s.job.Dirt += t.n
		s.dirt += t.n
	}
}

// add keeps bytes while there is room.
func (s *splitter) add(p []byte) {
	room := maxText - len(s.raw)
	if len(p) > room {
		s.job.Over = true
		p = p[:max(room, 0)]
	}
	s.raw = append(s.raw, p...)
}

// newline ends a line.
func (s *splitter) newline() {
	filled := s.lineDone()
	s.add([]byte{lf})
	begin := s.line
	s.line = len(s.raw)
	ends := s.cfg.Ends
	if filled {
		s.blank = 0
	}
	switch {
	case !filled:
		s.blanks(1)
	case ends.Line:
		s.end(EndLine)
	case ends.Text != nil && ends.Text.MatchString(s.decode(begin, s.line)):
		s.end(EndText)
	}
}

// lineDone looks at the line that ends, and says whether there is anything on it.
func (s *splitter) lineDone() (filled bool) {
	line := bytes.TrimSpace(s.raw[s.line:])
	if readable(line) {
		s.clean++
	}
	return len(line) > 0
}

// readable is true for a line that is plainly text, whatever the charset.
func readable(line []byte) bool {
	plain := 0
	for _, b := range line {
		if b < del {
			plain++
		}
	}
	return plain >= 4 && 4*plain >= 3*len(line)
}

func (s *splitter) blanks(n int) {
	s.blank += n
	s.endIf(s.cfg.Ends.Feed > 0 && s.blank >= s.cfg.Ends.Feed, EndFeed)
}

func (s *splitter) endIf(end bool, why End) {
	if end {
		s.end(why)
	} else if s.line < len(s.raw) {
		s.add([]byte{lf})
		s.line = len(s.raw)
	}
}

// initialise does what a printer does: a line that is not printed yet is forgotten,
// and with it noise that came before the receipt.
func (s *splitter) initialise() {
	if s.cfg.Ends.Init {
		s.end(EndInit)
		return
	}
	clear(s.raw[s.line:])
	s.raw = s.raw[:s.line]
	for len(s.marks) > 0 && s.marks[len(s.marks)-1].at > s.line {
		s.marks = s.marks[:len(s.marks)-1]
	}
}

func (s *splitter) setPage(n int) {
	name, known := escPages[n]
	if s.followed && known {
		s.setCharset(charset{page: pages[name], national: s.page.national})
	}
}

func (s *splitter) setNational(n int) {
	if s.followed {
		s.setCharset(charset{page: s.page.page, national: nationalSet(n)})
	}
}

func (s *splitter) setCharset(c charset) {
	s.page = c
	if k := len(s.marks); k > 0 && s.marks[k-1].at == len(s.raw) {
		s.marks[k-1].charset = c
		return
	}
	if len(s.marks) == maxMarks {
		s.job.Over = true
		return
	}
	s.marks = append(s.marks, mark{len(s.raw), c})
}

// end makes a job of what is there, unless that is nothing but commands.
func (s *splitter) end(why End) {
	s.lineDone()
	job := s.job
	text := s.decode(0, len(s.raw))
	s.forget()
	job.Text, job.Lines = tidy(text)
	job.Dirt += strings.Count(text, "\uFFFD")
	job.End = why
	if job.Lines > 0 || job.Pictures > 0 || job.Dirt > 0 || job.Over {
		s.done(job)
	}
}

// forget makes ready for the next job.
func (s *splitter) forget() {
	clear(s.raw)
	s.raw, s.line, s.blank, s.job = s.raw[:0], 0, 0, Job{}
	s.marks = append(s.marks[:0], mark{0, s.page})
}

// decode gives part of the job as text.
func (s *splitter) decode(from, to int) string {
	var b strings.Builder
	c := charsetOf(s.cfg.Charset)
	for _, m := range s.marks {
		if m.at >= to {
			break
		}
		if m.at > from {
			c.decode(&b, s.raw[from:m.at])
			from = m.at
		}
		c = m.charset
	}
	c.decode(&b, s.raw[from:to])
	return b.String()
}

// tidy takes off the spaces at the ends of lines and the blank lines before and after
// all others, and counts those that are not blank.
func tidy(text string) (string, int) {
	lines := strings.Split(strings.TrimRight(text, " \n"), "\n")
	filled := 0
	for i, l := range lines {
		if lines[i] = strings.TrimRight(l, " "); lines[i] != "" {
			filled++
		}
	}
	return strings.TrimLeft(strings.Join(lines, "\n"), "\n"), filled
}
