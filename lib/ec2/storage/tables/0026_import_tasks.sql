-- Imports of disks that were made elsewhere. An image remembers the entry of the catalogue it was imported by.

CREATE TABLE import_tasks (
  id                TEXT PRIMARY KEY,
  version           INTEGER NOT NULL,
  state             INTEGER NOT NULL,
  status_message    TEXT NOT NULL,
  progress          INTEGER NOT NULL,
  progressed        INTEGER NOT NULL,
  image_id          TEXT NOT NULL,
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
  ended             INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX import_tasks_by_token ON import_tasks (client_token) WHERE client_token <> '';
CREATE TRIGGER import_tasks_tags AFTER DELETE ON import_tasks BEGIN DELETE FROM tags WHERE resource_id = OLD.id; END;

ALTER TABLE images ADD COLUMN catalogue_name TEXT NOT NULL DEFAULT '';
ALTER TABLE images ADD COLUMN owner_alias TEXT NOT NULL DEFAULT '';
CREATE INDEX images_by_catalogue_name ON images (catalogue_name) WHERE catalogue_name <> '';
