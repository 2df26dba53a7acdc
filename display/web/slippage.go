package web

import "taxiterminal/display/web/html"

// slip is a receipt, on the passenger's screen and in the driver's list of trips.
func slip(s scene, r Slip) html.Node {
	return html.El(`section class="slip" data-part="slip"`,
		html.El("header", html.Say("strong", s.T("receipt.title")), html.Text(" "), html.Say("span", r.Trip)),
		html.SayAny(`p class="when"`, r.When),
		html.El("dl",
			html.Each(r.Lines, func(l SlipLine) html.Node {
				return html.El("div", html.El("dt", html.Text(l.What), note(l.Note)), html.Say("dd", l.Amount))
			}),
			html.El(`div class="total"`, html.Say("dt", s.T("receipt.total")), html.Say("dd", r.Total)),
			html.Each(r.Taxes, func(l SlipLine) html.Node {
				return html.El(`div class="tax"`, html.Say("dt", l.What), html.Say("dd", l.Amount))
			}),
			html.Each(r.Payments, func(l SlipLine) html.Node {
				return html.All(
					html.El(`div class="paid"`, html.Say("dt", l.What), html.Say("dd", l.Amount)),
					html.If(l.Note != "", html.El(`div class="reference"`, html.Say("dt", l.Note))),
				)
			}),
		),
		html.SayAny(`p class="mark"`, r.Typed),
	)
}

// entry is a line of a list: what, and how much.
func entry(what, much string) html.Node {
	return html.El("div", html.Say("dt", what), html.Say("dd", much))
}

// note stands behind a word in small letters; nothing if it is empty.
func note(text string) html.Node { return html.If(text != "", html.Text(" "), html.Say("small", text)) }
