package web

import (
	"testing"

	"taxiterminal/display"
)

// TestBrowserSheets looks at everything that lies over the driver's page.
func TestBrowserSheets(t *testing.T) {
	t.Parallel()
	b := openBrowser(t)
	v := view(display.Due, "", code, canSend, canConfirm, canType, actions(display.Actions()...))
	for _, size := range sizes[:3] {
		for _, tag := range []string{"nb", "en"} {
			if tag == "en" && size.name != "800x480" {
				continue // the tightest stands for the others
			}
			name := size.name + "-" + tag + "-"
			b.resize(size)
			s, _ := start(t, options(withPIN, withDesk(&desk{})))
			s.Show(v)
			b.openUnlocked(s, tag)
			at := func(what string) {
				b.keep("sheet-" + name + what)
				checkDriver(t, b, "sheet "+name+what)
			}
			at("page")
			b.tap(`[data-open="send"]`)
			b.keys("678")
			b.until(`document.querySelectorAll("[data-contact]").length === 2`)
			at("send")
			b.keys("back", "back", "back", "0", "0", "0")
			b.until(`document.querySelector("[data-found]").textContent === document.querySelector("[data-found]").dataset.none`)
			at("send-nobody")
			b.tap("[data-close]")

			b.tap(`[data-open="confirm"]`)
			b.keys("12345")
			b.tap("[data-prove]")
			at("confirm")
			b.tap("[data-close]")

			b.tap(`[data-open="fare"]`)
			b.keys("286" + map[string]string{"nb": ",", "en": "."}[tag] + "50")
			at("fare")
			b.tap("[data-fare]")
			b.keys("286")
			at("fare-again")
			b.tap("[data-close]")

			for _, trip := range []string{"0041", "0038"} {
				b.tap(`.trips [data-trip="` + trip + `"]`)
				b.until(`document.querySelector("#sheet .slip") !== null`)
				at("trip-" + trip)
				b.tap("[data-refund]")
				b.tap("[data-all]")
				b.tap(`[data-reason="complaint"]`)
				at("refund-" + trip)
				b.tap("[data-give]")
				at("refund-confirm-" + trip)
				b.tap("#no")
				b.tap("[data-unrefund]")
				b.tap(".sheet.trip [data-close]")
			}

			b.tap(`[data-open="shift"]`)
			b.until(`document.querySelector("#sheet .totals") !== null`)
			at("shift")
			b.tap("[data-end-shift]")
			at("shift-confirm")
			b.tap("#yes")
			b.until(`document.querySelector("#sheet .totals") !== null && document.querySelector("[data-end-shift]") === null`)
			at("shift-over")
			b.quiet()
		}
	}
}

// openUnlocked opens the driver's page and enters the PIN.
func (b *browser) openUnlocked(s *Server, tag string) {
	b.t.Helper()
	b.open("http://" + s.Addr() + "/driver?lang=" + tag)
	b.until(`document.querySelector("[data-digit]") !== null`)
	for _, d := range "4711" {
		b.tap(`[data-digit="` + string(d) + `"]`)
	}
	b.tap("[data-unlock]")
	b.until(`document.querySelector("[data-dots]") === null`)
}

// keys touches the keypad of a sheet; a text is taken apart, "back" is one key.
func (b *browser) keys(list ...string) {
	b.t.Helper()
	for _, text := range list {
		if text == "back" {
			b.tap(`[data-key="back"]`)
			continue
		}
		for _, k := range text {
			b.tap(`.sheet:not([hidden]) [data-key="` + string(k) + `"]`)
		}
	}
}
