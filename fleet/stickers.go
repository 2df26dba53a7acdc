package fleet

import (
	"bytes"
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"

	"taxiterminal/device/vehicle/sticker"
	"taxiterminal/display/locale"
	"taxiterminal/display/qr"
	"taxiterminal/fleet/office"
	"taxiterminal/fleet/registry"
)

// stickers is a PDF with a page for each car that is named, or for all that have a code.
func (g *Gateway) stickers(ctx context.Context, r request) (any, error) {
	cars, err := g.stickerCars(ctx, r)
	if err != nil {
		return nil, err
	}
	words, err := g.stickerWords(r.Form["language"])
	if err != nil {
		return nil, err
	}
	there := g.printedCodes(ctx)
	format := sticker.Format(strings.ToUpper(cmp.Or(r.FormValue("size"), string(sticker.A6))))
	pages := make([]sticker.Sticker, 0, len(cars))
	for _, v := range cars {
		code, ok := there.codes[v.QRID]
		if !ok {
			return nil, noCode("car "+v.ID, there.problem())
		}
		page, err := g.stickerFor(v, code, words)
		if err != nil {
			return nil, err
		}
		page.Format, page.Marks = format, r.on("marks")
		pages = append(pages, page)
	}
	var pdf bytes.Buffer
	if err := sticker.Write(&pdf, pages...); err != nil {
		return nil, malformed("%v", err)
	}
	return document{"application/pdf", "stickers.pdf", pdf.Bytes()}, nil
}

func (g *Gateway) stickerCars(ctx context.Context, r request) (cars []registry.Vehicle, err error) {
	_ = r.ParseForm() // what cannot be read is not asked for
	if len(r.Form["car"]) == 0 {
		all, err := g.registry.Vehicles(ctx)
		cars = slices.DeleteFunc(all, func(v registry.Vehicle) bool { return v.QRID == "" })
		slices.SortFunc(cars, func(a, b registry.Vehicle) int { return strings.Compare(a.ID, b.ID) })
		if err == nil && len(cars) == 0 {
			err = noCode("any car", "")
		}
		return cars, err
	}
	for _, id := range r.Form["car"] {
		v, err := g.registry.Vehicle(ctx, id)
		if err != nil {
			return nil, err
		}
		cars = append(cars, v)
	}
	return cars, nil
}

func noCode(whose, why string) *office.Error {
	return &office.Error{Status: http.StatusConflict, Message: "there is no code of " + whose + " to print", Code: string(registry.NotFound), Hint: cmp.Or(why, "taxifleet qr sync makes it")}
}

// stickerWords are in the languages that are asked for; otherwise the pages' own, and
// English.
func (g *Gateway) stickerWords(languages []string) (*locale.Set, error) {
	if len(languages) == 0 {
		languages = slices.Compact([]string{g.cfg.Page.Language, "en"})
	}
	words, err := locale.Load(languages...)
	if err != nil {
		return nil, malformed("%v", err)
	}
	return words, nil
}

func (g *Gateway) stickerFor(v registry.Vehicle, code printedCode, words *locale.Set) (sticker.Sticker, error) {
	drawn, err := qr.Encode(code.URL)
	if err != nil {
		return sticker.Sticker{}, err
	}
	s := sticker.Sticker{Vehicle: v.ID, ID: code.ID, Operator: g.cfg.Operator}
	for y := range drawn.Size() {
		row := make([]bool, drawn.Size())
		for x := range row {
			row[x] = drawn.Dark(x, y)
		}
		s.Modules = append(s.Modules, row)
	}
	args := locale.Args{"brand": fares{g}.carOf(v).Brand, "vehicle": v.ID}
	for _, l := range words.Catalogues() {
		s.Words = append(s.Words, sticker.Words{
			Headline: l.Text("sticker.headline", args), Text: l.Text("sticker.text", args), Hint: l.Text("sticker.hint", args),
		})
	}
	return s, nil
}
