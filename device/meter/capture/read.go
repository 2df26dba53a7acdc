package capture

import (
	"fmt"
	"strings"
	"time"

	"taxiterminal/money"
)

// Kind is what a job is.
type Kind string

const (
	Receipt     Kind = "receipt"
	PartReceipt Kind = "part_receipt" // one of several payers of a trip
	Copy        Kind = "copy"         // of a receipt that was printed before
	Void        Kind = "void"         // a trip that was cancelled
	ShiftReport Kind = "shift_report"
	CardSlip    Kind = "card_slip"
	Other       Kind = "other"
	Graphic     Kind = "graphic" // pictures without text
)

// Kinds are those that a rule can decide.
var Kinds = []Kind{Receipt, PartReceipt, Copy, Void, ShiftReport, CardSlip, Other}

// Classify says what a job is: the first rule that matches decides.
func (c Config) Classify(j Job) Kind {
	if j.Lines == 0 && j.Pictures > 0 {
		return Graphic
	}
	for _, r := range c.Rules {
		if r.Match.MatchString(j.Text) {
			return r.Kind
		}
	}
	return Other
}

// Read reads the receipt that a job is. The error says which field is missing or
// wrong, never what stands there.
func (c Config) Read(j Job) (Reading, error) {
	r := Reading{Kind: c.Classify(j), Found: map[Field]bool{}, Dirt: j.Dirt}
	if j.Over {
		return r, fmt.Errorf("receipt read: longer than %d bytes: check job_end", maxText)
	}
	times := map[Field]string{}
	for _, f := range Fields {
		rule, ok := c.Fields[f]
		if !ok {
			continue
		}
		hits, err := rule.pick(f, rule.hits(j.Text))
		if err == nil && len(hits) > 0 {
			r.Found[f] = true
			if f.kind() == isTime {
				times[f] = hits[0]
			} else {
				err = c.value(&r, f, hits)
			}
		}
		if err != nil {
			return r, fmt.Errorf("receipt read: %w", err)
		}
	}
	if err := c.times(&r, times); err != nil {
		return r, fmt.Errorf("receipt read: %w", err)
	}
	return r, nil
}

// maxWord is the longest number or name that is kept.
const maxWord = 40

func (c Config) value(r *Reading, f Field, hits []string) error {
	switch f.kind() {
	case isText:
		word := strings.TrimSpace(hits[0])
		if word == "" || len(word) > maxWord {
			return problem{f, fmt.Sprintf("is empty or longer than %d bytes", maxWord)}
		}
		*r.text(f) = word
	case isKm:
		m, err := c.Numbers.Metres(hits[0])
		if err != nil {
			return problem{f, err.Error()}
		}
		r.Distance = &m
	case isMoney:
		var sum money.Minor
		for _, h := range hits {
			v, err := c.Numbers.Money(h)
			if err != nil {
				return problem{f, err.Error()}
			}
			sum += v
		}
		*r.amount(f) = sum
	}
	return nil
}

// times reads start and finish. A finish before the start is on the next day.
func (c Config) times(r *Reading, texts map[Field]string) error {
	date, _, err := c.moment(FieldDate, texts)
	if err != nil {
		return err
	}
	start, startIsTime, err := c.moment(FieldStart, texts)
	if err != nil {
		return err
	}
	finish, finishIsTime, err := c.moment(FieldFinish, texts)
	if err != nil {
		return err
	}
	r.Start, r.Finish = onDay(date, start, startIsTime), onDay(date, finish, finishIsTime)
	if finishIsTime && !startIsTime && !r.Start.IsZero() {
		r.Finish = onDay(r.Start, finish, true)
	}
	if !r.Start.IsZero() && !r.Finish.IsZero() && r.Finish.Before(r.Start) && finishIsTime {
		r.Finish = r.Finish.AddDate(0, 0, 1)
	}
	if r.Date = date; r.Finish.IsZero() && date.Hour()+date.Minute() > 0 {
		r.Finish = date
	}
	if !r.Start.IsZero() && !r.Finish.IsZero() && r.Finish.Before(r.Start) {
		return problem{FieldFinish, "is before the start"}
	}
	return nil
}

// moment reads a date and time, or a time of day only. The date's year is then 0.
func (c Config) moment(f Field, texts map[Field]string) (at time.Time, timeOnly bool, err error) {
	text, there := texts[f]
	if !there {
		return time.Time{}, false, nil
	}
	text = strings.Join(strings.Fields(text), " ")
	for _, layout := range c.Layouts {
		if at, err := time.ParseInLocation(layout, text, c.Zone); err == nil {
			return at, at.Year() == 0, nil
		}
	}
	return time.Time{}, false, problem{f, "fits none of date_layouts"}
}

// onDay puts a time of day on a date. Without one it is worth nothing.
func onDay(day, at time.Time, timeOnly bool) time.Time {
	switch {
	case !timeOnly:
		return at
	case day.IsZero() || day.Year() == 0:
		return time.Time{}
	}
	return time.Date(day.Year(), day.Month(), day.Day(), at.Hour(), at.Minute(), at.Second(), 0, day.Location())
}
