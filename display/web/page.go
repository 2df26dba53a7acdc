package web

import (
	"io"
	"net/http"

	"taxiterminal/display/locale"
	"taxiterminal/display/web/html"
)

// page answers with the whole page in the language that "?lang=" asks for, or in
// the default one, already showing the newest View.
func (s *Server) page(kind pageKind) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := s.renderer.set.Match(r.URL.Query().Get("lang"))
		as := s.allowed(kind, r)
		region := s.hub.newest().html(variant{as, c.Tag()})
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		io.WriteString(w, wholePage(as, c, s.renderer.version, region).String())
	}
}

// wholePage is a page around a region.
func wholePage(kind pageKind, c *locale.Catalogue, version string, region html.Node) html.Node {
	name, title, dialogs := "driver", "page.driver", driverDialogs
	if kind == passenger {
		name, title, dialogs = "passenger", "page.passenger", html.Node{}
	}
	return html.All(
		html.Static("<!doctype html>"),
		html.El("html", html.Attr("lang", c.Tag()),
			html.El("head",
				html.Static(`<meta charset="utf-8">`+
					`<meta name="viewport" content="width=device-width, initial-scale=1">`),
				html.Say("title", c.Text(title, nil)),
				html.Static(`<link rel="icon" href="/static/icon.svg" type="image/svg+xml">`+
					`<link rel="stylesheet" href="/static/screen.css">`+
					`<script type="module" src="/static/screen.js"></script>`),
			),
			html.El("body", html.Attr("data-page", name), html.Attr("data-version", version),
				region,
				html.Static(`<p id="lost" role="alert"></p>`+
					`<p id="announce" class="unseen" role="status" aria-live="polite"></p>`+
					`<p id="toast" role="status" aria-live="assertive" popover="manual"></p>`),
				dialogs,
			),
		),
	)
}

var driverDialogs = html.Static(`<dialog id="sheet" tabindex="-1"></dialog>` +
	`<dialog id="confirm" aria-labelledby="question">` +
	`<p id="question"></p><button type="button" id="yes"></button><button type="button" id="no"></button>` +
	`</dialog>`)

// plate is the car's number.
func plate(s scene) html.Node { return html.Say(`span class="plate"`, s.Vehicle) }

// languageButtons are the buttons for the other languages.
func languageButtons(s scene) html.Node {
	return html.Each(s.Others(), func(c *locale.Catalogue) html.Node {
		return html.El(`button type="button" class="lang"`,
			html.Attr("data-lang", c.Tag()), html.Attr("lang", c.Tag()), html.Text(c.Name()))
	})
}

// sum is the View's amount, with its currency set smaller.
func sum(s scene) html.Node {
	before, figures, after := s.catalogue.MoneyParts(s.Amount)
	return html.El(`strong class="sum" data-fit`,
		html.Say("small", before), html.Text(figures), html.Say("small", after))
}

// The pictures beside a message.
var (
	tick = html.Static(`<svg class="icon" viewBox="0 0 100 100" aria-hidden="true">` +
		`<circle class="disc" cx="50" cy="50" r="47"/><path class="stroke" d="M27 52l16 17 31-36"/></svg>`)
	spinner = html.Static(`<svg class="icon spinner" viewBox="0 0 100 100" aria-hidden="true">` +
		`<circle class="rail" cx="50" cy="50" r="42"/><circle class="runner" cx="50" cy="50" r="42"/></svg>`)
	info = html.Static(`<svg class="icon" viewBox="0 0 100 100" aria-hidden="true">` +
		`<circle class="disc" cx="50" cy="50" r="47"/><path class="stroke" d="M50 46v28M50 27v1"/></svg>`)
	phone = html.Static(`<svg class="icon" viewBox="0 0 100 100" aria-hidden="true">` +
		`<rect class="case" x="26" y="6" width="48" height="88" rx="9"/><path class="stroke" d="M37 50l10 10 18-20"/></svg>`)
	closed = html.Static(`<svg class="icon" viewBox="0 0 100 100" aria-hidden="true">` +
		`<circle class="disc" cx="50" cy="50" r="47"/><path class="stroke" d="M27 50h46"/></svg>`)
)
