package vippstest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
)

// decodeStrict reads a request body into v as the API does: unknown members are
// errors, and so are members that are there twice. A member of the wrong JSON type
// gets past the API's validation and fails inside, as an internal error.
func (s *Sim) decodeStrict(body []byte, v any) *reply {
	var r reply
	twice, err := repeatedMember(body)
	if err == nil {
		d := json.NewDecoder(bytes.NewReader(body))
		d.DisallowUnknownFields()
		err = d.Decode(v)
	}
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &kind):
		r = s.refuse(http.StatusInternalServerError, "3010", "Internal error")
	case err != nil:
		r = s.problem(http.StatusBadRequest, "Invalid request", detail{"body", strings.TrimPrefix(err.Error(), "json: ")})
	case strings.HasPrefix(twice, "metadata."):
		r = s.refuse(http.StatusBadRequest, "4110", "Metadata duplicate keys not allowed")
	case twice != "":
		r = s.invalid(twice, "only once")
	default:
		return nil
	}
	return &r
}

// repeatedMember walks through one JSON value and names a member that occurs twice
// in its object. The error is that of malformed JSON, or of anything after it.
func repeatedMember(body []byte) (string, error) {
	if !json.Valid(body) {
		return "", errors.New("malformed JSON")
	}
	d := json.NewDecoder(bytes.NewReader(body))
	twice, err := walk(d, "")
	if err != nil {
		return "", err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return "", errors.New("malformed JSON")
	}
	return twice, nil
}

func walk(d *json.Decoder, path string) (twice string, err error) {
	token, err := d.Token()
	if err != nil {
		return "", err
	}
	open, ok := token.(json.Delim)
	if !ok {
		return "", nil
	}
	names := map[string]bool{}
	for d.More() {
		inside := path
		if open == '{' {
			name, err := d.Token()
			if err != nil {
				return "", err
			}
			text, _ := name.(string)
			inside = strings.TrimPrefix(path+"."+text, ".")
			if names[text] {
				twice = inside
			}
			names[text] = true
		}
		deeper, err := walk(d, inside)
		if err != nil {
			return "", err
		}
		if deeper != "" {
			twice = deeper
		}
	}
	_, err = d.Token() // the closing bracket
	return twice, err
}
