package locale

import "time"

// Zone is the name of the time zone that t is in, with a space before it, when its time
// of day comes twice: in the hour that is put back in autumn. Else it is empty.
func Zone(t time.Time) string {
	const clock = "15:04"
	for _, d := range []time.Duration{-time.Hour, time.Hour} {
		if t.Add(d).Format(clock) == t.Format(clock) {
			return t.Format(" MST")
		}
	}
	return ""
}
