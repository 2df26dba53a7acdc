package web

import (
	"strconv"

	"taxiterminal/display"
	"taxiterminal/display/qr"
	"taxiterminal/display/web/html"
)

// passengerPage is the region of the passenger's page.
func passengerPage(s scene) html.Node {
	return html.El(`main id="screen"`,
		html.Class("passenger", s.Kind(), when(len(s.Shares) > 0, "shares"), when(s.Claim, "claim"), when(s.ByCode(), "proved"),
			when(s.Receipt != nil, "receipted"), when(s.VehicleCode != "", "coded")),
		html.Attr("lang", s.Lang()),
		html.Attr("data-screen", s.Kind()),
		html.Attr("data-trip", s.Trip),
		html.Attr("data-reconnecting", s.T("page.reconnecting")),
		html.Attr("data-no-answer", s.T("refused.no_answer")),
		html.Attr("data-spoken", s.Spoken()),
		html.El(`header data-part="top"`,
			plate(s),
			html.If(s.Trip != "", html.Say(`span class="trip"`, s.T("page.trip"))),
			languageButtons(s),
		),
		picture(s),
	)
}

// when is a word, or nothing.
func when(is bool, word string) string {
	if is {
		return word
	}
	return ""
}

// picture is what the View's Screen looks like.
func picture(s scene) html.Node {
	switch display.Screen(s.Kind()) {
	case display.Idle:
		return idle(s)
	case display.Hired:
		return message(html.Say("h1", s.Headline()), sum(s), partList(s), body(s))
	case display.Connecting:
		return connecting(s)
	case display.Tipping:
		return tipping(s)
	case display.Due:
		return due(s)
	case display.Sent:
		return sent(s)
	case display.Paid:
		return html.All(message(tick, html.Say("h1", s.Headline()), sum(s), body(s)), passengerSlip(s))
	case display.OutOfOrder:
		return message(closed, html.Say("h1", s.Headline()), body(s), faultCode(s))
	case "starting":
		return message(spinner)
	}
	return html.All(
		message(mood(s), html.Say("h1", s.Headline()), html.If(s.Telling(), sum(s)), body(s)),
		passengerSlip(s),
	)
}

func message(inside ...html.Node) html.Node {
	return html.El(`section class="message" data-part="message"`, inside...)
}

func body(s scene) html.Node { return html.Say(`p class="body"`, s.Body()) }

// mood is the picture beside a message that may be about several things.
func mood(s scene) html.Node {
	switch {
	case s.Turning():
		return spinner
	case s.Settled(), s.ByCode():
		return tick
	}
	return info
}

func faultCode(s scene) html.Node {
	return html.If(len(s.Faults) > 0, html.El(`p class="fault"`,
		html.Text(s.T("page.fault_code")+" "), html.Say("strong", s.FaultCodes())))
}

// idle is the car's sign, and its own code if it has one.
func idle(s scene) html.Node {
	return html.All(
		message(html.Say(`p class="sign"`, s.Vehicle), html.Say("h1", s.Headline()), body(s)),
		html.If(s.VehicleCode != "", html.El(`figure class="own" data-part="own"`,
			html.El("img", html.Path("src", "/code/", s.VehicleCode, ".svg"), html.Attr("alt", s.T("page.vehicle_code"))),
			html.El("figcaption", html.Say("strong", s.T("page.vehicle_code")), html.Text(" "+s.T("page.vehicle_code_text"))),
		)),
	)
}

// bill is the amount and what it is made of.
func bill(s scene) html.Node {
	return html.El(`div class="bill" data-part="bill"`,
		html.El(`div class="head"`,
			html.Say("h1", s.T("page.still_due")),
			html.If(s.CanRetip(), html.Say(`button type="button" class="retip" data-retip`, s.T("page.change_tip"))),
		),
		sum(s),
		partList(s),
		html.If(s.CanRetip(), html.El(`dialog class="choose"`,
			html.Say("h2", s.T("screen.tipping.title")),
			tipButtons(s),
			html.Say(`button type="button" class="back" data-keep`, s.T("page.close")),
		)),
	)
}

func partList(s scene) html.Node {
	return html.If(len(s.Parts) > 0, html.El(`dl class="parts"`, html.Each(s.Parts, func(p display.Part) html.Node {
		return entry(s.T("label."+string(p.Label)), s.Money(p.Amount))
	})))
}

func tipButtons(s scene) html.Node {
	return html.El(`div class="tips"`, html.Each(s.TipChoices(), func(c Tip) html.Node {
		return html.El(`button type="button"`, html.Attr("data-tip", c.Value), html.Attr("data-trip", s.Trip),
			html.Say("strong", c.Label),
			html.Say(`span class="plus"`, c.Plus),
			html.Say(`span class="total"`, c.Total),
		)
	}))
}

func tipping(s scene) html.Node {
	return html.All(
		bill(s),
		html.El(`section class="choice" data-part="code"`, html.Say("h2", s.Headline()), tipButtons(s)),
		html.Say(`p class="body hint" data-part="steps"`, s.Body()),
	)
}

// due is the code and what to do with it. A claim is paid in the browser, without the app.
func due(s scene) html.Node {
	switch {
	case s.Code == nil:
		return html.All(bill(s), card(info, html.Say("h2", s.T("page.no_code"))))
	case s.Claim:
		return html.All(
			bill(s),
			steps(s, "step.camera", "step.pay", "step.digits"),
			html.Say(`p class="sharing" data-part="sharing"`, s.T("page.claim")),
			drawing(s.Code, s.T("page.code_for")),
		)
	}
	return html.All(
		bill(s),
		steps(s, "step.open", "step.scan", "step.approve"),
		sharingLine(s),
		timeLeft(s, "page.left"),
		drawing(s.Code, s.T("page.code_for")),
	)
}

func sent(s scene) html.Node {
	return html.All(
		bill(s),
		steps(s, "step.open", "step.find", "step.approve"),
		sharingLine(s),
		timeLeft(s, "page.left_sent"),
		card(phone, html.Say("h2", s.Headline()), html.Say(`p class="body"`, s.SentText())),
	)
}

func connecting(s scene) html.Node {
	sign := spinner
	if s.Waiting() {
		sign = info
	}
	return html.All(bill(s), card(sign, html.Say("h2", s.Headline()), body(s)))
}

// card is what stands in the place of a code.
func card(inside ...html.Node) html.Node {
	return html.El(`div class="card empty" data-part="code"`, inside...)
}

func steps(s scene, keys ...string) html.Node {
	return html.El(`ol class="steps" data-part="steps"`, html.Each(keys, func(key string) html.Node {
		return html.Say("li", s.T(key))
	}))
}

func sharingLine(s scene) html.Node {
	return html.SayAny(`p class="sharing" data-part="sharing"`, s.ShareText())
}

// timeLeft is a line that ends in the countdown of the page's script.
func timeLeft(s scene, key string) html.Node {
	return html.El(`p class="left" data-part="left"`, html.Text(s.T(key)+" "), html.Static("<time data-left></time>"))
}

// drawing is a code, a unit a module.
func drawing(c *qr.Code, name string) html.Node {
	span := strconv.Itoa(c.Span())
	return html.El(`div class="card" data-part="code"`,
		html.El(`svg class="code"`,
			html.Attr("data-span", span), html.Attr("viewBox", "0 0 "+span+" "+span),
			html.Attr("role", "img"), html.Attr("aria-label", name), html.Attr("shape-rendering", "crispEdges"),
			html.El(`path class="light"`, html.Attr("d", "M0 0h"+span+"v"+span+"H0z")),
			html.El(`path class="dark"`, html.Attr("d", c.Path())),
		),
	)
}

func passengerSlip(s scene) html.Node {
	if s.Receipt == nil {
		return html.Node{}
	}
	return slip(s, s.slip(*s.Receipt))
}
