package vipps

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
)

// faultBody is what could be read from the body of an answer that is no success.
// The platform has several shapes for it: RFC 7807 problems with extraDetails from
// the ePayment API, and with invalidParams and an instance in the place of the
// traceId from its others, statusCode and message from its gateway, error and
// error_description from the token endpoint, and arrays of older kinds.
type faultBody struct {
	object  bool   // it was JSON of such a shape, so it comes from the platform
	code    string // numeric domain code
	title   string
	detail  string
	traceID string
}

var (
	codePattern  = regexp.MustCompile(`^[0-9]{4,5}$`)
	tracePattern = shaped(1, 128, `^[0-9A-Za-z:|._-]+$`)
)

// readFault reads any of the shapes. It cannot fail: what is not there stays empty.
func readFault(body []byte) faultBody {
	fields, ok := faultFields(body)
	if !ok {
		return faultBody{}
	}
	f := faultBody{
		object: true,
		title:  firstText(fields, "title", "error", "errorMessage", "message"),
		detail: firstText(fields, "detail", "error_description", "responseInfo"),
	}
	if id := firstText(fields, "traceId", "trace_id", "contextId", "instance"); tracePattern.MatchString(id) {
		f.traceID = id
	}
	var invalid []string
	for _, d := range faultDetails(fields) {
		name, reason := firstText(d, "name", "field"), firstText(d, "reason", "text")
		switch {
		case !strings.EqualFold(name, "ErrorCode"):
			invalid = append(invalid, name+" "+reason)
		case codePattern.MatchString(reason):
			f.code = reason
		}
	}
	if f.detail == "" {
		f.detail = strings.Join(invalid, ", ")
	}
	return f
}

// faultFields gives the members of the body, or of the first element if it is an
// array. Names keep their case.
func faultFields(body []byte) (map[string]json.RawMessage, bool) {
	var fields map[string]json.RawMessage
	if json.Unmarshal(body, &fields) == nil && fields != nil {
		return fields, true
	}
	var list []map[string]json.RawMessage
	if json.Unmarshal(body, &list) == nil && len(list) > 0 && list[0] != nil {
		return list[0], true
	}
	return nil, false
}

// faultDetails gives the entries of extraDetails, or of invalidParams as the other
// APIs of the platform call it.
func faultDetails(fields map[string]json.RawMessage) []map[string]json.RawMessage {
	for _, name := range []string{"extraDetails", "invalidParams"} {
		var list []map[string]json.RawMessage
		if json.Unmarshal(fields[name], &list) == nil && len(list) > 0 {
			return list
		}
	}
	return nil
}

// firstText gives the first of the named members that is a text or a number.
func firstText(fields map[string]json.RawMessage, names ...string) string {
	for _, name := range names {
		raw := bytes.TrimSpace(fields[name])
		var s string
		if json.Unmarshal(raw, &s) == nil && s != "" {
			return s
		}
		var n json.Number
		if json.Unmarshal(raw, &n) == nil && n != "" {
			return n.String()
		}
	}
	return ""
}
