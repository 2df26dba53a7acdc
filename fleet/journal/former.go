package journal

import (
	"encoding/hex"
	"encoding/json"
	"fmt"

	"taxiterminal/outbox"
)

// goesOn: the first row that came of a journal is not its row 1, because the journal
// goes on from a row of another one. That is so
//
//   - when the car's file was put back from a backup: it has another name from then on,
//     and its first row says which row of the former journal it follows;
//   - when a terminal was enrolled anew on the same file: then the row follows from the
//     last one that the former terminal has sent, which its hash proves.
//
// The error is that nobody can say now.
func (b *books) goesOn(k *book, a arrival) (bool, error) {
	l := a.Entry()
	former, err := b.elsewhere(k.name)
	if err != nil {
		return false, err
	}
	if former != nil && former.end.Follow(l.Entry).Hash == l.Hash {
		k.from, k.base, k.end = former.name, former.end.Seq, former.end
		return true, nil
	}
	r, ok := restoredBy(k.file, l)
	if !ok {
		return false, nil
	}
	from := name{k.terminal, r.File}
	if former = b.all[from]; former == nil {
		if former, err = b.elsewhere(from); err != nil {
			return false, err
		}
	}
	if former != nil {
		if from = former.name; former.end.Seq == r.Seq && former.end.Hash != r.Hash {
			return false, nil // it says what is not so; the row waits in vain
		}
	}
	k.from, k.base, k.end = from, r.Seq, r.Chain
	return true, nil
}

// restored is where a journal says that it goes on from.
type restored struct {
	File string
	outbox.Chain
}

func restoredBy(file string, l outbox.Link) (r restored, ok bool) {
	var said outbox.Restored
	if l.Stream != 0 || l.Kind != outbox.KindRestored || json.Unmarshal(l.Body, &said) != nil {
		return r, false
	}
	hash, err := hex.DecodeString(said.Hash)
	if err != nil || len(hash) != len(r.Hash) || said.Seq != l.Seq-1 || said.Name != file || !validFile(said.File) || said.File == file {
		return r, false
	}
	r.File, r.Chain = said.File, outbox.Chain{Seq: said.Seq, Hash: [32]byte(hash)}
	return r, r.Follow(l.Entry).Hash == l.Hash
}

// elsewhere is the copy of a journal that another terminal of the same vehicle has
// sent, the longest of several; nil if there is none. A computer that was replaced has
// another terminal, and goes on with the file of the former one.
func (b *books) elsewhere(n name) (found *book, err error) {
	for other, k := range b.all {
		if other.file != n.file || other.terminal == n.terminal || k.broken || k.vehicle == "" || found != nil && k.end.Seq <= found.end.Seq {
			continue
		}
		bound, err := b.j.cfg.Bound(n.terminal, k.vehicle)
		if err != nil {
			return nil, fmt.Errorf("journal of whom: %w", err)
		}
		if bound {
			found = k
		}
	}
	return found, nil
}

// formerly finds a trip that began in a journal before this one. The error is that
// nobody can say now.
func (b *books) formerly(k *book, stream int64) (*record, error) {
	for from, ok := b.all[k.from]; ok; from, ok = b.all[from.from] {
		t := from.trips[stream]
		if t == nil {
			continue
		}
		bound, err := b.j.cfg.Bound(k.terminal, t.Vehicle)
		if err != nil {
			return nil, fmt.Errorf("journal of whom: %w", err)
		}
		if !bound {
			return nil, nil
		}
		return t, nil
	}
	return nil, nil
}
