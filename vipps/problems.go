package vipps

import (
	"fmt"
	"strings"
)

// InvalidError lists everything that is wrong with a value of this package, so
// that it can be put right in one go. Its text contains no customer identifier.
type InvalidError struct {
	What     string // what was checked: "config", "create payment", ...
	Problems []Problem
}

// Problem is one thing to put right.
type Problem struct {
	Field string // path in the API's own names where there is one, e.g. "receipt.orderLines[2].id"
	Fix   string // what is wrong and what is wanted instead
}

// Error joins all problems in one line.
func (e *InvalidError) Error() string {
	parts := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		parts[i] = p.Field + ": " + p.Fix
	}
	return "invalid " + e.What + ": " + strings.Join(parts, "; ")
}

// problems collects while checking.
type problems []Problem

func (p *problems) add(field, format string, args ...any) {
	*p = append(*p, Problem{Field: field, Fix: fmt.Sprintf(format, args...)})
}

// check adds the problem unless ok.
func (p *problems) check(ok bool, field, format string, args ...any) {
	if !ok {
		p.add(field, format, args...)
	}
}

func (p problems) err(what string) error {
	if len(p) == 0 {
		return nil
	}
	return &InvalidError{What: what, Problems: p}
}
