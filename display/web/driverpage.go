package web

import (
	"taxiterminal/display/web/html"
)

// driverPage is the region of the driver's page.
func driverPage(s scene) html.Node {
	return html.El(`main id="screen"`,
		html.Class("driver", s.Kind(), when(s.Locked, "locked")),
		html.Attr("lang", s.Lang()),
		html.Attr("data-screen", s.Kind()),
		html.Attr("data-trip", s.Trip),
		html.Attr("data-reconnecting", s.T("page.reconnecting")),
		html.Attr("data-no-answer", s.T("refused.no_answer")),
		html.Attr("data-sending", s.T("driver.sending")),
		html.Attr("data-back", s.T("driver.back")),
		html.Attr("data-spoken", s.StateText()),
		html.If(s.Driver.CanSend && !s.Locked, html.Flag("data-can-send")),
		html.El(`header data-part="top"`,
			plate(s),
			html.El(`ul class="chips"`, html.Each(s.Chips(), func(c Chip) html.Node {
				return html.El("li", html.Class(c.Mood), html.Text(c.Text))
			})),
			languageButtons(s),
			html.If(s.Lockable, html.Say(`button type="button" class="lang" data-lock`, s.T("driver.lock"))),
		),
		html.El(`div class="state"`,
			state(s),
			html.El(`div class="alerts" data-part="alerts"`,
				html.SayAny(`p class="notice"`, s.NoticeText()),
				faultSigns(s),
			),
		),
		workplace(s),
	)
}

// state is the big word, with the amount and the time that is left.
func state(s scene) html.Node {
	return html.El(`section class="now" data-part="now"`,
		html.Say("h1", s.StateText()),
		html.SayAny(`p class="detail"`, s.StateDetail()),
		html.If(s.HasAmount(), sum(s)),
		html.El(`p class="meta"`,
			html.If(s.Trip != "", html.Say("span", s.T("page.trip"))),
			html.Static(" <time data-left></time>"),
		),
	)
}

func faultSigns(s scene) html.Node {
	if len(s.Faults) == 0 {
		return html.Node{}
	}
	return html.El(`section class="faults"`,
		html.El("p",
			html.Say(`strong class="tag"`, string(s.Faults[0])),
			html.Text(" "),
			html.Say("strong", s.FaultText()),
		),
		html.Say("p", s.FaultDo()),
		html.SayAny("p", s.MoreFaults()),
	)
}

// workplace is the part that a PIN keeps others from.
func workplace(s scene) html.Node {
	if s.Locked {
		return pad(s)
	}
	return html.All(
		tripList(s),
		actionBar(s),
		html.El(`div data-part="sheets" hidden`,
			html.If(s.Driver.CanConfirm, html.El(`template data-sheet="confirm"`, confirmSheet(s))),
			html.If(s.Driver.CanSend, html.El(`template data-sheet="send"`, sendSheet(s))),
			html.If(s.CanType(), html.El(`template data-sheet="fare"`, fareSheet(s))),
		),
	)
}

func actionBar(s scene) html.Node {
	list := s.Buttons()
	return html.If(len(list) > 0 || s.Driver.CanConfirm || s.Driver.CanSend || s.CanType(),
		html.El(`nav class="actions" data-part="actions"`,
			buttons(s, list),
			html.If(s.Driver.CanConfirm, html.Say(`button type="button" data-open="confirm"`, s.T("driver.confirm"))),
			html.If(s.Driver.CanSend, html.Say(`button type="button" data-open="send"`, s.T("driver.send"))),
			html.If(s.CanType(), html.Say(`button type="button" data-open="fare"`, s.T("driver.fare"))),
		))
}

// buttons do something about the scene's trip.
func buttons(s scene, list []Button) html.Node {
	return html.Each(list, func(b Button) html.Node {
		return html.El(`button type="button"`,
			html.Attr("data-action", string(b.Action)),
			html.Attr("data-trip", s.Trip),
			html.If(b.Confirm != "", html.Attr("data-confirm", b.Confirm), html.Attr("data-yes", b.Yes)),
			html.Text(b.Label),
		)
	})
}

func tripList(s scene) html.Node {
	rows := s.Rows()
	return html.El(`aside class="trips" data-part="trips"`,
		html.El(`header class="above"`,
			html.Say("h2", s.T("driver.trips")),
			html.If(!s.Driver.Unread, html.Say(`button type="button" data-open="shift"`, s.T("driver.shift"))),
		),
		html.If(len(rows) > 0, html.El(`div class="list"`, html.El("ol", html.Each(rows, func(r Row) html.Node {
			return html.El("li", html.Class(r.Screen), html.El(`button type="button" data-open="trip"`,
				html.Attr("data-trip", r.Trip),
				html.Say(`span class="number"`, r.Trip),
				html.Say(`time class="time"`, r.Time),
				html.Say(`span class="amount"`, r.Amount),
				html.El(`span class="outcome"`, outcome(s, r)),
			))
		})))),
		html.If(len(rows) == 0, html.Say("p", s.NoTrips())),
	)
}

// outcome is what became of a trip, with the marks that it bears.
func outcome(s scene, r Row) html.Node {
	return html.All(
		html.Text(r.Outcome),
		html.If(r.Refunded != "", html.Text(", "), html.Say("em", r.Refunded)),
		html.If(r.Typed, html.Text(", "), html.Say(`em class="typed"`, s.T("driver.typed"))),
	)
}

// pad is for the PIN.
func pad(s scene) html.Node {
	digit := func(d string) html.Node {
		return html.El(`button type="button"`, html.Attr("data-digit", d), html.Text(d))
	}
	return html.El(`aside class="pad" data-part="pad"`,
		html.Say("h2", s.T("driver.pin")),
		html.Static(`<p class="dots" data-dots aria-hidden="true"></p>`),
		html.Each(oneToNine, digit),
		html.Say(`button type="button" class="word" data-erase`, s.T("driver.erase")),
		digit("0"),
		html.Say(`button type="button" class="word" data-unlock`, s.T("driver.unlock")),
	)
}

var oneToNine = []string{"1", "2", "3", "4", "5", "6", "7", "8", "9"}
