package printer_test

import (
	"encoding/binary"

	"github.com/stretchr/testify/require"
)

// sheet is what a printer makes of a job: lines as it would print them, and a
// picture. It knows only the commands that a job may hold.
type sheet struct {
	lines   []printed
	now     printed
	picture [][]bool
	table   byte
	cut     bool
	fed     bool
}

type printed struct {
	text               string // bytes of the code page
	bold, big, centred bool
}

// decode reads a job by the length of its commands; one that it does not know fails.
func decode(t require.TestingT, job []byte) *sheet {
	s := &sheet{}
	require.Equal(t, "\x1b@", string(job[:2]), "a job starts from nothing")
	job = job[2:]
	for len(job) > 0 {
		switch b := job[0]; {
		case b == 0x1b, b == 0x1c, b == 0x1d:
			require.GreaterOrEqual(t, len(job), 2)
			job = job[s.command(t, job):]
			continue
		case b == '\n':
			s.lines = append(s.lines, s.now)
			s.now.text = ""
		default:
			require.GreaterOrEqual(t, b, byte(' '), "a control character: %#x", b)
			require.NotEqual(t, byte(0x7f), b)
			s.now.text += string([]byte{b})
		}
		job = job[1:]
	}
	require.Empty(t, s.now, "all is printed and set back")
	return s
}

// command obeys one command and gives its length.
func (s *sheet) command(t require.TestingT, job []byte) int {
	switch string(job[:2]) {
	case "\x1c.":
		return 2
	case "\x1bR":
		require.Zero(t, job[2])
	case "\x1bt":
		s.table = job[2]
	case "\x1ba":
		s.now.centred = job[2] == 1
	case "\x1bE":
		s.now.bold = job[2] == 1
	case "\x1d!":
		s.now.big = job[2] == 0x11
	case "\x1bd":
		s.fed = true
	case "\x1dV":
		require.Equal(t, "\x42\x00", string(job[2:4]))
		s.cut = true
		return 4
	case "\x1dv":
		require.Equal(t, "0\x00", string(job[2:4]))
		return s.raster(t, job)
	default:
		require.Failf(t, "unknown command", "%x", job[:2])
	}
	return 3
}

func (s *sheet) raster(t require.TestingT, job []byte) int {
	width, rows := int(binary.LittleEndian.Uint16(job[4:])), int(binary.LittleEndian.Uint16(job[6:]))
	require.True(t, s.now.centred, "a code stands in the middle")
	data := job[8:][:width*rows]
	for y := range rows {
		row := make([]bool, width*8)
		for x := range row {
			row[x] = data[y*width+x/8]&(0x80>>(x%8)) != 0
		}
		s.picture = append(s.picture, row)
	}
	return 8 + width*rows
}
