-- Every call of the API. Rows are never changed, and deleted only from the oldest on, below the floor of their kind.

CREATE TABLE events (
  seq           INTEGER PRIMARY KEY AUTOINCREMENT,
  time          INTEGER NOT NULL,
  request_id    TEXT NOT NULL,
  principal     TEXT NOT NULL,
  access_key_id TEXT NOT NULL,
  source        TEXT NOT NULL,
  user_agent    TEXT NOT NULL,
  action        TEXT NOT NULL,
  read_only     INTEGER NOT NULL,
  parameters    TEXT NOT NULL,
  outcome       TEXT NOT NULL,
  message       TEXT NOT NULL,
  duration_us   INTEGER NOT NULL
) STRICT;
CREATE INDEX events_by_kind ON events (read_only, seq);

CREATE TABLE event_resources (
  resource_id TEXT NOT NULL,
  event       INTEGER NOT NULL REFERENCES events (seq) ON DELETE CASCADE,
  PRIMARY KEY (resource_id, event)
) STRICT, WITHOUT ROWID;
CREATE INDEX event_resources_by_event ON event_resources (event);

CREATE TABLE event_floor (
  read_only INTEGER NOT NULL PRIMARY KEY CHECK (read_only IN (0, 1)),
  seq       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO event_floor VALUES (0, 0), (1, 0);

CREATE TRIGGER events_are_never_changed BEFORE UPDATE ON events BEGIN
  SELECT RAISE(ABORT, 'events are never changed');
END;
CREATE TRIGGER events_above_the_floor_stay BEFORE DELETE ON events
WHEN OLD.seq >= (SELECT seq FROM event_floor WHERE read_only = OLD.read_only) BEGIN
  SELECT RAISE(ABORT, 'events above the floor are never deleted');
END;
