package web

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"taxiterminal/display/qr"
)

const (
	codeVersion = "a1b2c3d4"
	codeText    = "https://qr.vipps.no/28/2/01/031/taxi-T122-7GK2QX"
)

// codeSVG is a picture such as the payment API makes of a car's own code.
func codeSVG() []byte {
	c, err := qr.Encode(codeText)
	if err != nil {
		panic(err)
	}
	return fmt.Appendf(nil, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d"><style>.d{fill:#000}</style>`+
		`<path fill="#fff" d="M0 0h%dv%dH0z"/><path class="d" shape-rendering="crispEdges" d="%s"/></svg>`,
		c.Span(), c.Span(), c.Span(), c.Span(), c.Path())
}

func TestVehicleCode(t *testing.T) {
	t.Parallel()
	_, h := at8480(t, withDesk(&desk{}))
	w := send(h, "GET", "/code/"+codeVersion+".svg", "")
	require.Equal(t, 200, w.Code)
	require.Equal(t, codeSVG(), w.Body.Bytes())
	require.Equal(t, "image/svg+xml", w.Header().Get("Content-Type"))
	require.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"))
	require.Equal(t, "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox", w.Header().Get("Content-Security-Policy"))

	for _, path := range []string{"/code/other.svg", "/code/" + codeVersion, "/code/" + codeVersion + ".png", "/code/.svg", "/code/"} {
		require.Equal(t, 404, send(h, "GET", path, "").Code, path)
	}
	_, h = at8480(t)
	require.Equal(t, 404, send(h, "GET", "/code/"+codeVersion+".svg", "").Code, "no desk, no code")
}
