-- Encrypted volumes and snapshots: the line of disks whose key they have; empty where they are not encrypted.
ALTER TABLE volumes ADD COLUMN data_key_id TEXT NOT NULL DEFAULT '';
ALTER TABLE snapshots ADD COLUMN data_key_id TEXT NOT NULL DEFAULT '';
-- Whether new volumes and copies are encrypted that nobody asks to be. One row.
CREATE TABLE ebs_encryption (
  id         INTEGER PRIMARY KEY CHECK (id = 1),
  by_default INTEGER NOT NULL
) STRICT;
INSERT INTO ebs_encryption VALUES (1, 0);
