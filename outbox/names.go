package outbox

import (
	"context"
	"database/sql"
	"fmt"
)

// Name is what the file was called for a part of its journal.
type Name struct {
	ID    string
	After int64 // its rows come after this one, up to the next name's After
}

// ID is the file's own name: five characters of Crockford's base 32, drawn at random
// when the file was made, and anew when it was put back from a backup.
func (s *Store) ID() string { return s.names[len(s.names)-1].ID }

// Names are all names that the file has had, oldest first; the last one is ID.
func (s *Store) Names() []Name { return s.names }

func (s *Store) loadNames(ctx context.Context, db *sql.DB) error {
	if err := db.QueryRowContext(ctx, "SELECT id FROM file").Scan(&s.born); err != nil {
		return fmt.Errorf("file id: %w", err)
	}
	rows, err := db.QueryContext(ctx, "SELECT id, after, stream FROM name ORDER BY after")
	if err != nil {
		return fmt.Errorf("file names: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var n Name
		if err := rows.Scan(&n.ID, &n.After, &s.inherited); err != nil {
			return fmt.Errorf("file names: %w", err)
		}
		s.names = append(s.names, n)
	}
	return rows.Err()
}

// doubtful: the stream was there when the file was put back from a backup, so that its
// lost successor may have carried out a command of it that is new here.
func (s *Store) doubtful(stream int64) bool { return stream > 0 && stream <= s.inherited }
