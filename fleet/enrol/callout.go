package enrol

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"
)

const (
	calloutSubject = "$SYS.REQ.USER.AUTH"
	// calloutTime is how long the servers wait for an answer.
	calloutTime = 2 * time.Second
	// workers is how many callouts are looked up side by side.
	workers = 16
	// maxSubscriptions of one connection: a hint, an inbox, and room.
	maxSubscriptions = 16
	maxPayload       = 1 << 20
)

// answerCallouts answers until ctx ends. With several gateways each callout goes to
// one of them.
func (s *Service) answerCallouts(ctx context.Context) error {
	requests := make(chan *nats.Msg, 256)
	sub, err := s.config.Conn.QueueSubscribe(calloutSubject, "enrol", func(m *nats.Msg) {
		select {
		case requests <- m:
		default: // the server gives up on this one, and the terminal comes again
			s.config.Log.Warn("callout dropped: too many terminals connect at once")
		}
	})
	if err != nil {
		return fmt.Errorf("answer callouts: %w", err)
	}
	if err := s.config.Conn.FlushTimeout(calloutTime); err != nil {
		return errors.Join(fmt.Errorf("answer callouts: %w", err), sub.Unsubscribe())
	}
	s.callout = sub
	for range workers {
		s.running.Go(func() {
			for {
				select {
				case <-ctx.Done():
					return
				case m := <-requests:
					s.answer(ctx, m)
				}
			}
		})
	}
	return nil
}

// answer tells the server what a terminal may do, or why it may not come in.
func (s *Service) answer(ctx context.Context, m *nats.Msg) {
	ctx, cancel := context.WithTimeout(ctx, calloutTime)
	defer cancel()
	request, err := jwt.DecodeAuthorizationRequestClaims(string(m.Data))
	if err != nil {
		s.config.Log.Warn("callout is not one of a server", "error", err)
		return
	}
	response := jwt.NewAuthorizationResponseClaims(request.UserNkey)
	response.Audience = request.Server.ID
	if response.Jwt, err = s.admit(ctx, request); err != nil {
		response.Error = err.Error()
	}
	text, err := response.Encode(s.config.Issuer)
	if err == nil {
		err = m.Respond([]byte(text))
	}
	if err != nil {
		s.config.Log.Error("callout answer", "error", err)
	}
}

// admit checks that whoever connects holds the key that it names, and that this is
// the key of a terminal that may come in. The text of the error stands in the server's
// log and is not sent to who connects.
func (s *Service) admit(ctx context.Context, request *jwt.AuthorizationRequestClaims) (string, error) {
	terminal := request.ConnectOptions.Nkey
	if err := holds(request.ConnectOptions, request.ClientInformation.Nonce); err != nil {
		return "", err
	}
	if _, err := s.config.Registry.Active(ctx, terminal); err != nil {
		return "", fmt.Errorf("terminal %s is not let in: %w", terminal, err)
	}
	text, err := permit(request.UserNkey, terminal, s.config.Account).Encode(s.config.Issuer)
	if err != nil {
		return "", fmt.Errorf("sign permissions: %w", err)
	}
	return text, nil
}

// holds verifies the signature over the nonce of the server. With an auth callout the
// server does not do it.
func holds(o jwt.ConnectOptions, nonce string) error {
	if !nkeys.IsValidPublicUserKey(o.Nkey) || nonce == "" {
		return errors.New("whoever connects has no terminal's key")
	}
	signature, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(o.SignedNonce, "="))
	if err != nil {
		signature, err = base64.StdEncoding.DecodeString(o.SignedNonce)
	}
	key, keyErr := nkeys.FromPublicKey(o.Nkey)
	if err = errors.Join(err, keyErr); err == nil {
		err = key.Verify([]byte(nonce), signature)
	}
	if err != nil {
		return fmt.Errorf("whoever connects does not hold the key of terminal %s", o.Nkey)
	}
	return nil
}

// permit says what a terminal may do, for a connection that the server calls user.
func permit(user, terminal, account string) *jwt.UserClaims {
	c := jwt.NewUserClaims(user)
	c.Name, c.Audience = terminal, account
	c.Pub.Allow.Add("car."+terminal+".pay", "car."+terminal+".journal", "car."+terminal+".hello")
	c.Sub.Allow.Add("car."+terminal+".hint", "_INBOX_"+terminal+".>")
	c.NatsLimits.Subs, c.NatsLimits.Payload = maxSubscriptions, maxPayload
	c.AllowedConnectionTypes.Add(jwt.ConnectionTypeStandard)
	return c
}
