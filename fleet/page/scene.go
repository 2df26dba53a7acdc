package page

import (
	"strconv"
	"strings"

	"taxiterminal/display/locale"
	"taxiterminal/money"
)

// scene is one page in words, what the templates read.
type scene struct {
	visit
	renderer *renderer

	Plain  plain // a page about no fare; the rest is then empty
	Car    Car
	State  State
	Bill   Bill
	Code   string // for the driver
	Again  string // address of the page to pay on anew
	Token  string // of the form
	Slip   *slip
	Notice notice
}

// ofFare is the page of a Sticker or a Claim.
func (r *renderer) ofFare(v visit, f Fare, by seal) scene {
	s := scene{visit: v, renderer: r, Car: f.Car, State: Closed, Bill: f.Bill}
	switch f.State {
	case Waiting, Due, Open, Approved, Paid, Settled, Offline, Closed:
		s.State = f.State
	}
	if s.State.payable() {
		s.Token = by.form(v.link, f.Bill)
	}
	if s.State == Paid && v.link.Kind == Claim {
		s.Code = f.Code
	}
	return s
}

// ofPayment is the page that the payment app comes back to.
func (r *renderer) ofPayment(v visit, p Payment) scene {
	s := scene{visit: v, renderer: r, Car: p.Car, State: Closed, Bill: Bill{Number: p.Number, Amount: p.Amount}}
	switch p.State {
	case Open, Approved, Paid, Stopped, Expired, Withdrawn, Released, Closed:
		s.State = p.State
	}
	switch {
	case s.State == Paid:
		s.Code = p.Code
		s.Slip = s.slip(p.Receipt)
	case s.State.again() && p.Again.Kind != "":
		s.Again = visit{link: p.Again}.address("", v.lang, "")
	}
	return s
}

// returned: the page is the one that the payment app comes back to.
func (s scene) returned() bool { return s.link.Kind == Return }

// final: nothing more comes. A receipt may be on its way from a car in a tunnel.
func (s scene) final() bool {
	return s.Plain != "" || s.State.final() && !(s.returned() && s.State == Paid && s.Slip == nil)
}

// key is where the state's texts are.
func (s scene) key() string {
	switch {
	case s.Plain != "":
		return "plain." + string(s.Plain)
	case s.returned():
		return "payment." + string(s.State)
	}
	return "fare." + string(s.State)
}

// --- What the templates ask ---

// Lang is the page's language, for the lang attribute.
func (s scene) Lang() string { return s.catalogue.Tag() }

// T is a text with everything filled in that a page can mention.
func (s scene) T(key string) string {
	return s.catalogue.Text(key, locale.Args{
		"brand": s.Car.Brand, "car": s.Car.Number, "operator": s.Car.Operator, "contact": s.Car.Contact,
		"amount": s.Money(s.Bill.Amount), "trip": s.Bill.Number, "what": s.what(),
	})
}

// Title stands in the browser's tab.
func (s scene) Title() string {
	if s.Car.Number == "" {
		return s.T("page.name")
	}
	return s.T("page.title")
}

// Headline and Body are the state in words.
func (s scene) Headline() string { return s.T(s.key() + ".title") }
func (s scene) Body() string     { return s.T(s.key() + ".text") }

// NoticeText is empty without a notice.
func (s scene) NoticeText() string {
	if s.Notice == noNotice {
		return ""
	}
	return s.T("notice." + string(s.Notice))
}

// Money is an amount as the language writes it.
func (s scene) Money(a money.Amount) string { return s.catalogue.Money(a) }

func (s scene) in(m money.Minor) string { return s.Money(money.Of(m, s.Bill.Amount.Currency)) }

// Sum is the large amount; nil when the state has none.
func (s scene) Sum() *sum {
	switch s.State {
	case Due, Open, Approved, Paid, Settled:
		if s.Bill.Amount.Currency == "" {
			return nil
		}
		before, figures, after := s.catalogue.MoneyParts(s.Bill.Amount)
		return &sum{before, figures, after}
	}
	return nil
}

type sum struct{ Before, Figures, After string }

// Mood is the colour of a page.
func (s scene) Mood() string {
	switch {
	case s.Plain != "" || s.State == Offline || s.State == Closed:
		return "warn"
	case s.State == Paid || s.State == Settled:
		return "good"
	case s.State == Stopped || s.State == Expired || s.State == Withdrawn || s.State == Released:
		return "over"
	}
	return "calm"
}

// Busy: something is going on that a turning wheel stands for.
func (s scene) Busy() bool {
	return s.State == Waiting || s.State == Approved || s.State == Open && s.returned()
}

// Asking: there is or will be something to pay, so the passenger should look whose
// page this is. It stands outside the region, which may move on to Paid.
func (s scene) Asking() bool {
	return s.Car.Number != "" && !s.returned() && !s.final() && s.State != Approved
}

// Form: the button belongs on the page.
func (s scene) Form() bool { return s.Token != "" }

// Action is where the form goes.
func (s scene) Action() string { return s.address("", s.lang, "") }

// Live is where the page is followed; empty if nothing more comes.
func (s scene) Live() string {
	if s.final() {
		return ""
	}
	return s.address("/live", s.lang, "")
}

// Refresh is after how many seconds a browser without script loads the page again; 0
// for never. A page with a form must not be pulled away from under the passenger.
func (s scene) Refresh() int {
	switch {
	case s.Plain != "" || s.Form() || s.final() || !s.State.passing() && s.State != Paid:
		return 0
	case s.State == Approved || s.State == Open:
		return 3
	}
	return 5
}

// Reload is the page's own address, for people without script.
func (s scene) Reload() string { return s.address("", s.lang, "") }

// Languages are all, in the order of their tags.
func (s scene) Languages() []tongue {
	var all []tongue
	for _, tag := range Languages() {
		c := s.renderer.catalogue(tag)
		all = append(all, tongue{tag, c.Name(), s.address("", tag, ""), tag == s.Lang()})
	}
	return all
}

type tongue struct {
	Tag, Name, Address string
	Current            bool
}

// Parts are the lines under the amount.
func (s scene) Parts() []line {
	var lines []line
	for _, p := range s.Bill.Parts {
		lines = append(lines, line{What: s.T("item." + string(p.Item)), Amount: s.in(p.Amount)})
	}
	return lines
}

// Tips are the choices, "no tip" first; empty if there is only that.
func (s scene) Tips() []choice {
	offered := s.Bill.offered()
	if len(offered) == 0 {
		return nil
	}
	choices := []choice{{Value: "0", Label: s.T("tip.none"), Total: s.Money(s.Bill.Amount)}}
	for _, t := range offered {
		choices = append(choices, choice{
			Value: strconv.FormatInt(int64(t.Amount), 10),
			Label: s.catalogue.Text("tip.percent", locale.Args{"count": strconv.Itoa(t.Percent)}),
			Plus:  "+" + s.Money(money.Of(t.Amount, "")), Total: s.in(s.Bill.Amount.Value + t.Amount),
		})
	}
	return choices
}

// choice is one tip. Plus is its figures, of the currency above; Total is what the
// button then says.
type choice struct{ Value, Label, Plus, Total string }

// Button is what the button says for a total.
func (s scene) Button(total string) string {
	return s.catalogue.Text("pay.button", locale.Args{"amount": total, "brand": s.Car.Brand})
}

// what may be shared, e.g. "navnet og nummeret mitt"; empty for nothing.
func (s scene) what() string {
	var words []string
	for _, share := range Shares() {
		for _, asked := range s.Bill.Shares {
			if asked == share {
				words = append(words, s.catalogue.Text("share."+string(share), nil))
			}
		}
	}
	switch len(words) {
	case 0:
		return ""
	case 1:
		return words[0]
	}
	return s.catalogue.Text("share.both", locale.Args{"first": words[0], "second": words[1]})
}

// Sharing: there is something to say yes to.
func (s scene) Sharing() bool { return s.what() != "" }

// CodeDigits are the driver's code in two groups, as people read digits out.
func (s scene) CodeDigits() []string {
	if len(s.Code) != 6 || strings.Trim(s.Code, "0123456789") != "" {
		return nil
	}
	return []string{s.Code[:3], s.Code[3:]}
}
