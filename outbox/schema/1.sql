-- Names the file for ever: part of the references that leave the device, so that
-- a lost or replaced file never repeats one.
CREATE TABLE file (
    id         TEXT    NOT NULL CHECK (length(id) = 5),
    created_at INTEGER NOT NULL -- unix microseconds, as all times here
) STRICT;

CREATE TABLE stream (
    id   INTEGER PRIMARY KEY AUTOINCREMENT, -- never used twice
    open INTEGER NOT NULL DEFAULT 1 CHECK (open IN (0, 1))
) STRICT;
CREATE INDEX stream_open ON stream (id) WHERE open = 1;

CREATE TABLE journal (
    seq    INTEGER PRIMARY KEY,
    stream INTEGER NOT NULL REFERENCES stream (id),
    at     INTEGER NOT NULL,
    kind   TEXT    NOT NULL CHECK (kind <> ''),
    body   BLOB    NOT NULL,
    hash   BLOB    NOT NULL CHECK (length(hash) = 32)
) STRICT;
CREATE INDEX journal_stream ON journal (stream, seq);

CREATE TABLE command (
    id          INTEGER PRIMARY KEY,
    stream      INTEGER NOT NULL REFERENCES stream (id),
    kind        TEXT    NOT NULL CHECK (kind <> ''),
    key         TEXT    NOT NULL UNIQUE CHECK (key <> ''),
    body        BLOB    NOT NULL,
    state       TEXT    NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'parked', 'done', 'void')),
    note        TEXT    NOT NULL DEFAULT '',
    created_at  INTEGER NOT NULL,
    finished_at INTEGER CHECK ((finished_at IS NOT NULL) = (state IN ('done', 'void')))
) STRICT;
CREATE INDEX command_open ON command (id) WHERE state IN ('pending', 'parked');
CREATE INDEX command_stream ON command (stream, id);

-- What happened is not changed afterwards, and a command is sent as it was written.
CREATE TRIGGER journal_is_append_only BEFORE UPDATE ON journal
BEGIN SELECT RAISE(ABORT, 'journal rows are never changed'); END;
CREATE TRIGGER command_is_written_once BEFORE UPDATE OF stream, kind, key, body ON command
BEGIN SELECT RAISE(ABORT, 'a command is sent as it was written'); END;
CREATE TRIGGER command_ends_once BEFORE UPDATE ON command WHEN OLD.state IN ('done', 'void')
BEGIN SELECT RAISE(ABORT, 'a finished command stays finished'); END;
