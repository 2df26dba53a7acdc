package ticket

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/nats-io/nkeys"
)

// Enrol asks the gateway at an address, "https://fleet.example.com". The error is a
// *Refusal if the gateway said no; after any other, among them one that came because
// the answer was lost, the same call may be made again. Redirections are not followed:
// the token is for this gateway.
func Enrol(ctx context.Context, client *http.Client, address, token, name string, key nkeys.KeyPair) (Welcome, error) {
	server, err := Server(address)
	if err != nil {
		return Welcome{}, err
	}
	request, err := New(server, token, name, key)
	if err != nil {
		return Welcome{}, err
	}
	body, err := json.Marshal(request)
	if err != nil {
		return Welcome{}, fmt.Errorf("write request: %w", err)
	}
	post, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(address, "/")+Path, bytes.NewReader(body))
	if err != nil {
		return Welcome{}, fmt.Errorf("write request: %w", err)
	}
	post.Header.Set("Content-Type", "application/json")
	straight := *client
	straight.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	response, err := straight.Do(post)
	if err != nil {
		return Welcome{}, fmt.Errorf("reach gateway: %w; is the address right, and is there a network?", err)
	}
	defer response.Body.Close()
	return read(response, request.PublicKey)
}

func read(response *http.Response, public string) (Welcome, error) {
	body, err := io.ReadAll(io.LimitReader(response.Body, MaxWelcome+1))
	if err != nil {
		return Welcome{}, fmt.Errorf("read answer: %w; try again", err)
	}
	if len(body) > MaxWelcome {
		return Welcome{}, errors.New("read answer: too long to be a gateway's; is the address right?")
	}
	if response.StatusCode == http.StatusOK {
		var w Welcome
		if err := json.Unmarshal(body, &w); err != nil || w.V != 1 || w.Terminal != public || w.Vehicle == "" || len(w.URLs) == 0 {
			return Welcome{}, errors.New("read answer: not a gateway's, or another version's; is the address right?")
		}
		return w, nil
	}
	var no struct {
		Error *Refusal `json:"error"`
	}
	if err := json.Unmarshal(body, &no); err != nil || no.Error == nil || no.Error.Code == "" {
		return Welcome{}, fmt.Errorf("read answer: status %d is not from a gateway; is the address right?", response.StatusCode)
	}
	return Welcome{}, no.Error
}
