package gwp5043

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestFollows(t *testing.T) {
	t.Parallel()
	now := time.Now()
	first := &Live{Head{1000, "7"}, 50, 500, 100, 20, 60}
	closed := &Record{Head: first.Head}
	for name, c := range map[string]struct {
		then   Message
		passed time.Duration
		want   bool
	}{
		"a second later":     {&Live{Head{1001, "7"}, 0, 510, 101, 20, 60}, time.Second, true},
		"the same again":     {first, 0, true},
		"a minute later":     {&Live{Head{1060, "7"}, 0, 1500, 160, 20, 72}, time.Minute, true},
		"a day later":        {&Record{Head: Head{1000 + 86400 + 80, "7"}}, 24 * time.Hour, true},
		"another position":   {closed, 0, true},
		"another meter":      {&Live{Head{1001, "8"}, 0, 510, 101, 20, 60}, time.Second, false},
		"clock ahead":        {&Record{Head: Head{1004, "7"}}, time.Second, false},
		"clock behind":       {&Record{Head: Head{1000, "7"}}, 3 * time.Second, false},
		"clock of yesterday": {&Record{Head: Head{1000 + 86400 + 90, "7"}}, 24 * time.Hour, false},
		"travel ahead":       {&Live{Head{1001, "7"}, 0, 510, 104, 20, 60}, time.Second, false},
		"travel backwards":   {&Live{Head{1001, "7"}, 0, 510, 99, 20, 60}, time.Second, false},
		"wait ahead":         {&Live{Head{1001, "7"}, 0, 510, 101, 24, 60}, time.Second, false},
		"wait backwards":     {&Live{Head{1001, "7"}, 0, 510, 101, 19, 60}, time.Second, false},
		"metres backwards":   {&Live{Head{1001, "7"}, 0, 499, 101, 20, 60}, time.Second, false},
		"metres too many":    {&Live{Head{1001, "7"}, 0, 801, 101, 20, 60}, time.Second, false},
		"fare backwards":     {&Live{Head{1001, "7"}, 0, 510, 101, 20, 59}, time.Second, false},
	} {
		require.Equal(t, c.want, follows(sighting{first, now}, sighting{c.then, now.Add(c.passed)}), name)
	}
	require.False(t, follows(sighting{}, sighting{first, now}))
	// Travel time starts again after 18 hours.
	before, after := *first, *first
	before.Travel, after.Travel, after.Now = 0xFFFF, 0, 1001
	require.True(t, follows(sighting{&before, now}, sighting{&after, now.Add(time.Second)}))
}
