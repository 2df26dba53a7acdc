package page

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"taxiterminal/money"
	"taxiterminal/trip/receipt"
)

var update = flag.Bool("update", false, "write the golden files anew")

// shot is one page that can be opened.
type shot struct {
	name   string
	target func(*Pages) string
	set    func(*gateway)
}

// shots are all pages, the ordinary ones first.
func shots() []shot {
	at := func(path string) func(*Pages) string { return func(*Pages) string { return path } }
	fare := func(name string, f Fare) shot {
		return shot{"v-" + name, at("/v/" + code), func(g *gateway) { g.fares[sticker] = f }}
	}
	claim := func(name string, f Fare) shot {
		return shot{"p-" + name, at("/p/" + claimText), func(g *gateway) { g.fares[claimed] = f }}
	}
	back := func(name string, q Payment) shot {
		return shot{"r-" + name, func(p *Pages) string { return p.back(reference) }, func(g *gateway) { g.payments[reference] = q }}
	}
	noticed := func(n notice) shot {
		return shot{"v-notice-" + string(n), at("/v/" + code + "?n=" + string(n)), func(*gateway) {}}
	}
	euro := plainBill(Due)
	euro.Car = Car{Number: "HEL7", Operator: "Helsingin Keskustan Taksipalvelu Oy", Brand: "MobilePay"}
	euro.Bill.Amount, euro.Bill.Tips = money.Of(1234567, money.EUR), []Tip{{10, 123457}, {20, 246914}, {30, 370370}, {40, 493827}}
	euro.Bill.Shares = []Share{SharePhone, ShareName}
	euro.Bill.Parts = []Part{{receipt.Fare, 1234567 + 1000}, {AlreadyPaid, -1000}}
	proved := paid()
	proved.Receipt, proved.Code, proved.Again = nil, "042137", claimed
	typed := paid()
	typed.Receipt.Typed = true
	typed.Receipt.Payments = append(typed.Receipt.Payments, receipt.Payment{Means: receipt.Refund, Amount: -5000, Reference: reference})
	shown := plainBill(Paid)
	shown.Code = "042137"
	return []shot{
		fare("waiting", in(Waiting)), fare("due", due()), fare("due-plain", plainBill(Due)), fare("due-long", euro),
		fare("open", in(Open)), fare("approved", in(Approved)), fare("paid", in(Paid)), fare("settled", in(Settled)),
		fare("offline", in(Offline)), fare("closed", in(Closed)),
		noticed(noticeChanged), noticed(noticeBusy), noticed(noticeFailed), noticed(noticeSlow),
		claim("due", plainBill(Due)), claim("paid", shown),
		back("open", payment(Open)), back("approved", payment(Approved)), back("paid", paid()), back("paid-typed", typed),
		back("paid-code", proved), back("stopped", payment(Stopped)), back("expired", payment(Expired)),
		back("withdrawn", payment(Withdrawn)), back("released", payment(Released)), back("closed", payment(Closed)),
		{"x-unknown", at("/v/nothing"), func(*gateway) {}},
		{"x-down", at("/v/" + code), func(g *gateway) { g.err = ErrUnavailable }},
		{"x-crowded", at("/v/" + code), nil},
	}
}

// take opens a shot.
func (s shot) take(t testing.TB, query string) string {
	t.Helper()
	g := newGateway()
	p := pages(t, g)
	if s.set == nil {
		return string(p.renderer.plain(p.visit(request("GET", "/"+query, nil), ""), plainCrowded))
	}
	s.set(g)
	to := s.target(p)
	if strings.Contains(to, "?") {
		query = strings.Replace(query, "?", "&", 1)
	}
	return get(p.Handler(), to+query).Body.String()
}

var (
	version = regexp.MustCompile(`\?v=[0-9a-f]{12}`)
	shown   = regexp.MustCompile(`data-shown="[0-9a-f]{12}"`)
)

// TestGolden compares every page, one file a language: the body alone, but for the
// first, so that a review reads them as a book.
func TestGolden(t *testing.T) {
	t.Parallel()
	for _, tag := range Languages() {
		t.Run(tag, func(t *testing.T) {
			t.Parallel()
			var b strings.Builder
			for i, s := range shots() {
				html := s.take(t, "?lang="+tag)
				require.NotContains(t, html, "{", "%s: a placeholder was not filled in", s.name)
				require.NotRegexp(t, `>[a-z]+\.[a-z_.]+<`, html, "%s: a text is missing", s.name)
				if i > 0 {
					_, html, _ = strings.Cut(html, "</details>\n")
				}
				html = shown.ReplaceAllString(version.ReplaceAllString(html, "?v=…"), `data-shown="…"`)
				b.WriteString("\n<!-- ======== " + s.name + " ======== -->\n" + html)
			}
			compare(t, tag+".html", b.String())
		})
	}
}

func compare(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

// TestFirstViewIsSmall: page, style, script and icon together, as they go over the
// line without compression.
func TestFirstViewIsSmall(t *testing.T) {
	t.Parallel()
	h := pages(t, newGateway()).Handler()
	files := 0
	for _, name := range []string{"page.css", "page.js", "icon.svg"} {
		w := get(h, staticPath+name)
		require.Equal(t, 200, w.Code, name)
		files += w.Body.Len()
	}
	for _, tag := range Languages() {
		for _, s := range shots() {
			require.Less(t, files+len(s.take(t, "?lang="+tag)), 30_000, "%s in %s", s.name, tag)
		}
	}
}
