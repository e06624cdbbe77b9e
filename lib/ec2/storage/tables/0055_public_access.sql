-- What keeps images and snapshots from being made everybody's. A kind without a row is not kept from it.
CREATE TABLE public_access_blocks (
  kind  INTEGER NOT NULL UNIQUE CHECK (kind BETWEEN 0 AND 1),  -- images snapshots
  block INTEGER NOT NULL CHECK (block BETWEEN 0 AND 2)         -- unblocked block-new-sharing block-all-sharing
) STRICT;

-- Fast snapshot restores that are enabled.
CREATE TABLE fast_snapshot_restores (
  snapshot_id       TEXT NOT NULL,
  availability_zone TEXT NOT NULL,
  enabled           INTEGER NOT NULL,
  PRIMARY KEY (snapshot_id, availability_zone)
) STRICT;
