package vippstest

import (
	"errors"
	"net/http"
)

func (s *Sim) adminPerson(r *http.Request) (any, error) {
	p, err := readJSON[Person](r)
	if err != nil {
		return nil, err
	}
	return p, s.AddPerson(p)
}

func (s *Sim) adminPassenger(r *http.Request) (any, error) {
	p, err := readJSON[Person](r)
	if err != nil {
		return nil, err
	}
	return p, s.SetPassenger(p)
}

func (s *Sim) adminWithdraw(r *http.Request) (any, error) {
	s.WithdrawConsent(r.PathValue("phone"))
	return none{}, nil
}

func (s *Sim) adminCodes(*http.Request) (any, error) { return s.Codes(), nil }

type followed struct {
	Target string `json:"target"`
}

func (s *Sim) adminFollow(r *http.Request) (any, error) {
	req, err := readJSON[scanRequest](r)
	if err != nil {
		return nil, err
	}
	target, err := s.Follow(req.Code)
	if err != nil {
		return nil, errors.Join(errAbsent, err)
	}
	return followed{target}, nil
}
