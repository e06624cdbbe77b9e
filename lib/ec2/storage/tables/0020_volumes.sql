-- Snapshots, and volumes that stand for themselves. What a volume lies over is a layer: an image's or a snapshot's, by
-- its id. The top of a volume has a file name, and its attachment has a state of its own.
CREATE TABLE snapshots (
  seq           INTEGER PRIMARY KEY,
  id            TEXT NOT NULL UNIQUE,
  volume_id     TEXT,              -- as shown; the volume may be gone. NULL: made of none
  description   TEXT NOT NULL,
  state         INTEGER NOT NULL CHECK (state BETWEEN 0 AND 3),  -- pending completed error deleted (a layer still)
  state_message TEXT NOT NULL,
  started       INTEGER NOT NULL,
  size_gib      INTEGER NOT NULL,
  encrypted     INTEGER NOT NULL,
  layer_id      TEXT NOT NULL,     -- whose files it has: its own id, or that of what it is a copy of
  below         TEXT NOT NULL,     -- the layer under its own; empty: none
  depth         INTEGER NOT NULL,  -- layers from its own to the lowest
  restorable_by TEXT NOT NULL DEFAULT '[]',  -- accounts, and "all"
  at_rest       INTEGER NOT NULL,  -- 1: the guest is powered off for it, and started again
  version       INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX snapshots_by_volume ON snapshots (volume_id);
CREATE INDEX snapshots_by_layer ON snapshots (layer_id);
CREATE INDEX snapshots_by_below ON snapshots (below) WHERE below <> '';
CREATE INDEX snapshots_in_work ON snapshots (state) WHERE state IN (0, 3);
CREATE TRIGGER snapshots_tags AFTER DELETE ON snapshots BEGIN DELETE FROM tags WHERE resource_id = OLD.id; END;

CREATE TABLE volumes_anew (
  seq                   INTEGER PRIMARY KEY,
  id                    TEXT NOT NULL UNIQUE,
  snapshot_id           TEXT,           -- as shown; NULL: made without one
  layer_id              TEXT NOT NULL,  -- the image or the snapshot whose layer lies under its top; empty: none
  disk_file             TEXT NOT NULL,  -- of its top, in the volume's directory
  size_gib              INTEGER NOT NULL,
  type                  TEXT NOT NULL,
  iops                  INTEGER,
  throughput            INTEGER,
  encrypted             INTEGER NOT NULL,
  state                 INTEGER NOT NULL CHECK (state BETWEEN 0 AND 4),  -- creating in-use available deleting error
  availability_zone     TEXT NOT NULL,
  created               INTEGER NOT NULL,
  instance_id           TEXT REFERENCES instances (id),
  device_name           TEXT NOT NULL,
  attachment_state      INTEGER NOT NULL CHECK (attachment_state BETWEEN 0 AND 3),  -- attaching attached detaching busy
  attach_time           INTEGER NOT NULL,
  delete_on_termination INTEGER NOT NULL,
  version               INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO volumes_anew
  SELECT seq, id, 'snap' || substr(image_id, 4),
         coalesce((SELECT images.id FROM images WHERE images.id = image_id AND images.disk_file <> ''), ''),
         'disk.qcow2', size_gib, type, iops, throughput, 0, state, availability_zone, created, instance_id, device_name,
         CASE WHEN state = 0 THEN 0 WHEN state = 3 THEN 2 ELSE 1 END, attach_time, delete_on_termination, version
  FROM volumes;
DROP TABLE volumes;
ALTER TABLE volumes_anew RENAME TO volumes;
CREATE INDEX volumes_by_layer ON volumes (layer_id) WHERE layer_id <> '';
CREATE INDEX volumes_by_instance ON volumes (instance_id) WHERE instance_id IS NOT NULL;
CREATE TRIGGER volumes_tags AFTER DELETE ON volumes BEGIN DELETE FROM tags WHERE resource_id = OLD.id; END;

-- A layer is there before what lies over it, and does not go from under it. Layers are of two tables, so that no foreign
-- key can say this.
CREATE TRIGGER volumes_over_layers BEFORE INSERT ON volumes
  WHEN NEW.layer_id <> '' AND NOT EXISTS (SELECT 1 FROM images WHERE id = NEW.layer_id)
    AND NOT EXISTS (SELECT 1 FROM snapshots WHERE id = NEW.layer_id)
  BEGIN SELECT RAISE(ABORT, 'the layer under the volume is not there'); END;
CREATE TRIGGER images_under_disks BEFORE DELETE ON images
  WHEN EXISTS (SELECT 1 FROM volumes WHERE layer_id = OLD.id AND layer_id <> '')
    OR EXISTS (SELECT 1 FROM snapshots WHERE below = OLD.id AND below <> '')
    OR EXISTS (SELECT 1 FROM snapshots WHERE layer_id = OLD.id)
  BEGIN SELECT RAISE(ABORT, 'a disk lies over the image'); END;
CREATE TRIGGER snapshots_under_disks BEFORE DELETE ON snapshots
  WHEN EXISTS (SELECT 1 FROM volumes WHERE layer_id = OLD.id AND layer_id <> '')
    OR EXISTS (SELECT 1 FROM snapshots WHERE below = OLD.id AND below <> '')
    OR EXISTS (SELECT 1 FROM snapshots WHERE layer_id = OLD.id AND id <> OLD.id)
  BEGIN SELECT RAISE(ABORT, 'a disk lies over the snapshot'); END;
