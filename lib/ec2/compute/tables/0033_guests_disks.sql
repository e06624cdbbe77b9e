-- What is done to the disks and the memory of guests.

-- Tasks that replace the root volume of an instance. They go with the instance.
CREATE TABLE root_replacements (
  seq               INTEGER PRIMARY KEY,
  id                TEXT NOT NULL UNIQUE,
  version           INTEGER NOT NULL,
  instance_id       TEXT NOT NULL,
  state             INTEGER NOT NULL CHECK (state BETWEEN 0 AND 5),  -- pending in-progress failing succeeded failed failed-detached
  state_since       INTEGER NOT NULL,
  started           INTEGER NOT NULL,
  completed         INTEGER,           -- NULL: not yet
  snapshot_id       TEXT,              -- as given; NULL: none
  image_id          TEXT,              -- as given; NULL: none
  delete_replaced   INTEGER NOT NULL,
  volume_id         TEXT NOT NULL,     -- the new root
  replaced_id       TEXT NOT NULL,     -- the old one
  replaced_image_id TEXT NOT NULL,     -- the instance's image before
  client_token      TEXT NOT NULL,
  parameters_digest TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX root_replacements_by_token ON root_replacements (client_token) WHERE client_token <> '';
CREATE INDEX root_replacements_by_instance ON root_replacements (instance_id);
CREATE UNIQUE INDEX root_replacements_in_work ON root_replacements (instance_id) WHERE state IN (0, 1, 2);
CREATE TRIGGER root_replacements_of_instance AFTER DELETE ON instances
  BEGIN DELETE FROM root_replacements WHERE instance_id = OLD.id; END;
CREATE TRIGGER root_replacements_tags AFTER DELETE ON root_replacements
  BEGIN DELETE FROM tags WHERE resource_id = OLD.id; END;

-- What an instance keeps of its memory: 0 nothing ever, 1 nothing now, 2 it is being saved, 3 it is saved.
ALTER TABLE instances ADD COLUMN hibernation INTEGER NOT NULL DEFAULT 0 CHECK (hibernation BETWEEN 0 AND 3);
