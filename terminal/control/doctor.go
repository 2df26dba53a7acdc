package control

import (
	"context"
	"net/http"
	"time"
)

// Check is one thing that a technician can mend, and how it is.
type Check struct {
	Name   CheckName  `json:"name"`
	State  CheckState `json:"state"`
	Detail string     `json:"detail"`
	Do     string     `json:"do,omitempty"` // what to do next, where something can be done
}

// CheckName is what is looked at.
type CheckName string

const (
	CheckDaemon      CheckName = "terminal"
	CheckConfig      CheckName = "configuration"
	CheckCredentials CheckName = "credentials"
	CheckLine        CheckName = "serial line"
	CheckMeter       CheckName = "meter"
	CheckScreen      CheckName = "screen"
	CheckAPI         CheckName = "payment api"
	CheckClock       CheckName = "clock"
	CheckFlush       CheckName = "disk flush"
	CheckSpace       CheckName = "disk space"
	CheckOutbox      CheckName = "outbox"
	CheckFaults      CheckName = "other faults"
)

// CheckState is how it is.
type CheckState string

const (
	CheckOK      CheckState = "ok"
	CheckFault   CheckState = "fault"
	CheckSkipped CheckState = "skipped" // could not be looked at now
)

// examineTime bounds an examination: a call of the API, and some flushes.
const examineTime = 30 * time.Second

func (s *Server) doctor(r *http.Request) (any, error) {
	if s.o.Examine == nil {
		return nil, &Error{Status: http.StatusNotFound, Message: "nothing can be examined here"}
	}
	ctx, cancel := context.WithTimeout(r.Context(), examineTime)
	defer cancel()
	return s.o.Examine(ctx), nil
}
