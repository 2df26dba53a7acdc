package capture

import (
	"embed"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"taxiterminal/config/table"
)

// The profiles are files that a technician can read: the keys of the [meter] table
// without the table's name, and beside each what such a receipt looks like, from
// which the simulator prints.
//
//go:embed profiles
var profileFiles embed.FS

const profileKey = "profile"

// Profiles are the names of the ready profiles, sorted.
func Profiles() (names []string) {
	files, _ := profileFiles.ReadDir("profiles") // embedded: cannot fail
	for _, f := range files {
		if name, ok := strings.CutSuffix(f.Name(), ".toml"); ok {
			names = append(names, name)
		}
	}
	return names
}

// profile gives a profile's keys.
func profile(name string) map[string]any {
	text, err := profileFiles.ReadFile("profiles/" + name + ".toml")
	if err != nil {
		panic(fmt.Sprintf("capture: profile %s: %v", name, err)) // names come from Profiles
	}
	raw := map[string]any{}
	if err := toml.Unmarshal(text, &raw); err != nil {
		panic(fmt.Sprintf("capture: profile %s: %v", name, err)) // a test reads them all
	}
	return raw
}

// withProfile lays the keys of raw over those of the profile that it names. Tables
// are merged key by key; fields and everything else are replaced whole.
func withProfile(raw map[string]any) (map[string]any, error) {
	named, there := raw[profileKey]
	if !there {
		return raw, nil
	}
	name, _ := named.(string)
	if !slices.Contains(Profiles(), name) {
		t := table.New(map[string]any{profileKey: named})
		t.Choice(profileKey, "", Profiles()...)
		return nil, t.Err()
	}
	merged := profile(name)
	for key, own := range raw {
		ownTable, ok := own.(map[string]any)
		base, has := merged[key].(map[string]any)
		if ok && has {
			base = maps.Clone(base)
			maps.Copy(base, ownTable)
			merged[key] = base
			continue
		}
		merged[key] = own
	}
	return merged, nil
}
