// Package taxiterminal has no code of its own: this file holds the rules of the house
// that a compiler does not know.
package taxiterminal

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "taxiterminal/"

// mayImport says what of ours each part of the house may import, itself and the
// parts below it included. Data flows one way: cmd -> terminal, sim -> device,
// display, outbox, vipps, config -> trip -> money. Siblings never import each other;
// whoever composes them adapts. A path stands for everything below it.
var mayImport = map[string][]string{
	"money":                  {},
	"trip":                   {"money"},
	"trip/receipt":           {"trip", "money"},
	"trip/shift":             {"trip", "money"},
	"outbox":                 {},
	"outbox/disktest":        {}, // a kit for tests: a disk that forgets
	"config/table":           {},
	"config":                 {"config/table", "trip", "money"},
	"device/meter":           {"device/meter", "config/table", "money"},
	"device/serialport":      {"device/serialport"},
	"device/vehicle":         {"device/vehicle"},
	"device/printer":         {},
	"display":                {"display", "trip/receipt", "trip/shift", "money"},
	"vipps":                  {"money"},
	"vipps/vippstest":        {"money"}, // shares nothing with the client that it tests
	"terminal":               {"terminal/phone", "device/meter", "device/vehicle", "display", "outbox", "vipps", "trip", "money"},
	"terminal/phone":         {},
	"terminal/control":       {"terminal", "device/vehicle", "display", "outbox", "vipps", "trip", "money"},
	"fleet":                  {"fleet", "device/vehicle", "display/locale", "display/qr", "config/gateway", "vipps", "outbox", "trip", "money"},
	"fleet/link":             {"fleet/link", "outbox", "vipps", "money"}, // shared with the car
	"fleet/claim":            {"trip", "money"},                          // shared with the car
	"fleet/enrol/ticket":     {},                                         // shared with the car
	"fleet/hub":              {"fleet/hub"},
	"fleet/registry":         {"trip", "money"},
	"fleet/enrol":            {"fleet/enrol"},
	"fleet/relay":            {"fleet/link", "device/vehicle", "vipps", "money"},
	"fleet/carry":            {"fleet/claim", "vipps", "trip", "money"}, // claims are all that it carries
	"fleet/journal":          {"fleet/link", "outbox", "trip", "money"},
	"fleet/webhook":          {"vipps", "money"},
	"fleet/office":           {"fleet/journal", "fleet/registry", "trip", "money"}, // their words, for those who only ask
	"fleet/page":             {"fleet/page", "display/locale", "trip/receipt", "money"},
	"sim":                    {"sim", "device", "display", "vipps", "money"},
	"sim/badnet":             {},                                                                 // carries bytes, knows nobody
	"sim/clock":              {},                                                                 // builds programs, knows none
	"sim/kill":               {"sim", "display", "outbox", "vipps", "terminal", "trip", "money"}, // reads what the daemon has left on its disk
	"cmd":                    {"terminal", "fleet", "sim", "device", "display", "outbox", "vipps", "config", "trip", "money"},
	"device/meter/metertest": {"device", "money"}, // a kit for tests: drivers on real lines
}

func TestImportsFlowOneWay(t *testing.T) {
	for file, imports := range sources(t) {
		folder := filepath.Dir(file)
		part := owner(folder)
		require.NotEmpty(t, part, "%s: no rule for this folder; does it need to exist?", folder)
		for _, imp := range imports {
			ours, ok := strings.CutPrefix(imp, module)
			if !ok {
				continue
			}
			require.True(t, slices.ContainsFunc(mayImport[part], func(allowed string) bool {
				return ours == allowed || strings.HasPrefix(ours, allowed+"/")
			}), "%s imports %s; %s may import %v", file, ours, part, mayImport[part])
		}
	}
}

// owner is the most specific part that a folder belongs to.
func owner(folder string) string {
	for ; folder != "."; folder = filepath.Dir(folder) {
		if _, ok := mayImport[folder]; ok {
			return folder
		}
	}
	return ""
}

// sources are all files but tests, with their imports.
func sources(t *testing.T) map[string][]string {
	files := map[string][]string{}
	walk(t, func(path string) {
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		require.NoError(t, err)
		files[path] = []string{}
		for _, imp := range f.Imports {
			files[path] = append(files[path], strings.Trim(imp.Path.Value, `"`))
		}
	})
	require.Greater(t, len(files), 100)
	return files
}

func walk(t *testing.T, f func(path string)) {
	require.NoError(t, filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "bench" || d.Name() == "bin"):
			return filepath.SkipDir
		case !d.IsDir():
			f(path)
		}
		return nil
	}))
}

func TestTheDaemonIsBuiltOfNothingThatItMustNotHave(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "./cmd/taxiterm").CombinedOutput()
	require.NoError(t, err, string(out))
	deps := strings.Fields(string(out))
	for _, banned := range []string{
		"testing", "taxiterminal/vipps/vippstest", "taxiterminal/outbox/disktest", "github.com/hanwen/go-fuse/v2/fuse", "taxiterminal/device/meter/metertest", "taxiterminal/device/serialport/ptycable",
		"taxiterminal/sim", "taxiterminal/fleet", "github.com/nats-io/nats-server/v2/server", "github.com/creack/pty", "github.com/stretchr/testify/require", "pgregory.net/rapid",
		"html/template", // see TestTheLinkerMayLeaveOutWhatTheDaemonDoesNotCall
	} {
		require.NotContains(t, deps, banned)
	}
	for file, imports := range sources(t) {
		if strings.HasPrefix(file, "sim/") {
			continue // starts the daemon as a process
		}
		require.NotContains(t, imports, "os/exec", "%s: a terminal starts no other programs", file)
	}
}

// TestTheLinkerMayLeaveOutWhatTheDaemonDoesNotCall: one call that finds a method by its name
// makes the linker keep all of them, in every package, which is a sixth of the program
// (docs/decisions/pages.md). It marks the functions that do it.
func TestTheLinkerMayLeaveOutWhatTheDaemonDoesNotCall(t *testing.T) {
	out, err := exec.Command("go", "build", "-o", os.DevNull, "-ldflags", "-dumpdep", "./cmd/taxiterm").CombinedOutput()
	require.NoError(t, err, string(out))
	calls := strings.Split(string(out), "\n")
	require.Greater(t, len(calls), 10_000, "who calls whom")
	for _, call := range calls {
		require.NotContains(t, call, "<ReflectMethod>")
	}
}

func TestTestsDoNotSleepOutsideVirtualTime(t *testing.T) {
	sleep := regexp.MustCompile(`\btime\.Sleep\(`)
	walk(t, func(path string) {
		if !strings.HasSuffix(path, "_test.go") {
			return
		}
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		if sleep.Match(text) && path != "architecture_test.go" {
			require.Contains(t, string(text), "testing/synctest", "%s sleeps in real time", path)
		}
	})
}

func TestFilesStaySmall(t *testing.T) {
	walk(t, func(path string) {
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return
		}
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		require.LessOrEqual(t, strings.Count(string(text), "\n"), 400, "%s: two ideas in one file?", path)
	})
}
