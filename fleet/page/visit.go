package page

import (
	"net/http"
	"net/url"

	"taxiterminal/display/locale"
)

// Names in addresses. proofParam stands in return addresses that live outside; keep it.
const (
	proofParam    = "t"
	languageParam = "lang"
	noticeParam   = "n"
)

// visit is one request's link and language.
type visit struct {
	link      Link
	proof     string // of a Return
	lang      string // the tag that the address names; empty if the browser chose
	catalogue *locale.Catalogue
}

func (p *Pages) visit(r *http.Request, kind Kind) visit {
	query := r.URL.Query()
	v := visit{link: Link{kind, r.PathValue("text")}, proof: query.Get(proofParam)}
	v.catalogue, v.lang = p.renderer.language(query.Get(languageParam), r.Header.Values("Accept-Language"))
	return v
}

// address of the visit's page in a language, the browser's own if empty.
func (v visit) address(below, lang, notice string) string {
	query := url.Values{}
	for name, value := range map[string]string{proofParam: v.proof, languageParam: lang, noticeParam: notice} {
		if value != "" {
			query.Set(name, value)
		}
	}
	path := ""
	if v.link.Kind != "" {
		path = (&url.URL{Path: v.link.path()}).EscapedPath()
	}
	if path += below; len(query) == 0 {
		return path
	}
	return path + "?" + query.Encode()
}

// returnTo makes the address that the payment app comes back to.
func (p *Pages) returnTo(lang string) func(reference string) string {
	return func(reference string) string {
		v := visit{link: Link{Return, reference}, proof: p.seal.of(forReturn, reference)}
		return p.base.String() + v.address("", lang, "")
	}
}
