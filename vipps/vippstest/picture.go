package vippstest

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/skip2/go-qrcode"
)

// The formats in which the QR API describes a code.
const (
	formatText = "text/targeturl"
	formatSVG  = "image/svg+xml"
	formatPNG  = "image/png"
)

// codeFormat reads the Accept header, which the QR API wants to be one of four.
func codeFormat(accept string) string {
	switch format := strings.ToLower(strings.TrimSpace(accept)); format {
	case formatText, formatSVG, formatPNG:
		return format
	case "image/*":
		return formatSVG
	}
	return ""
}

// linkLifetime is how long a link to a picture lives; the code itself lives on.
const linkLifetime = time.Hour

// codeLink is what a link to a picture leads to.
type codeLink struct {
	code   *code
	format string
	end    time.Time
}

// newLink makes a link to this very server.
func (s *Sim) newLink(r *http.Request, k *code, format string) string {
	now := s.now()
	maps.DeleteFunc(s.links, func(_ string, l codeLink) bool { return !now.Before(l.end) })
	token := s.word(40)
	s.links[token] = codeLink{code: k, format: format, end: now.Add(linkLifetime)}
	return "http://" + r.Host + picturePath + token
}

// linked is the id of the code that a link belongs to, empty for a link that is dead.
func (s *Sim) linked(r *http.Request) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l, ok := s.linkOf(r); ok {
		return l.code.id
	}
	return ""
}

// linkOf is the living link that a request is for.
func (s *Sim) linkOf(r *http.Request) (codeLink, bool) {
	l, ok := s.links[strings.TrimPrefix(r.URL.Path, picturePath)]
	return l, ok && s.now().Before(l.end)
}

// downloadCode gives the picture behind a link. It is a host of its own: whoever
// sends credentials there has given them away.
func (s *Sim) downloadCode(c call) reply {
	l, ok := s.linkOf(c.request)
	if !ok {
		return gateway(http.StatusNotFound, "Not found")
	}
	if c.header.Get("Authorization")+c.header.Get("Ocp-Apim-Subscription-Key") != "" {
		return gateway(http.StatusBadRequest, "Credentials do not belong here")
	}
	symbol, err := qrcode.New(l.code.text, qrcode.Medium)
	if err != nil {
		panic(err) // only our own short texts come here
	}
	if l.format == formatPNG {
		picture, err := symbol.PNG(1024)
		if err != nil {
			panic(err)
		}
		return reply{status: http.StatusOK, header: map[string]string{"Content-Type": formatPNG}, body: picture}
	}
	return reply{status: http.StatusOK, header: map[string]string{"Content-Type": formatSVG}, body: drawSVG(symbol.Bitmap())}
}

// drawSVG draws modules, quiet zone included, one unit each.
func drawSVG(modules [][]bool) []byte {
	var path strings.Builder
	for y, row := range modules {
		for x, dark := range row {
			if dark {
				fmt.Fprintf(&path, "M%d %dh1v1h-1z", x, y)
			}
		}
	}
	return fmt.Appendf(nil, `<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" width="1024" height="1024" viewBox="0 0 %[1]d %[1]d" shape-rendering="crispEdges">
<rect width="%[1]d" height="%[1]d" fill="#fff"/><path d="%[2]s" fill="#000"/>
</svg>
`, len(modules), path.String())
}
