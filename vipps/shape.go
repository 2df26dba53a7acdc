package vipps

import (
	"regexp"
	"unicode/utf8"
)

// shape is a pattern with limits to the number of characters. regexp takes limits too,
// but compiles [a-z]{1,128} into 128 copies of [a-z]; the six of these were 0.5 MB at start.
type shape struct {
	min, max int
	form     *regexp.Regexp
}

func shaped(min, max int, form string) shape { return shape{min, max, regexp.MustCompile(form)} }

func (s shape) MatchString(text string) bool {
	n := utf8.RuneCountInString(text)
	return s.min <= n && n <= s.max && s.form.MatchString(text)
}
