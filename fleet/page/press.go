package page

import (
	"context"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"taxiterminal/money"
)

// notice is what a fare's page says after a press that did not lead to the payment
// app, a text under "notice.".
type notice string

const (
	noNotice      notice = ""
	noticeChanged notice = "changed" // look at the amount again
	noticeBusy    notice = "busy"    // another payment is under way
	noticeFailed  notice = "failed"  // could not be started
	noticeSlow    notice = "slow"    // pressed too often
)

func notices() []notice { return []notice{noticeChanged, noticeBusy, noticeFailed, noticeSlow} }

// parseNotice takes only what we put into an address ourselves.
func parseNotice(s string) notice {
	for _, n := range notices() {
		if s == string(n) {
			return n
		}
	}
	return noNotice
}

// Fields of the form.
const (
	fieldToken = "token"
	fieldTip   = "tip"   // minor units
	fieldShare = "share" // shareYes, or absent
	shareYes   = "yes"
)

// press starts one new payment and sends the browser to it. Everything else leads
// back to the page, which shows what there is to pay now.
func (p *Pages) press(kind Kind) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v := p.visit(r, kind)
		form, status := readForm(r)
		if status != http.StatusOK {
			http.Error(w, "want a form of a page of ours: open the page again", status)
			return
		}
		s, ok := p.find(w, r, v)
		if !ok {
			return
		}
		to, n := p.start(r.Context(), s, form)
		if to == "" {
			to = v.address("", v.lang, string(n))
		}
		w.Header().Set("Location", to) // unchanged, as the payment app gave it
		w.WriteHeader(http.StatusSeeOther)
	}
}

func readForm(r *http.Request) (url.Values, int) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/x-www-form-urlencoded" {
		return nil, http.StatusUnsupportedMediaType
	}
	err := r.ParseForm()
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, http.StatusRequestEntityTooLarge
	case err != nil:
		return nil, http.StatusBadRequest
	}
	return r.PostForm, http.StatusOK
}

// start is the press itself: the address to go to, or the notice to come back with.
func (p *Pages) start(ctx context.Context, s scene, form url.Values) (string, notice) {
	order, ok := p.order(s, form)
	switch {
	case !s.State.payable():
		return "", noNotice // the page says what it is instead
	case !ok:
		return "", noticeChanged
	case !p.limits.presses.take(time.Now(), digestOf(s.visit.link)):
		p.counters.limited.Add(1)
		return "", noticeSlow
	}
	// A passenger who goes away now must not leave a payment half started.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), startTime)
	defer cancel()
	to, err := p.fares.Pay(ctx, s.visit.link, order)
	if err == nil && !p.leadsOut(to) {
		err = errors.New("the payment's address is not one that a browser can be sent to")
	}
	if err != nil {
		p.counters.failed.Add(1)
		return "", p.refusal(s.visit.link, err)
	}
	p.counters.started.Add(1)
	return to, noNotice
}

// refusal is what the passenger is told. A link that is no good any more needs no
// word: its page has one.
func (p *Pages) refusal(l Link, err error) notice {
	switch {
	case errors.Is(err, ErrUnknown):
		return noNotice
	case errors.Is(err, ErrChanged):
		return noticeChanged
	case errors.Is(err, ErrBusy):
		return noticeBusy
	}
	p.complain("start a payment", l, err)
	return noticeFailed
}

// order is what a form asks for; false if no page shows that now.
func (p *Pages) order(s scene, form url.Values) (Order, bool) {
	if !s.State.payable() || !p.seal.holdsForm(form.Get(fieldToken), s.visit.link, s.Bill) {
		return Order{}, false
	}
	tip, ok := chosen(s.Bill, form.Get(fieldTip))
	return Order{
		Trip: s.Bill.Trip, Amount: s.Bill.Amount, Tip: tip,
		Share:  len(s.Bill.Shares) > 0 && form.Get(fieldShare) == shareYes,
		Return: p.returnTo(s.visit.lang),
	}, ok
}

// chosen is a tip that was offered, or none.
func chosen(b Bill, field string) (money.Minor, bool) {
	if field == "" || field == "0" {
		return 0, true
	}
	for _, t := range b.offered() {
		if field == strconv.FormatInt(int64(t.Amount), 10) {
			return t.Amount, true
		}
	}
	return 0, false
}

// maxTips is how many fit next to "no tip".
const maxTips = 4

// offered are the tips on the page, those that make sense.
func (b Bill) offered() []Tip {
	var tips []Tip
	for _, t := range b.Tips {
		if t.Amount > 0 && len(tips) < maxTips {
			tips = append(tips, t)
		}
	}
	return tips
}

// leadsOut: an absolute address that the browser may be sent to.
func (p *Pages) leadsOut(to string) bool {
	u, err := url.Parse(to)
	if err != nil || u.Host == "" || u.User != nil {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http" && p.base.Scheme == "http" && loopback(u.Hostname())
}
