package link

import (
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/nats-io/nkeys"
)

// Stream holds the journals of all cars.
const Stream = "JOURNALS"

// Queue is the group in which gateways share the requests of all cars.
const Queue = "gateway"

// Subjects of all cars, for the gateway and its stream.
const (
	AllPay      = "car.*.pay"
	AllHello    = "car.*.hello"
	AllJournals = "car.*.journal"
)

// PaySubject and its siblings are the subjects of one terminal.
func PaySubject(terminal string) string     { return "car." + terminal + ".pay" }
func HelloSubject(terminal string) string   { return "car." + terminal + ".hello" }
func JournalSubject(terminal string) string { return "car." + terminal + ".journal" }
func HintSubject(terminal string) string    { return "car." + terminal + ".hint" }

// InboxPrefix is where answers to a terminal go, without the dot.
func InboxPrefix(terminal string) string { return "_INBOX_" + terminal }

// ValidTerminal reports whether a text is the public key of a terminal, an nkey that
// begins with U.
func ValidTerminal(s string) bool { return nkeys.IsValidPublicUserKey(s) }

// TerminalOf is whose subject it is. Only that terminal can have published to it.
func TerminalOf(subject string) (string, error) {
	parts := strings.Split(subject, ".")
	if len(parts) != 3 || parts[0] != "car" || !ValidTerminal(parts[1]) {
		return "", fmt.Errorf("subject %.100q: not a terminal's", subject)
	}
	return parts[1], nil
}

// RowID is the Nats-Msg-Id of a row, by which the stream drops a row that is sent
// again. The hash is in it because the stream compares over all cars: nobody can
// make another car's row look like one that is there already, without having it, and
// two rows that claim the same place are both kept.
func RowID(r Row) string {
	return fmt.Sprintf("%s-%d-%s", r.File, r.Seq, hex.EncodeToString(r.Hash[:min(len(r.Hash), 16)]))
}
