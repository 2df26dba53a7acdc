package locale

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text string
		want phrase
	}{
		{"", phrase{""}},
		{"plain", phrase{"plain"}},
		{"{brand}", phrase{"", "brand", ""}},
		{"Trip {trip}: {amount}.", phrase{"Trip ", "trip", ": ", "amount", "."}},
		{"{open", nil},
		{"close}", nil},
		{"{}", nil},
		{"{two words}", nil},
		{"{a{b}}", nil},
	} {
		m, err := parse(tt.text)
		require.Equal(t, tt.want, m, tt.text)
		require.Equal(t, tt.want == nil, err != nil, tt.text)
	}
}

func TestNewCatalogueRefuses(t *testing.T) {
	t.Parallel()
	for name, tree := range map[string]map[string]any{
		"a number for a text":  {"state": map[string]any{"paid": int64(1)}},
		"a broken placeholder": {"state": map[string]any{"paid": "{"}},
		"a key in two spellings": {
			"a.b": "one", "a": map[string]any{"b": "two"},
		},
	} {
		_, err := newCatalogue("nb", tree)
		require.Error(t, err, name)
	}
	_, err := newCatalogue("not a tag", nil)
	require.Error(t, err)
}
