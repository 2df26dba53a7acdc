package vipps

import (
	"net/url"
	"strings"
)

// Flow is how the customer gets to the payment: QR, WebRedirect or Push.
type Flow interface {
	// encode writes the flow's members and what is wrong with them.
	encode(w *wireCreate, p *problems)
}

// QR shows a one-time code on a screen of the car, for whoever scans it. It dies
// with the payment, after ten minutes.
type QR struct {
	Format QRFormat // empty for QRText
	Size   int      // pixels of a QRPNG, 100 to 2000; 0 for the API's default
}

// QRFormat is what RedirectURL will be.
type QRFormat string

const (
	QRText QRFormat = "TEXT/TARGETURL" // the text to draw as a code ourselves
	QRSVG  QRFormat = "IMAGE/SVG+XML"  // a link to a picture
	QRPNG  QRFormat = "IMAGE/PNG"      // a link to a picture
)

func (f QR) encode(w *wireCreate, p *problems) {
	w.UserFlow = "QR"
	w.QRFormat = &wireQR{Format: f.Format, Size: f.Size}
	switch f.Format {
	case "":
		w.QRFormat.Format = QRText
	case QRText, QRSVG, QRPNG:
	default:
		p.add("qrFormat.format", "want %s, %s or %s", QRText, QRSVG, QRPNG)
	}
	if f.Size != 0 {
		p.check(f.Format == QRPNG, "qrFormat.size", "only a %s has a size; leave it 0", QRPNG)
		p.check(f.Size >= 100 && f.Size <= 2000, "qrFormat.size", "want 100 to 2000 pixels, got %d", f.Size)
	}
}

// WebRedirect sends the browser on the customer's phone to RedirectURL, and back to
// ReturnURL afterwards. That somebody came back proves nothing about the payment.
type WebRedirect struct {
	// ReturnURL is an https address with the payment's reference in it, because
	// the customer may come back in another browser, without cookies.
	ReturnURL string
}

// returnURLMax is the longest return URL that the API is reported to take.
const returnURLMax = 2500

func (f WebRedirect) encode(w *wireCreate, p *problems) {
	w.UserFlow, w.ReturnURL = "WEB_REDIRECT", f.ReturnURL
	u, err := url.Parse(f.ReturnURL)
	p.check(err == nil && u.Scheme == "https" && u.Host != "", "returnUrl", "want an https address")
	p.check(len(f.ReturnURL) <= returnURLMax, "returnUrl", "want at most %d characters, got %d", returnURLMax, len(f.ReturnURL))
	p.check(w.Reference != "" && strings.Contains(f.ReturnURL, w.Reference), "returnUrl",
		"want this payment's own reference in it, so that the page can find the payment again")
}
