package control

import (
	"context"
	"net/http"
	"time"

	"taxiterminal/device/vehicle"
	"taxiterminal/display"
	"taxiterminal/trip/shift"
)

func (s *Server) print(r *http.Request) (any, error) {
	return struct{}{}, s.o.Terminal.Print(r.Context(), r.PathValue("number"))
}

func (s *Server) send(r *http.Request) (any, error) {
	var q SendRequest
	if err := decode(r, &q); err != nil {
		return nil, err
	}
	to := display.Recipient{Number: q.Number, Contact: q.Contact}
	return struct{}{}, s.o.Terminal.Send(r.Context(), r.PathValue("number"), to)
}

func (s *Server) typeFare(r *http.Request) (any, error) {
	var q FareRequest
	if err := decode(r, &q); err != nil {
		return nil, err
	}
	return struct{}{}, s.o.Terminal.TypeFare(r.Context(), q.Trip, q.Total)
}

func (s *Server) shift(r *http.Request) (any, error) {
	past, err := number(r.FormValue("past"), 0)
	if err != nil {
		return nil, err
	}
	if past == 0 {
		return s.o.Terminal.Shift(r.Context())
	}
	return s.o.Terminal.PastShift(r.Context(), int(min(past, 1<<20)))
}

func (s *Server) endShift(r *http.Request) (any, error) { return s.o.Terminal.EndShift(r.Context()) }

func (s *Server) contacts(r *http.Request) (any, error) {
	all, err := s.o.Terminal.Passengers()
	if err != nil {
		return nil, &Error{Status: http.StatusConflict, Message: err.Error()}
	}
	list := make([]Contact, 0, len(all))
	for _, c := range all {
		list = append(list, contactOf(c, r.FormValue("reveal") != "", s.o.Mask))
	}
	return list, nil
}

// forget takes longer than a request may live: the log is emptied after it.
func (s *Server) forget(r *http.Request) (any, error) {
	id, err := number(r.PathValue("id"), 0)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), 30*time.Second)
	defer cancel()
	return struct{}{}, s.o.Terminal.Forget(ctx, id, "asked")
}

func (s *Server) allowPush(*http.Request) (any, error) { return struct{}{}, s.o.Terminal.AllowPush() }

func (s *Server) code(*http.Request) (any, error) { return s.codeNow(), nil }

func (s *Server) codeNow() Code {
	c := s.o.Terminal.CarCode()
	return Code{Code: c, NeedsPerson: c.NeedsPerson(), Guessable: c.Target != "" && vehicle.Guessable(c.Target)}
}

func (s *Server) makeCode(r *http.Request) (any, error) {
	return s.askCode(r, func(q CodeRequest) vehicle.Event {
		return vehicle.CodeAsked{ID: q.ID, Target: q.Target, Adopt: q.Adopt}
	})
}

func (s *Server) retarget(r *http.Request) (any, error) {
	return s.askCode(r, func(q CodeRequest) vehicle.Event { return vehicle.TargetAsked{Target: q.Target} })
}

func (s *Server) destroyCode(r *http.Request) (any, error) {
	return s.askCode(r, func(q CodeRequest) vehicle.Event { return vehicle.DestroyAsked{ID: q.ID} })
}

func (s *Server) retryCode(r *http.Request) (any, error) {
	return s.askCode(r, func(CodeRequest) vehicle.Event { return vehicle.RetryAsked{} })
}

func (s *Server) askCode(r *http.Request, event func(CodeRequest) vehicle.Event) (any, error) {
	var q CodeRequest
	if err := decode(r, &q); err != nil {
		return nil, err
	}
	if err := s.o.Terminal.AskCode(event(q)); err != nil {
		return nil, err
	}
	return s.codeNow(), nil
}

// --- The client's side ---

// Print prints the receipt of a trip.
func (c *Client) Print(ctx context.Context, trip string) error {
	return c.call(ctx, http.MethodPost, tripPath(trip)+"/print", nil, nil)
}

// Send lets the request of a trip go to a phone.
func (c *Client) Send(ctx context.Context, trip string, to SendRequest) error {
	return c.call(ctx, http.MethodPost, tripPath(trip)+"/send", to, nil)
}

// TypeFare is the fare when the meter is lost.
func (c *Client) TypeFare(ctx context.Context, f FareRequest) error {
	return c.call(ctx, http.MethodPost, "/v1/fare", f, nil)
}

// Shift is the shift so far (past 0), or one that was ended: 1 is the last.
func (c *Client) Shift(ctx context.Context, past int) (s shift.Summary, err error) {
	return s, c.call(ctx, http.MethodGet, "/v1/shift?past="+itoa(past), nil, &s)
}

// EndShift closes the shift.
func (c *Client) EndShift(ctx context.Context) (s shift.Summary, err error) {
	return s, c.call(ctx, http.MethodPost, "/v1/shift/end", nil, &s)
}

// Contacts are the passengers who shared their number.
func (c *Client) Contacts(ctx context.Context, reveal bool) (list []Contact, err error) {
	path := "/v1/contacts"
	if reveal {
		path += "?reveal=1"
	}
	return list, c.call(ctx, http.MethodGet, path, nil, &list)
}

// Forget removes a passenger from the file.
func (c *Client) Forget(ctx context.Context, id string) error {
	return c.call(ctx, http.MethodPost, "/v1/contacts/"+escape(id)+"/forget", nil, nil)
}

// AllowPush lets requests go to phones again.
func (c *Client) AllowPush(ctx context.Context) error {
	return c.call(ctx, http.MethodPost, "/v1/push/allow", nil, nil)
}

// Code is the car's own code.
func (c *Client) Code(ctx context.Context) (code Code, err error) {
	return code, c.call(ctx, http.MethodGet, "/v1/code", nil, &code)
}

// MakeCode, RetargetCode, DestroyCode and RetryCode ask for it to be made, to lead
// somewhere else, to be killed for ever, and to be looked at again.
func (c *Client) MakeCode(ctx context.Context, q CodeRequest) (code Code, err error) {
	return code, c.call(ctx, http.MethodPost, "/v1/code", q, &code)
}

func (c *Client) RetargetCode(ctx context.Context, target string) (code Code, err error) {
	return code, c.call(ctx, http.MethodPost, "/v1/code/target", CodeRequest{Target: target}, &code)
}

func (c *Client) DestroyCode(ctx context.Context, id string) (code Code, err error) {
	return code, c.call(ctx, http.MethodPost, "/v1/code/destroy", CodeRequest{ID: id}, &code)
}

func (c *Client) RetryCode(ctx context.Context) (code Code, err error) {
	return code, c.call(ctx, http.MethodPost, "/v1/code/retry", CodeRequest{}, &code)
}
