package fleet

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"taxiterminal/sim"
	"taxiterminal/vipps/vippstest"
)

// Gateway is the real taxifleet, as a process that can be killed, and its operator's
// door.
type Gateway struct {
	*sim.Process
	dir    string
	public string // address of the public door
	admin  *http.Client
}

// newGateway writes the files that the gateway needs. Cars are told the address of
// the line.
func newGateway(o Options, apiURL, cars, line string) (*Gateway, error) {
	dir := filepath.Join(o.Dir, "gateway")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	public, err := sim.Fixed(o.Listen)
	if err != nil {
		return nil, err
	}
	g := &Gateway{dir: dir, public: public}
	config, socket := filepath.Join(dir, "taxifleet.toml"), filepath.Join(dir, "admin.sock")
	g.Process = &sim.Process{Name: "gateway", Program: o.Gateway, Args: []string{"serve", "--config", config}, Socket: socket, Log: o.Log}
	g.admin = &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}}}
	for name, text := range map[string]string{"taxifleet.toml": g.config(o, apiURL, cars, line, socket), "keys.toml": keys} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	return g, nil
}

func (g *Gateway) config(o Options, apiURL, cars, line, socket string) string {
	return strings.Join([]string{
		`operator = "Byens Taxi"`, fmt.Sprintf("public_url = %q", g.URL()),
		"[http]", fmt.Sprintf("listen = %q", g.public),
		"[nats]", fmt.Sprintf("dir = %q", filepath.Join(g.dir, "nats")), fmt.Sprintf("listen = %q", cars),
		fmt.Sprintf("advertise = [%q]", "nats://"+line),
		"[admin]", fmt.Sprintf("socket = %q", socket),
		"[page]", `language = "en"`,
		"[[merchant]]", `name = "main"`, fmt.Sprintf("msn = %q", vippstest.DefaultMSN),
		`environment = "simulator"`, fmt.Sprintf("url = %q", apiURL), fmt.Sprintf("webhooks = %t", !o.NoWebhooks), fmt.Sprintf("check_ins = %t", o.CheckIns),
	}, "\n") + "\n"
}

// keys are of the simulator only and open nothing.
var keys = fmt.Sprintf(`store_key = "simulator-store-key-of-the-desk-only"
page_key = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc="
[merchant.main]
client_id = %q
client_secret = %q
subscription_key = %q
`, vippstest.DefaultClientID, vippstest.DefaultClientSecret, vippstest.DefaultSubscriptionKey)

// URL is where passengers come.
func (g *Gateway) URL() string { return "http://" + g.public }

// Ask makes one call at the operator's door and decodes the answer. A refusal is an
// error with its text.
func (g *Gateway) Ask(ctx context.Context, method, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://gateway"+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	res, err := g.admin.Do(req)
	if err != nil {
		return fmt.Errorf("gateway %s %s: %w", method, path, err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	switch {
	case err != nil:
		return fmt.Errorf("gateway %s %s: %w", method, path, err)
	case res.StatusCode != http.StatusOK:
		return fmt.Errorf("gateway %s %s: %s: %s", method, path, res.Status, bytes.TrimSpace(answer))
	case out == nil:
		return nil
	}
	return json.Unmarshal(answer, out)
}

// Ready waits until cars can be served.
func (g *Gateway) Ready(ctx context.Context) error {
	return sim.Poll(ctx, sim.Patience, "gateway ready", func() (bool, error) {
		return g.Ask(ctx, http.MethodGet, "/readyz", nil, nil) == nil, nil
	})
}

// Start starts the gateway and waits until cars can be served.
func (g *Gateway) Start(ctx context.Context) error {
	if err := g.Process.Start(ctx); err != nil {
		return err
	}
	return g.Ready(ctx)
}

// Revoke takes a terminal's right away and says how many connections that cut.
func (g *Gateway) Revoke(ctx context.Context, terminal string) (cut int, err error) {
	var answer struct {
		Cut int `json:"connections_cut"`
	}
	err = g.Ask(ctx, http.MethodPost, "/v1/terminals/"+terminal+"/revoke", map[string]string{"reason": "stolen"}, &answer)
	return answer.Cut, err
}
