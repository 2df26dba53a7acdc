package enrol

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
)

const (
	// page is how many connections a server reports at once.
	page = 1024
	// quiet is how long no further server must have answered.
	quiet = 300 * time.Millisecond
	// rounds is how often is looked whether a terminal is gone.
	rounds = 5
)

// connection is one of a terminal.
type connection struct {
	server   string
	cid      uint64
	terminal string
}

// report is what a server says about its connections.
type report struct {
	Server struct {
		ID string `json:"id"`
	} `json:"server"`
	Data struct {
		Total       int `json:"total"`
		Connections []struct {
			CID  uint64 `json:"cid"`
			User string `json:"authorized_user"`
		} `json:"connections"`
	} `json:"data"`
}

// cut ends all connections of a terminal and looks that they are gone.
func (s *Service) cut(ctx context.Context, terminal string) (n int, err error) {
	ended := map[connection]bool{}
	for range rounds {
		left := 0
		err := s.connections(ctx, terminal, func(c connection) {
			left++
			ended[c] = true
			s.kick(c)
		})
		if err != nil {
			return len(ended), fmt.Errorf("cut off terminal: %w; it is revoked, and will be cut off when the servers answer", err)
		}
		if left == 0 {
			return len(ended), nil
		}
	}
	return len(ended), fmt.Errorf("cut off terminal: it connects again and again; is the gateway's registry in order?")
}

// connections asks all servers, and calls found for each connection of a terminal, or
// of all terminals if it is empty, while answers come in.
func (s *Service) connections(ctx context.Context, terminal string, found func(connection)) error {
	for offset := 0; ; offset += page {
		more, err := s.ask(ctx, terminal, offset, found)
		if err != nil || !more {
			return err
		}
	}
}

func (s *Service) ask(ctx context.Context, terminal string, offset int, found func(connection)) (more bool, err error) {
	inbox := s.config.System.NewRespInbox()
	sub, err := s.config.System.SubscribeSync(inbox)
	if err != nil {
		return false, fmt.Errorf("list connections: %w", err)
	}
	defer func() { _ = sub.Unsubscribe() }()
	query, err := json.Marshal(map[string]any{"auth": true, "acc": s.config.Account, "user": terminal, "limit": page, "offset": offset})
	if err != nil {
		return false, fmt.Errorf("list connections: %w", err)
	}
	if err := s.config.System.PublishRequest("$SYS.REQ.SERVER.PING.CONNZ", inbox, query); err != nil {
		return false, fmt.Errorf("list connections: %w", err)
	}
	wait := calloutTime // for the first server
	for {
		m, err := next(ctx, sub, wait)
		if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil && wait == quiet {
			return more, nil
		}
		var r report
		if err == nil {
			err = json.Unmarshal(m.Data, &r)
		}
		if err != nil {
			return false, fmt.Errorf("list connections: %w", err)
		}
		for _, c := range r.Data.Connections {
			found(connection{r.Server.ID, c.CID, c.User})
		}
		more = more || r.Data.Total > offset+page
		wait = quiet
	}
}

func next(ctx context.Context, sub *nats.Subscription, wait time.Duration) (*nats.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	return sub.NextMsgWithContext(ctx)
}

// kick ends a connection; whether it came about is seen when one looks again.
func (s *Service) kick(c connection) {
	body := fmt.Appendf(nil, `{"cid":%d}`, c.cid)
	// A server does only what it can answer, although nobody reads the answer.
	nobody := s.config.System.NewInbox()
	if err := s.config.System.PublishRequest("$SYS.REQ.SERVER."+c.server+".KICK", nobody, body); err != nil {
		s.config.Log.Error("connection not cut", "terminal", c.terminal, "error", err)
	}
}

// guard compares connections with the registry: when something changed, once more when
// callouts that were under way then are over, and from time to time.
func (s *Service) guard(ctx context.Context, changes <-chan struct{}) {
	tick := time.NewTicker(s.config.Sweep)
	defer tick.Stop()
	again := time.NewTimer(0) // those who were revoked while no gateway was there
	for {
		select {
		case <-ctx.Done():
			return
		case _, ok := <-changes:
			if !ok {
				changes = nil // the ticker is left
				continue
			}
			again.Reset(calloutTime + time.Second)
		case <-again.C:
		case <-tick.C:
		}
		s.sweep(ctx)
	}
}

// sweep ends the connections of all who are not to be in. Who cannot be looked up
// stays.
func (s *Service) sweep(ctx context.Context) {
	var all []connection
	if err := s.connections(ctx, "", func(c connection) { all = append(all, c) }); err != nil {
		if ctx.Err() == nil {
			s.config.Log.Warn("connections not compared with the registry", "error", err)
		}
		return
	}
	for _, c := range all {
		_, err := s.config.Registry.Active(ctx, c.terminal)
		var no refused
		if errors.As(err, &no) {
			s.config.Log.Info("terminal cut off", "terminal", c.terminal, "reason", err)
			s.kick(c)
		}
	}
}

// refused is an error that says no, rather than that nobody knows.
type refused interface {
	error
	Refused() (code, text, hint string)
}
