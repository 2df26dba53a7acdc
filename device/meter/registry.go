package meter

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
)

// Factory makes a driver from the keys of the [meter] table that belong to it,
// as the TOML decoder gives them; driver, port and line are taken out before. It
// reports everything that is wrong with the table at once (see config/table) and touches
// no hardware.
type Factory func(table map[string]any, log *slog.Logger) (Driver, error)

// ErrUnknownDriver means that no driver of that name is in the program.
var ErrUnknownDriver = errors.New("unknown meter driver")

var registry = struct {
	sync.RWMutex
	factories map[string]Factory
}{factories: map[string]Factory{}}

// Register makes a driver known by the name that the configuration uses. It is
// called from the driver's init and panics when the name is taken.
func Register(name string, f Factory) {
	registry.Lock()
	defer registry.Unlock()
	if _, taken := registry.factories[name]; taken {
		panic("meter: driver registered twice: " + name)
	}
	registry.factories[name] = f
}

// Types are the names of all drivers, sorted.
func Types() []string {
	registry.RLock()
	defer registry.RUnlock()
	return slices.Sorted(maps.Keys(registry.factories))
}

// New makes the driver of that name. The error is ErrUnknownDriver, or what is
// wrong with the table: a *table.Error.
func New(name string, table map[string]any, log *slog.Logger) (Driver, error) {
	registry.RLock()
	f := registry.factories[name]
	registry.RUnlock()
	if f == nil {
		return nil, fmt.Errorf("%w %q: this program has %s", ErrUnknownDriver, name, strings.Join(Types(), ", "))
	}
	return f(table, log)
}
