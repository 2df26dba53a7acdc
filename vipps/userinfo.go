package vipps

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// subMax bounds the identifier of a customer, which is a UUID in practice.
const subMax = 128

// Userinfo reads what the customer of an approved payment shares, for the Sub of
// that payment. It is needed when the payment itself does not say (Payment.Person),
// and works for a week.
//
// Rejected with ClassNotFound is "not there": within some seconds of the approval it
// is worth asking again. ClassNotPermitted is "not shared": it will not change.
//
// Published sources disagree on whether the call must carry the subscription key or
// must not. So it is sent with it, and if that is refused once without; the way that
// was not refused is tried first from then on.
func (c *Client) Userinfo(ctx context.Context, sub string) (Person, Result) {
	r := request{op: OpUserinfo, method: http.MethodGet, path: "/vipps-userinfo-api/userinfo/" + url.PathEscape(sub), private: []string{sub}}
	if e := notSent(OpUserinfo, checkSub(sub)); e != nil {
		return Person{}, Result{Kind: Rejected, Err: e}
	}
	var person Person
	read := func(body []byte) (p Payment, err error) {
		person, err = decodeUserinfo(sub, body)
		return Payment{}, err
	}
	res := c.withToken(ctx, r, func(tok token) Result { return c.withOrWithoutKey(ctx, r, tok, read) })
	return person, res
}

// checkSub refuses what would lead to another path. The error does not say who.
func checkSub(sub string) error {
	var bad problems
	bad.check(headerSafe(sub) && len(sub) <= subMax && sub != "." && sub != "..", "sub",
		"want 1 to %d visible ASCII characters, as the payment gives them", subMax)
	return bad.err("userinfo")
}

// withOrWithoutKey sends r in the way that worked last time, and in the other if that
// is refused.
func (c *Client) withOrWithoutKey(ctx context.Context, r request, tok token, read accept) Result {
	r.bare = c.userinfoBare.Load()
	res := c.send(ctx, r, tok, read)
	if !refusedKeys(res) {
		return res
	}
	r.bare = !r.bare
	other := c.send(ctx, r, tok, read)
	switch {
	case other.Err == nil, other.Err.Class == ClassNotFound, other.Err.Class == ClassNotPermitted:
		c.userinfoBare.Store(r.bare) // whatever it says, it has let us in
	}
	return other
}

func refusedKeys(res Result) bool {
	return res.Err != nil && res.Err.Status == http.StatusUnauthorized
}

// decodeUserinfo reads the claims of the OpenID standard that a trip can use. It is
// strict about whom they are about, and lenient about everything else.
func decodeUserinfo(sub string, body []byte) (Person, error) {
	var w struct {
		Sub        string    `json:"sub"`
		Name       looseText `json:"name"`
		GivenName  looseText `json:"given_name"`
		FamilyName looseText `json:"family_name"`
		Phone      looseText `json:"phone_number"`
	}
	if err := json.Unmarshal(body, &w); err != nil {
		return Person{}, fmt.Errorf("read userinfo: %w", shapeOnly(err))
	}
	if w.Sub != sub {
		return Person{}, errors.New("read userinfo: the answer is about somebody else")
	}
	name := w.Name
	if oneLine(string(name)) == "" {
		name = w.GivenName + " " + w.FamilyName
	}
	return NewPerson(string(name), string(w.Phone)), nil
}
