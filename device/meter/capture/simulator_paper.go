package capture

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"text/template"
	"time"
	"unicode/utf8"

	"taxiterminal/money"
)

// printed is one job on its way to the printer.
type printed struct {
	bytes []byte
	at    time.Time
}

// layOut reads the template of the profile. The width of the paper is in its name.
func (s *Simulator) layOut() error {
	if _, err := fmt.Sscanf(s.cfg.Profile[strings.LastIndexByte(s.cfg.Profile, '-')+1:], "%d", &s.cols); err != nil {
		s.cols = 80
	}
	var err error
	s.paper, err = template.New(s.cfg.Profile).Funcs(template.FuncMap{
		"center": s.center, "row": s.row, "line": func(c string) string { return strings.Repeat(c, s.cols) },
		"amount": s.amount, "km": s.km, "within": within100,
		"stx": func() string { return string(rune(stx)) }, "etx": func() string { return string(rune(etx)) },
	}).ParseFS(profileFiles, "profiles/"+s.cfg.Profile+".receipt")
	if err != nil {
		return fmt.Errorf("meter simulator: %w", err)
	}
	return nil
}

func (s *Simulator) center(text string) string {
	return strings.Repeat(" ", max(0, s.cols-utf8.RuneCountInString(text))/2) + text
}

// row puts one text at the left and one at the right.
func (s *Simulator) row(left, right string) string {
	return left + strings.Repeat(" ", max(1, s.cols-utf8.RuneCountInString(left+right))) + right
}

// amount prints as the profile reads.
func (s *Simulator) amount(m money.Minor) string {
	n := s.rules.Numbers
	whole, frac, _ := strings.Cut(m.Decimal(), ".")
	if n.Thousands != "" {
		for i := len(whole) - 3; i > 0; i -= 3 {
			whole = whole[:i] + n.Thousands[:1] + whole[i:]
		}
	}
	return whole + n.Decimal + frac
}

// km prints kilometres with one to three decimals, cut off.
func (s *Simulator) km(metres int64, decimals int) string {
	return strconv.FormatInt(metres/1000, 10) + s.rules.Numbers.Decimal + fmt.Sprintf("%03d", metres%1000)[:decimals]
}

// within100 is the tax that a total contains, at a rate of whole per cent and tenths.
func within100(total money.Minor, percent, tenths int64) money.Minor {
	rate := percent*10 + tenths
	return money.Minor((int64(total)*rate + (1000+rate)/2) / (1000 + rate))
}

// print sends a job to the printer.
func (s *Simulator) print(t Slip, as string) {
	for _, at := range []*time.Time{&t.Start, &t.Finish} {
		*at = at.In(s.rules.Zone)
	}
	if s.miscount > 0 && as == "receipt" {
		s.miscount--
		t.Total += 100
	}
	var text bytes.Buffer
	if err := s.paper.ExecuteTemplate(&text, as, t); err != nil {
		panic(fmt.Sprintf("meter simulator: %v", err)) // the templates are ours, and tested
	}
	p := s.job(text.String())
	if s.cutShort > 0 {
		s.cutShort--
		p = p[:2*len(p)/3]
	}
	s.queue = append(s.queue, printed{p, time.Now()})
	if len(s.queue) > maxWaiting {
		s.queue = s.queue[1:]
	}
	s.poke()
}

const maxWaiting = 16 // jobs in the meter's memory

// logo is a picture whose dots look like commands and line ends.
var logo = append([]byte{gs, 'v', '0', 0, 2, 0, 8, 0}, lf, cr, esc, gs, 'V', 0, dle, 4, 1, ff, etx, stx, fs, '(', esc, '@')

// job makes the bytes of a print.
func (s *Simulator) job(text string) []byte {
	if s.rules.Dialect == Plain {
		return s.rules.encode(text)
	}
	p := []byte{esc, '@'}
	for n, name := range escPages {
		if name == s.rules.Charset {
			p = append(p, esc, 't', byte(n))
		}
	}
	if n, ok := sevenBit[s.rules.Charset]; ok {
		p = append(p, esc, 'R', byte(n))
	}
	if s.cfg.Logo || s.pictures > 0 {
		p = append(append(p, logo...), lf)
	}
	if s.pictures > 0 {
		s.pictures--
	} else {
		p = append(p, s.rules.encode(text)...)
	}
	p = append(p, esc, 'd', 4)
	if s.rules.Ends.Cut {
		p = append(p, gs, 'V', 66, 0)
	}
	return p
}

func (c Config) encode(text string) []byte { return charsetOf(c.Charset).encode(text) }
