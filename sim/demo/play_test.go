package demo

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"taxiterminal/sim"
)

// TestThePageHasTheKeysOfTheMeter presses what the page offers, on each meter. No
// terminal runs.
func TestThePageHasTheKeysOfTheMeter(t *testing.T) {
	t.Parallel()
	for protocol, want := range map[string][]string{
		"mdt":     {"hired", "timeoff", "resume", "extras", "payment", "vacant"},
		"jtt905":  {"hired", "timeoff", "resume", "extras", "vacant", "signout", "signin"},
		"gwp5043": {"occupied", "vacancy", "print"},
		"capture": {"hired", "timeoff", "resume", "extras", "vacant", "toll", "part", "copy", "reprint", "shift"},
	} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			taxi, err := sim.New(sim.Options{Dir: t.TempDir(), Meter: sim.MeterOptions{Protocol: protocol}})
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, taxi.Close()) })
			p := newPlay(taxi, "about it")
			t.Cleanup(p.close)
			do := func(method, path string) (s state, code int) {
				r := httptest.NewRequestWithContext(t.Context(), method, "http://127.0.0.1:1"+path, nil)
				w := httptest.NewRecorder()
				p.handler("127.0.0.1:1").ServeHTTP(w, r)
				if w.Code == http.StatusOK {
					require.NoError(t, json.Unmarshal(w.Body.Bytes(), &s))
				}
				return s, w.Code
			}
			s, _ := do(http.MethodGet, "/state")
			require.Equal(t, "FOR HIRE", s.Meter.State)
			require.Equal(t, "about it", s.Meter.About)
			var names []string
			for _, k := range s.Meter.Keys {
				names = append(names, k.Name)
				require.NotEmpty(t, k.Label)
			}
			require.Equal(t, want, names)
			require.True(t, s.Meter.Keys[0].Works)

			s, code := do(http.MethodPost, "/do/meter/"+want[0])
			require.Equal(t, http.StatusOK, code)
			require.Equal(t, "HIRED", s.Meter.State)
			require.False(t, s.Meter.Keys[0].Works)
			for _, path := range []string{"/do/meter/" + want[0], "/do/meter/off", "/do/meter/turbo"} {
				_, code = do(http.MethodPost, path)
				require.Equal(t, http.StatusConflict, code, path)
			}
		})
	}
}
