package vippstest

import (
	"net/http"
	"strings"
)

// KeyRule is what the Userinfo API wants of the subscription key. The published
// sources disagree.
type KeyRule string

const (
	KeyIndifferent KeyRule = ""
	KeyRequired    KeyRule = "required"
	KeyForbidden   KeyRule = "forbidden"
)

// userinfo is GET /vipps-userinfo-api/userinfo/{sub}. Which status goes with data
// that is not there yet (here 404) and with data whose time is over (403) is not
// documented.
func (s *Sim) userinfo(c call) reply {
	var newest *payment
	for _, p := range s.order {
		if p.state == stateAuthorized && p.scope != "" && s.sub(p.payer) == c.reference && s.now().Sub(p.authorizedAt) >= s.opt.UserinfoLag {
			newest = p
		}
	}
	switch {
	case newest == nil:
		return s.problemIn(c.op, http.StatusNotFound, "User not found")
	case s.now().Sub(newest.authorizedAt) > sharingPeriod:
		return s.problemIn(c.op, http.StatusForbidden, "No valid consent")
	}
	return jsonReply(http.StatusOK, s.people.person(newest.payer).claims(c.reference, newest.scope))
}

// claims is a person in the words of OpenID Connect.
func (p Person) claims(sub, scope string) map[string]any {
	claims := map[string]any{"sub": sub, "sid": "simulated-session"}
	for _, word := range strings.Fields(scope) {
		switch word {
		case "name":
			claims["name"], claims["given_name"], claims["family_name"] = p.FirstName+" "+p.LastName, p.FirstName, p.LastName
		case "phoneNumber":
			claims["phone_number"] = p.Phone
		case "email":
			claims["email"], claims["email_verified"] = p.Email, true
		case "address":
			claims["address"] = map[string]any{"street_address": "Testveien 1", "postal_code": "0001", "region": "Oslo", "country": "NO"}
			claims["other_addresses"] = []any{}
		case "birthDate":
			claims["birthdate"] = "1990-01-01"
		}
	}
	return claims
}
