package capture

// The control characters that matter to a receipt printer.
const (
	nul = 0x00
	stx = 0x02
	etx = 0x03
	ht  = 0x09
	lf  = 0x0A
	ff  = 0x0C
	cr  = 0x0D
	dle = 0x10
	can = 0x18
	esc = 0x1B
	fs  = 0x1C
	gs  = 0x1D
	del = 0x7F
)

// headMax is how many bytes of a command must be seen before its length is known.
const headMax = 8

// longest is more than any command of a receipt printer takes. A length beyond it is
// noise, and must not swallow the receipt that follows.
const longest = 1 << 20

// extent is what the first bytes of a command say about its length.
type extent uint8

const (
	unknown   extent = iota // no such command
	needMore                // cannot be told yet
	exact                   // n bytes in all
	toNUL                   // up to and including the next NUL
	character               // ESC &: characters follow, each with a width of its own
)

// length tells how long the command is that head begins with. The table is the
// Epson ESC/POS command set; what other makers add must be tried on the printer.
func length(head []byte) (n int, e extent) {
	if len(head) < 2 {
		return 0, needMore
	}
	switch head[0] {
	case esc:
		n, e = escLength(head)
	case gs:
		n, e = gsLength(head)
	case fs:
		n, e = fsLength(head)
	default:
		n, e = dleLength(head)
	}
	if n > longest {
		return 0, unknown
	}
	return n, e
}

// fixed are the commands whose length their second byte tells.
var fixed = map[byte]*[256]uint8{
	esc: lengths(map[int]string{2: "@2LSimv<\x0C", 3: " !-3=?%EGJKMRTVadertu{", 4: "$\\c", 5: "p", 10: "W"}),
	gs:  lengths(map[int]string{2: ":", 3: "!/BHITabfhrw", 4: "$LPW\\", 5: "^z", 6: "g"}),
	fs:  lengths(map[int]string{2: "&.", 3: "!-CW", 4: "S"}),
}

func lengths(byLength map[int]string) *[256]uint8 {
	var t [256]uint8
	for n, commands := range byLength {
		for _, c := range []byte(commands) {
			t[c] = uint8(n)
		}
	}
	return &t
}

func byFixed(head []byte) (int, extent) {
	if n := fixed[head[0]][head[1]]; n > 0 {
		return int(n), exact
	}
	return 0, unknown
}

func escLength(head []byte) (int, extent) {
	switch head[1] {
	case 'D':
		return 0, toNUL
	case '&':
		if len(head) < 5 {
			return 0, needMore
		}
		return 5, character
	case '*':
		if len(head) < 5 {
			return 0, needMore
		}
		dots := 1
		if head[2] == 32 || head[2] == 33 {
			dots = 3
		}
		return 5 + dots*little(head[3:5]), exact
	}
	return byFixed(head)
}

func gsLength(head []byte) (int, extent) {
	need := map[byte]int{'V': 3, '(': 5, '8': 7, '*': 4, 'v': 8, 'k': 4}[head[1]]
	if len(head) < need {
		if head[1] == 'k' && len(head) == 3 && head[2] <= 6 {
			return 0, toNUL
		}
		return 0, needMore
	}
	switch head[1] {
	case 'V':
		if m := head[2]; m == 0 || m == 1 || m == 48 || m == 49 {
			return 3, exact
		}
		return 4, exact
	case '(':
		return 5 + little(head[3:5]), exact
	case '8':
		return 7 + little(head[3:7]), exact
	case '*':
		return 4 + 8*int(head[2])*int(head[3]), exact
	case 'v':
		return 8 + little(head[4:6])*little(head[6:8]), exact
	case 'k':
		if head[2] < 65 || head[2] > 79 {
			return 0, unknown
		}
		return 4 + int(head[3]), exact
	}
	return byFixed(head)
}

func fsLength(head []byte) (int, extent) {
	if head[1] != '(' {
		return byFixed(head)
	}
	if len(head) < 5 {
		return 0, needMore
	}
	return 5 + little(head[3:5]), exact
}

func dleLength(head []byte) (int, extent) {
	if len(head) < 3 {
		if head[1] == 0x04 || head[1] == 0x05 || head[1] == 0x14 {
			return 0, needMore
		}
		return 0, unknown
	}
	switch n := head[2]; {
	case head[1] == 0x04 && (n == 7 || n == 8 || n == 18):
		return 4, exact
	case head[1] == 0x14 && n == 8:
		return 10, exact
	case head[1] == 0x14:
		return 5, exact
	}
	return 3, exact
}

// little reads an unsigned number, low byte first.
func little(p []byte) (n int) {
	for i, b := range p {
		n |= int(b) << (8 * i)
	}
	return n
}
