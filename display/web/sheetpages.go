package web

import (
	"strconv"

	"taxiterminal/display/web/html"
)

// What the driver's page lays over itself: a keypad for a number, a fare or a code, one
// trip, the shift.

// sheetHead is the name of a sheet, something beside it, and the way out.
func sheetHead(name string, beside html.Node, close html.Node) html.Node {
	return html.El("header", html.Say("h2", name), beside, close)
}

func closeButton(s scene) html.Node {
	return html.Say(`button type="button" data-close`, s.T("driver.close"))
}

// keys are a keypad. The key beside the zero is extra; empty for none.
func keys(extra string) html.Node {
	key := func(k string) html.Node {
		return html.El(`button type="button"`, html.Attr("data-key", k), html.Text(k))
	}
	beside := html.Static("<span></span>")
	if extra != "" {
		beside = key(extra)
	}
	return html.El(`div class="keys"`, html.Each(oneToNine, key), beside, key("0"), backKey)
}

var backKey = html.Static(`<button type="button" data-key="back" aria-label="⌫">` +
	`<svg viewBox="0 0 100 60" aria-hidden="true"><path d="M30 5h65v50H30L5 30zM48 20l24 20m0-20L48 40"/></svg></button>`)

// typed is where what is typed appears.
var typed = html.Static(`<p class="typed" data-typed></p>`)

func sendSheet(s scene) html.Node {
	return html.El(`section class="sheet send" tabindex="-1" data-kind="send"`, html.Attr("data-trip", s.Trip),
		sheetHead(s.T("driver.send"), html.Say("p", s.T("driver.send_number")), closeButton(s)),
		html.El(`div class="side"`,
			typed,
			html.El(`div class="found" data-found`,
				html.Attr("data-known", s.T("driver.send_known")), html.Attr("data-none", s.T("driver.send_none"))),
			html.Say(`button type="button" class="go" data-send`, s.T("driver.send_now")),
		),
		keys("+"),
	)
}

func fareSheet(s scene) html.Node {
	return html.El(`section class="sheet fare" tabindex="-1" data-kind="fare"`,
		html.Attr("data-trip", s.Trip),
		html.Attr("data-pattern", s.FarePattern()),
		html.Attr("data-again", s.T("driver.fare_again")),
		html.Attr("data-use", s.T("driver.fare_use")),
		html.Attr("data-differs", s.T("driver.fare_differs")),
		sheetHead(s.T("driver.fare"), html.Node{}, closeButton(s)),
		html.El(`div class="side"`,
			html.Say(`p class="hint" data-hint`, s.T("driver.fare_first")),
			typed,
			html.Say(`button type="button" class="go" data-fare`, s.T("driver.next")),
		),
		keys(s.Point()),
	)
}

func confirmSheet(s scene) html.Node {
	return html.El(`section class="sheet confirm" tabindex="-1" data-kind="confirm"`,
		html.Attr("data-trip", s.Trip), html.Attr("data-need", s.T("driver.confirm_need")),
		sheetHead(s.T("driver.confirm"), html.Say("p", s.Money(s.Amount)), closeButton(s)),
		html.El(`div class="side"`,
			html.Say(`p class="hint"`, s.T("driver.confirm_type")),
			typed,
			html.Say(`button type="button" class="go" data-prove`, s.T("driver.confirm_go")),
		),
		keys(""),
	)
}

func tripSheet(t tripScene) html.Node {
	return html.All(
		html.El("section", html.Class("sheet", "trip", t.Row.Screen),
			html.Attr("tabindex", "-1"), html.Attr("data-kind", "trip"), html.Attr("data-trip", t.Trip),
			sheetHead(t.T("driver.trip"), html.El("p", outcome(t.scene, t.Row)), closeButton(t.scene)),
			slip(t.scene, t.Slip),
			html.El(`nav class="deeds"`,
				buttons(t.scene, t.Buttons()),
				html.If(t.Detail.CanRetry, post(t, "/driver/retry", "driver.retry")),
				html.If(t.Detail.CanPrint, post(t, "/driver/print", "driver.print")),
				html.If(t.Refundable(), html.Say(`button type="button" data-refund`, t.T("driver.refund"))),
			),
		),
		html.If(t.Refundable(), refundSheet(t)),
	)
}

// post is a button that does something about a trip and needs nothing but its number.
func post(t tripScene, to, label string) html.Node {
	return html.El(`button type="button"`,
		html.Attr("data-post", to), html.Attr("data-trip", t.Trip), html.Text(t.T(label)))
}

func refundSheet(t tripScene) html.Node {
	return html.El(`section class="sheet refund" tabindex="-1" data-kind="refund" hidden`,
		html.Attr("data-trip", t.Trip),
		html.Attr("data-pattern", t.Pattern()),
		html.Attr("data-confirm", t.RefundConfirm()),
		html.Attr("data-yes", t.T("driver.refund_yes")),
		html.Attr("data-need", t.T("driver.refund_need")),
		sheetHead(t.T("driver.refund"), html.Say("p", t.T("driver.trip")),
			html.Say(`button type="button" data-unrefund`, t.T("driver.close"))),
		html.El(`div class="side"`,
			html.El(`div class="amount-row"`,
				typed,
				html.El(`button type="button"`, html.Attr("data-all", t.MostDecimal()), html.Text(t.RefundAll())),
			),
			html.Say(`p class="hint"`, t.T("driver.refund_why")),
			html.El(`div class="reasons"`, html.Each(refundReasons, func(reason string) html.Node {
				return html.El(`button type="button" aria-pressed="false"`,
					html.Attr("data-reason", reason), html.Text(t.T("refund."+reason)))
			})),
			html.Say(`button type="button" class="go" data-give`, t.T("driver.refund")),
		),
		keys(t.Point()),
	)
}

func shiftSheet(s shiftScene) html.Node {
	name := s.T("shift.so_far")
	if s.Closed() {
		name = s.T("driver.shift_over")
	}
	return html.El(`section class="sheet shift" tabindex="-1" data-kind="shift"`,
		sheetHead(name, html.Say("p", s.Span()), closeButton(s.scene)),
		shiftTotals(s),
		shiftOpens(s),
		html.If(!s.Closed(), html.El(`button type="button" class="go" data-end-shift`,
			html.Attr("data-confirm", s.T("driver.end_shift_confirm")),
			html.Attr("data-yes", s.T("driver.end_shift_yes")),
			html.Text(s.T("driver.end_shift")),
		)),
	)
}

func shiftTotals(s shiftScene) html.Node {
	trips := html.El("dt", html.Text(s.T("shift.trips")), note(s.Numbers()))
	count := func(key string, n int) html.Node { return html.If(n != 0, entry(s.T(key), strconv.Itoa(n))) }
	sum := func(class, key, amount string) html.Node {
		return html.El("div", html.Class(class), html.Say("dt", s.T(key)), html.Say("dd", amount))
	}
	return html.El(`div class="totals"`,
		html.El("dl",
			html.El("div", trips, html.Say("dd", strconv.Itoa(s.Sum.Trips))),
			count("shift.typed", s.Sum.Typed),
			count("shift.void", s.Sum.Void),
			count("shift.gone", s.Sum.Gone),
		),
		html.Say("h3", s.T("shift.takings")),
		html.El("dl",
			html.Each(s.Takings, func(l SlipLine) html.Node { return entry(l.What, l.Amount) }),
			html.If(s.Sum.Due != 0, sum("due", "shift.due", s.In(s.Sum.Due))),
			html.If(s.Sum.Over != 0, sum("over", "shift.over", s.Less(s.Sum.Over))),
			sum("total", "shift.total", s.In(s.Sum.Total)),
			entry(s.T("shift.tips"), s.In(s.Sum.Tips)),
			html.Each(s.Taxes, func(l SlipLine) html.Node { return entry(l.What, l.Amount) }),
		),
	)
}

func shiftOpens(s shiftScene) html.Node {
	heading := "shift.opens"
	if len(s.Opens) == 0 {
		heading = "shift.no_opens"
	}
	return html.El(`div class="opens"`,
		html.Say("h3", s.T(heading)),
		html.Each(s.Opens, func(o OpenLine) html.Node {
			return html.El(`button type="button" data-open="trip"`, html.Attr("data-trip", o.Trip),
				html.Say("strong", o.Trip),
				html.Say(`span class="amount"`, o.Amount),
				html.Say(`span class="what"`, o.What),
				html.Say(`span class="age"`, o.Age),
			)
		}),
	)
}
