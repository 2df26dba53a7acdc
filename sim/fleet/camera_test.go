package fleet

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"taxiterminal/display/qr"
)

func onScreen(c *qr.Code) string {
	return fmt.Sprintf("<svg class=\"code\" data-span=\"%d\" viewBox=\"0\" shape-rendering=\"crispEdges\">\n<rect/>\n<path class=\"dark\" d=\"%s\"/></svg>", c.Span(), c.Path())
}

// Every size and level that a screen can show is read back.
func TestTheCameraReadsWhatScreensShow(t *testing.T) {
	for n := 1; n <= qr.MaxText; n += 61 {
		for _, alphabet := range []string{"0123456789", "ABC/:9", "https://pay.example/p/aB_-9"} {
			text := strings.Repeat(alphabet, n/len(alphabet)+1)[:n]
			code, err := qr.Encode(text)
			require.NoError(t, err)
			read, err := Read(onScreen(code))
			require.NoError(t, err, "version %d level %s", code.Version(), code.Level())
			require.Equal(t, text, read, "version %d level %s", code.Version(), code.Level())
		}
	}
}

func TestTheCameraReadsAnyText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[ -~]{1,300}`).Draw(t, "text")
		code, err := qr.Encode(text)
		require.NoError(t, err)
		read, err := Read(onScreen(code))
		require.NoError(t, err)
		require.Equal(t, text, read)
	})
}

func TestTheCameraDoesNotPanic(t *testing.T) {
	for _, html := range []string{
		"", "<main></main>", `<svg class="code" data-span="29"><path class="dark" d=""`, `<svg class="code" data-span="7"><path class="dark" d="M1 1h1v1h-1z"`,
		`<svg class="code" data-span="29"><path class="dark" d="M28 28h9v1h-1z"`, `<svg class="code" data-span="99999999999999999999"><path class="dark" d="M1 1h1v1h-1z"`,
	} {
		require.NotPanics(t, func() { _, _ = Read(html) }, html)
	}
}
