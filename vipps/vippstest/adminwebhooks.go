package vippstest

import (
	"errors"
	"net/http"
)

func (s *Sim) adminWebhooks(*http.Request) (any, error) { return s.Webhooks(), nil }

func (s *Sim) adminDropWebhooks(*http.Request) (any, error) {
	s.DropWebhooks()
	return none{}, nil
}

func (s *Sim) adminCallbacks(*http.Request) (any, error) { return s.Callbacks(), nil }

type checkInRequest struct {
	Code  string `json:"code"`
	Phone string `json:"phone"`
}

func (s *Sim) adminCheckIn(r *http.Request) (any, error) {
	req, err := readJSON[checkInRequest](r)
	if err != nil {
		return nil, err
	}
	if err := s.CheckIn(req.Code, req.Phone); errors.Is(err, ErrDeadCode) {
		return nil, errors.Join(errAbsent, err)
	} else if err != nil {
		return nil, err
	}
	return none{}, nil
}
