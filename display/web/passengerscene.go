package web

import (
	"strconv"
	"strings"

	"taxiterminal/display"
	"taxiterminal/display/locale"
)

// Tip is one button of the choice. Value is what it sends.
type Tip struct{ Label, Plus, Total, Value string }

// TipChoices are the buttons of the tip.
func (s scene) TipChoices() []Tip {
	var list []Tip
	for _, choice := range s.Tips {
		tip := Tip{
			Label: s.T("page.no_tip"),
			Total: s.text("page.with_tip", locale.Args{"amount": s.Money(choice.Total)}),
			Value: choice.Tip.Value.Decimal(),
		}
		if choice.Tip.Value > 0 {
			tip.Plus = "+\u00a0" + s.Money(choice.Tip)
			tip.Label = s.text("page.percent", locale.Args{"count": strconv.Itoa(choice.Percent)})
		}
		list = append(list, tip)
	}
	return list
}

// CanRetip says that the tip can still be changed where the choice is not on the
// screen itself.
func (s scene) CanRetip() bool { return s.Screen == display.Due && len(s.Tips) > 0 }

// ShareText tells what the app is going to ask, empty if nothing.
func (s scene) ShareText() string {
	if len(s.Shares) == 0 {
		return ""
	}
	what := s.T("share." + string(s.Shares[0]))
	for _, share := range s.Shares[1:] {
		what = s.text("page.share_and", locale.Args{"first": what, "second": s.T("share." + string(share))})
	}
	return s.text("page.share", locale.Args{"what": what})
}

// SentText says to which phone the request went.
func (s scene) SentText() string {
	if s.Recipient == "" {
		return s.Body()
	}
	return s.text("page.sent_to", locale.Args{"number": strings.ReplaceAll(s.Recipient, " ", "\u00a0")})
}
