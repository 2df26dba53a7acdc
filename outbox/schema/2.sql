-- Stream 0 is the file's own: what belongs to no other stream. It is never listed.
INSERT INTO stream (id, open) VALUES (0, 0);

-- Commands of one lane of a stream are carried out in order; lanes do not wait for
-- each other.
ALTER TABLE command ADD COLUMN lane TEXT NOT NULL DEFAULT '';

-- The body of a private command is sealed, and erased when the command ends.
ALTER TABLE command ADD COLUMN private INTEGER NOT NULL DEFAULT 0 CHECK (private IN (0, 1));

DROP TRIGGER command_is_written_once;
CREATE TRIGGER command_is_written_once BEFORE UPDATE OF stream, kind, key, body, lane, private ON command
WHEN NEW.stream <> OLD.stream OR NEW.kind <> OLD.kind OR NEW.key <> OLD.key OR NEW.lane <> OLD.lane OR NEW.private <> OLD.private
  OR NEW.body <> OLD.body AND NOT (OLD.private = 1 AND NEW.body = X'' AND NEW.state IN ('done', 'void'))
BEGIN SELECT RAISE(ABORT, 'a command is sent as it was written'); END;

-- What must be forgettable: sealed, chained to nothing, and really deleted.
CREATE TABLE private (
    id         INTEGER PRIMARY KEY AUTOINCREMENT, -- never used twice: the journal may name it
    kind       TEXT    NOT NULL CHECK (kind <> ''),
    body       BLOB    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX private_kind ON private (kind, id);
