-- Images that are disabled, protected from deregistration, or have metadata of version 2 alone; when each was last launched.
-- The state's bound is part of its column, so the column is made anew.
DROP INDEX images_by_name;
ALTER TABLE images RENAME COLUMN state TO former_state;
ALTER TABLE images ADD COLUMN state INTEGER NOT NULL DEFAULT 0
  CHECK (state BETWEEN 0 AND 4);  -- pending available failed deregistered disabled
UPDATE images SET state = former_state;
ALTER TABLE images DROP COLUMN former_state;
CREATE UNIQUE INDEX images_by_name ON images (name) WHERE state <> 3;
ALTER TABLE images ADD COLUMN protection INTEGER NOT NULL DEFAULT 0
  CHECK (protection BETWEEN 0 AND 2);  -- from deregistration: disabled enabled enabled-with-cooldown
ALTER TABLE images ADD COLUMN protected_until INTEGER;  -- after it was disabled; NULL: not any more
ALTER TABLE images ADD COLUMN imds_v2 INTEGER NOT NULL DEFAULT 0;
ALTER TABLE images ADD COLUMN last_launched INTEGER;    -- NULL: never
-- The line of disks of the root snapshot that its import makes; empty: it is not encrypted.
ALTER TABLE images ADD COLUMN import_key_id TEXT NOT NULL DEFAULT '';
ALTER TABLE import_tasks ADD COLUMN data_key_id TEXT NOT NULL DEFAULT '';  -- the same of what a task makes
ALTER TABLE recycle_bin ADD COLUMN disabled INTEGER NOT NULL DEFAULT 0;  -- 1: an image that was disabled

-- Images that are written to files outside of the state directory.
CREATE TABLE export_tasks (
  id                TEXT PRIMARY KEY,
  version           INTEGER NOT NULL,
  state             INTEGER NOT NULL CHECK (state BETWEEN 0 AND 3),  -- active completed deleting deleted
  status_message    TEXT NOT NULL,
  progress          INTEGER NOT NULL,
  progressed        INTEGER NOT NULL,
  image_id          TEXT NOT NULL,
  format            TEXT NOT NULL,  -- empty: all of the image is stored
  bucket            TEXT NOT NULL,
  prefix            TEXT NOT NULL,
  object_key        TEXT NOT NULL,
  description       TEXT NOT NULL,
  client_token      TEXT NOT NULL,
  parameters_digest TEXT NOT NULL,
  created           INTEGER NOT NULL,
  ended             INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX export_tasks_by_token ON export_tasks (client_token) WHERE client_token <> '';
-- Two tasks do not write one file.
CREATE UNIQUE INDEX export_tasks_by_file ON export_tasks (bucket, object_key) WHERE state IN (0, 2);
CREATE TRIGGER export_tasks_tags AFTER DELETE ON export_tasks BEGIN DELETE FROM tags WHERE resource_id = OLD.id; END;

-- Locks of snapshots, those that have expired included.
CREATE TABLE snapshot_locks (
  id               TEXT PRIMARY KEY,  -- the snapshot's
  mode             INTEGER NOT NULL CHECK (mode BETWEEN 0 AND 1),  -- governance compliance
  created          INTEGER NOT NULL,
  duration_days    INTEGER NOT NULL,
  expires          INTEGER NOT NULL,
  cool_off_hours   INTEGER NOT NULL,
  cool_off_expires INTEGER            -- NULL: none
) STRICT;
CREATE TRIGGER snapshots_locks AFTER DELETE ON snapshots BEGIN DELETE FROM snapshot_locks WHERE id = OLD.id; END;
