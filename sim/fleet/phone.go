package fleet

import (
	"context"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"taxiterminal/sim"
	"taxiterminal/vipps/vippstest"
)

// Phone is a passenger's: a browser for the gateway's pages, and the payment app.
type Phone struct {
	client *http.Client
	base   string
	api    *vippstest.Sim
}

func newPhone(base string, api *vippstest.Sim) *Phone {
	return &Phone{base: base, api: api, client: &http.Client{
		Timeout:       30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Page is what the browser shows.
type Page struct {
	Address string
	Status  int
	State   string // due, open, paid, ...; empty if it is no page of a fare
	Amount  string // the large one, as people read it
	Digits  string // for the driver to type
	HTML    string

	action string
	form   url.Values // nil without a button
}

// Payable: there is a button.
func (p Page) Payable() bool { return p.form != nil }

var (
	pageState  = regexp.MustCompile(`<main id="live" class="([a-z]*)"`)
	pageSum    = regexp.MustCompile(`(?s)<p class="sum">(.*?)</p>`)
	pageDigits = regexp.MustCompile(`(?s)<p class="digits">(.*?)</p>`)
	pageForm   = regexp.MustCompile(`(?s)<form [^>]*method="post" action="([^"]*)"[^>]*>(.*?)</form>`)
	pageField  = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)
	pageTag    = regexp.MustCompile(`<[^>]*>`)
)

// Open opens an address: that of a sticker or of a claim on a screen.
func (p *Phone) Open(ctx context.Context, address string) (Page, error) {
	address = localOf(address)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return Page{}, fmt.Errorf("phone: %w", err)
	}
	res, body, err := p.do(req)
	if err != nil {
		return Page{}, err
	}
	page := Page{Address: address, Status: res.StatusCode, HTML: body, State: first(pageState, body),
		Amount: plain(first(pageSum, body)), Digits: strings.ReplaceAll(plain(first(pageDigits, body)), " ", "")}
	if form := pageForm.FindStringSubmatch(body); form != nil {
		page.action, page.form = html.UnescapeString(form[1]), url.Values{}
		for _, field := range pageField.FindAllStringSubmatch(form[2], -1) {
			page.form.Set(html.UnescapeString(field[1]), html.UnescapeString(field[2]))
		}
	}
	return page, nil
}

func (p *Phone) do(req *http.Request) (*http.Response, string, error) {
	req.Header.Set("Accept-Language", "en")
	res, err := p.client.Do(req)
	if err != nil {
		return nil, "", fmt.Errorf("phone: %w", err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return res, string(body), err
}

func first(r *regexp.Regexp, text string) string {
	if m := r.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return ""
}

func plain(fragment string) string {
	return strings.TrimSpace(html.UnescapeString(pageTag.ReplaceAllString(fragment, "")))
}

// Press presses the page's button and gives where that leads: the payment app, or the
// page again if the payment was not started.
func (p *Phone) Press(ctx context.Context, page Page) (to string, err error) {
	if page.form == nil {
		return "", fmt.Errorf("phone: the page has no button, it shows %q", page.State)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.base+page.action, strings.NewReader(page.form.Encode()))
	if err != nil {
		return "", fmt.Errorf("phone: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", p.base)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	res, body, err := p.do(req)
	switch {
	case err != nil:
		return "", err
	case res.StatusCode != http.StatusSeeOther:
		return "", fmt.Errorf("phone: button: %s: %.200s", res.Status, plain(body))
	}
	return res.Header.Get("Location"), nil
}

// Pay presses the button and says yes in the payment app.
func (p *Phone) Pay(ctx context.Context, page Page) (reference string, err error) {
	to, err := p.Press(ctx, page)
	if err != nil {
		return "", err
	}
	return p.App(to, vippstest.Approve)
}

// App is what the passenger does in the payment app, where an address leads.
func (p *Phone) App(address string, a vippstest.Action) (reference string, err error) {
	bill, err := p.api.Scan(address)
	if err != nil {
		return "", fmt.Errorf("phone: the button does not lead into the app: %w", err)
	}
	return bill.Reference, p.api.Act(bill.Reference, a, 0)
}

// lookEvery is how often a page that waits is loaded again.
const lookEvery = 100 * time.Millisecond

// Await opens an address again and again until its page is as wanted.
func (p *Phone) Await(ctx context.Context, address, what string, wanted func(Page) bool) (page Page, err error) {
	err = sim.Poll(ctx, sim.Patience, "page "+what, func() (bool, error) {
		if page, err = p.Open(ctx, address); err != nil {
			return false, err
		}
		if wanted(page) {
			return true, nil
		}
		select {
		case <-ctx.Done():
		case <-time.After(lookEvery):
		}
		return false, nil
	})
	if err != nil {
		err = fmt.Errorf("%w; it shows %q", err, page.State)
	}
	return page, err
}

// Shows awaits a page in a state.
func (p *Phone) Shows(ctx context.Context, address, state string) (Page, error) {
	return p.Await(ctx, address, state, func(page Page) bool { return page.State == state })
}
