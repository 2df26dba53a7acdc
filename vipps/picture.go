package vipps

import (
	"context"
	"errors"
	"net/http"
	"net/url"
)

// DownloadCode gets the picture behind the URL of a code that was read as CodeSVG.
// The host is whichever the API names; it needs no credentials and gets none. The
// picture is at most 1 MiB of plain SVG: with script, foreign content or references
// to anything outside itself it is Rejected, because it is going to be shown and
// printed as our own.
//
// Rejected with ClassNotFound is a link that is too old: read the code again.
func (c *Client) DownloadCode(ctx context.Context, link string) ([]byte, Result) {
	if e := notSent(OpCodeDownload, checkLink(link)); e != nil {
		return nil, Result{Kind: Rejected, Err: e}
	}
	r := request{op: OpCodeDownload, method: http.MethodGet, url: link, accept: string(CodeSVG), private: []string{link}}
	var picture []byte
	res := c.send(ctx, r, token{}, func(body []byte) (Payment, error) {
		picture = body
		return Payment{}, checkSVG(body)
	})
	switch {
	case res.Err == nil:
		return picture, res
	case errors.Is(res.Err, errActiveSVG):
		res.Kind, res.Err.Class, res.Err.Hint = Rejected, ClassGarbled, "do not use this picture; report it, and draw the code from its text instead"
	case errors.Is(res.Err, errBrokenSVG):
		res.Err.Class, res.Err.Hint = ClassGarbled, "the picture was damaged on the way; try again"
	}
	return nil, res
}

// checkLink takes https, and plain http of a simulator on this machine. The error
// does not repeat the link, which may open the code.
func checkLink(link string) error {
	var bad problems
	u, err := url.Parse(link)
	bad.check(err == nil && u.Host != "" && u.User == nil &&
		(u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname())), "url",
		"want the https link of a code that was read as %s", CodeSVG)
	return bad.err("link to a picture")
}
