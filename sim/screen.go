package sim

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"
)

// Screen is a page that is open: what its stream of events last showed. It connects
// again by itself when the daemon was away, as a browser does.
type Screen struct {
	url  string
	seen func(html string) // nil for nobody
	stop context.CancelFunc
	done chan struct{}

	mu      sync.Mutex
	html    string
	changed chan struct{} // closed at the next change
	at      time.Time     // when html was complete
}

// Open opens the passenger's page ("/") or the driver's ("/driver").
func (d *Daemon) Open(page string) *Screen { return d.OpenFor(page, nil) }

// OpenFor is Open with somebody who looks at every picture as it comes, before anybody
// else does. Until seen returns no further picture comes.
func (d *Daemon) OpenFor(page string, seen func(html string)) *Screen {
	ctx, cancel := context.WithCancel(context.Background())
	s := &Screen{
		url: d.URL() + strings.TrimSuffix(page, "/") + "/events", seen: seen, stop: cancel,
		done: make(chan struct{}), changed: make(chan struct{}),
	}
	go func() {
		defer close(s.done)
		for ctx.Err() == nil {
			s.follow(ctx)
			select {
			case <-ctx.Done():
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	return s
}

// Close closes the page.
func (s *Screen) Close() { s.stop(); <-s.done }

// follow reads one stream to its end.
func (s *Screen) follow(ctx context.Context) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url, nil)
	if err != nil {
		return
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 1<<20)
	var event string
	var data []string
	for lines.Scan() {
		line := lines.Text()
		switch {
		case line == "":
			if event == "view" {
				s.show(strings.Join(data, "\n"))
			}
			event, data = "", nil
		case strings.HasPrefix(line, "event: "):
			event = line[len("event: "):]
		case strings.HasPrefix(line, "data: "):
			data = append(data, line[len("data: "):])
		}
	}
}

func (s *Screen) show(html string) {
	if s.seen != nil {
		s.seen(html)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.html, s.at = html, time.Now()
	close(s.changed)
	s.changed = make(chan struct{})
}

// HTML is what is shown now, and when it came.
func (s *Screen) HTML() (html string, at time.Time, changed <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.html, s.at, s.changed
}

var screenKind = regexp.MustCompile(`data-screen="([a-z]+)"`)

// Kind is the kind of picture: idle, hired, due, paid and so on.
func Kind(html string) string {
	if m := screenKind.FindStringSubmatch(html); m != nil {
		return m[1]
	}
	return ""
}

// Await waits until what is shown is as wanted, and gives the time at which it came.
func (s *Screen) Await(ctx context.Context, limit time.Duration, what string, wanted func(html string) bool) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		html, at, changed := s.HTML()
		if wanted(html) {
			return at, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return time.Time{}, fmt.Errorf("screen shows %q, want %s: %w", Kind(html), what, ctx.Err())
		}
	}
}
