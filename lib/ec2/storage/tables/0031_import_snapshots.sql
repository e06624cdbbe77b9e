-- Imports of snapshots beside those of images: a task makes the one or the other.
CREATE TABLE import_tasks_anew (
  id                TEXT PRIMARY KEY,
  version           INTEGER NOT NULL,
  state             INTEGER NOT NULL,
  status_message    TEXT NOT NULL,
  progress          INTEGER NOT NULL,
  progressed        INTEGER NOT NULL,
  image_id          TEXT,           -- that it makes; NULL: it makes a snapshot
  snapshot_id       TEXT,           -- that it makes; NULL: it makes an image
  image_name        TEXT NOT NULL,
  catalogue_name    TEXT NOT NULL,
  url               TEXT NOT NULL,
  format            TEXT NOT NULL,
  size_bytes        INTEGER NOT NULL,
  description       TEXT NOT NULL,
  disk_description  TEXT NOT NULL,
  device_name       TEXT NOT NULL,
  license_type      TEXT NOT NULL,
  platform          TEXT NOT NULL,
  boot_mode         INTEGER,
  client_token      TEXT NOT NULL,
  parameters_digest TEXT NOT NULL,
  created           INTEGER NOT NULL,
  ended             INTEGER NOT NULL,
  CHECK ((image_id IS NULL) <> (snapshot_id IS NULL))
) STRICT;
INSERT INTO import_tasks_anew
  SELECT id, version, state, status_message, progress, progressed, image_id, NULL, image_name, catalogue_name, url, format,
         size_bytes, description, disk_description, device_name, license_type, platform, boot_mode, client_token,
         parameters_digest, created, ended
  FROM import_tasks;
DROP TABLE import_tasks;
ALTER TABLE import_tasks_anew RENAME TO import_tasks;
-- The tokens of the two calls are apart.
CREATE UNIQUE INDEX import_tasks_by_token ON import_tasks (client_token, (snapshot_id IS NULL)) WHERE client_token <> '';
CREATE TRIGGER import_tasks_tags AFTER DELETE ON import_tasks BEGIN DELETE FROM tags WHERE resource_id = OLD.id; END;
