-- The latest modification of each volume that had one.
CREATE TABLE volume_modifications (
  seq                 INTEGER PRIMARY KEY,
  volume_id           TEXT NOT NULL UNIQUE,
  state               INTEGER NOT NULL CHECK (state BETWEEN 0 AND 3),  -- modifying optimizing completed failed
  status_message      TEXT NOT NULL,
  target_size_gib     INTEGER NOT NULL,
  target_type         TEXT NOT NULL,
  target_iops         INTEGER,
  target_throughput   INTEGER,
  original_size_gib   INTEGER NOT NULL,
  original_type       TEXT NOT NULL,
  original_iops       INTEGER,
  original_throughput INTEGER,
  started             INTEGER NOT NULL,
  ended               INTEGER,
  version             INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX volume_modifications_in_work ON volume_modifications (state) WHERE state IN (0, 1);
CREATE TRIGGER volumes_modifications AFTER DELETE ON volumes
  BEGIN DELETE FROM volume_modifications WHERE volume_id = OLD.id; END;
