package vipps

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	rawMax  = 2 << 10 // bytes of an error body that are kept
	textMax = 300     // bytes of a title or detail that are kept
)

// numbers long enough to be a phone number with its country code. References and
// trace ids break up their digits with letters and hyphens, so they stay readable.
var numberRun = regexp.MustCompile(`[0-9]{9,}`)

// links may carry a payment's token.
var linkTail = regexp.MustCompile(`(https?://[^\s"'<>/?#]*)[/?#][^\s"'<>]*`)

// docsHosts are where the API's own problem types and documentation point.
var docsHosts = regexp.MustCompile(`^https?://(httpstatuses\.(io|com)|tools\.ietf\.org|datatracker\.ietf\.org|developer\.vippsmobilepay\.com)$`)

// scrub takes out of s whatever could name a passenger or open a payment: the
// private texts given, long digit runs and the tails of links.
func scrub(s string, private []string) string {
	for _, word := range private {
		if len(word) >= 4 {
			s = strings.ReplaceAll(s, word, redacted)
		}
	}
	s = linkTail.ReplaceAllStringFunc(s, func(link string) string {
		host := linkTail.FindStringSubmatch(link)[1]
		if docsHosts.MatchString(host) {
			return link
		}
		return host + "/" + redacted
	})
	return numberRun.ReplaceAllString(s, "[number]")
}

// scrubText is scrub for something that becomes part of one log line.
func scrubText(s string, private []string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError {
			return ' '
		}
		return r
	}, s)
	return cut(scrub(s, private), textMax)
}

// cut shortens s to at most n bytes and to whole characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
