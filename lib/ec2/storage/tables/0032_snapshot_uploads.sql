-- Snapshots that clients put together block by block.
CREATE TABLE snapshot_uploads (
  id                TEXT PRIMARY KEY,  -- the snapshot's
  version           INTEGER NOT NULL,
  state             INTEGER NOT NULL CHECK (state BETWEEN 0 AND 2),  -- open sealed ended
  parent_id         TEXT,              -- as given; NULL: none
  timeout           INTEGER NOT NULL,
  client_token      TEXT NOT NULL,
  parameters_digest TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX snapshot_uploads_by_token ON snapshot_uploads (client_token) WHERE client_token <> '';
CREATE TRIGGER snapshots_uploads AFTER DELETE ON snapshots BEGIN DELETE FROM snapshot_uploads WHERE id = OLD.id; END;
