-- What the file is called. A file that was put back from a backup gets another name,
-- so that what it makes from then on never repeats what its lost successor has made.
-- file.id stays what it was born as: private values are sealed under it.
CREATE TABLE name (
    after  INTEGER PRIMARY KEY,            -- holds for the journal rows after this one
    stream INTEGER NOT NULL,               -- and was given when this was the newest stream
    id     TEXT    NOT NULL UNIQUE CHECK (length(id) = 5)
) STRICT;
INSERT INTO name (after, stream, id) SELECT 0, 0, id FROM file;

-- Rows that were taken out of the journal, in runs that do not touch each other. The
-- hash is that of the last row of the run: what comes next follows from it.
CREATE TABLE pruned (
    first INTEGER PRIMARY KEY,
    last  INTEGER NOT NULL CHECK (last >= first),
    hash  BLOB    NOT NULL CHECK (length(hash) = 32)
) STRICT;

-- A time of day that was known to be right when the journal ended at seq.
CREATE TABLE mark (
    seq INTEGER PRIMARY KEY,
    at  INTEGER NOT NULL
) STRICT;

-- Nothing goes by accident: journal rows only once their run is on record, commands
-- only when they are over and their stream's journal has gone, streams when closed.
CREATE TRIGGER journal_is_kept BEFORE DELETE ON journal
WHEN OLD.seq > coalesce((SELECT last FROM pruned WHERE first <= OLD.seq ORDER BY first DESC LIMIT 1), 0)
BEGIN SELECT RAISE(ABORT, 'journal rows are kept'); END;
CREATE TRIGGER command_is_kept BEFORE DELETE ON command
WHEN OLD.state NOT IN ('done', 'void') OR EXISTS (SELECT 1 FROM journal WHERE stream = OLD.stream)
BEGIN SELECT RAISE(ABORT, 'a command is kept as long as its stream'); END;
CREATE TRIGGER stream_is_kept BEFORE DELETE ON stream WHEN OLD.open = 1 OR OLD.id = 0
BEGIN SELECT RAISE(ABORT, 'an open stream is kept'); END;
