-- Paths whose packets are explained, and what was said of them.
CREATE TABLE network_insights_paths (
  seq               INTEGER PRIMARY KEY,
  id                TEXT NOT NULL UNIQUE,
  source            TEXT NOT NULL,
  destination       TEXT NOT NULL,
  source_ip         INTEGER,
  destination_ip    INTEGER,
  protocol          INTEGER NOT NULL,
  port              INTEGER NOT NULL,
  created           INTEGER NOT NULL,
  client_token      TEXT NOT NULL,
  parameters_digest TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX network_insights_paths_token ON network_insights_paths (client_token) WHERE client_token <> '';
CREATE TRIGGER network_insights_paths_tags AFTER DELETE ON network_insights_paths
  BEGIN DELETE FROM tags WHERE resource_id = OLD.id; END;

CREATE TABLE network_insights_analyses (
  seq          INTEGER PRIMARY KEY,
  id           TEXT NOT NULL UNIQUE,
  path_id      TEXT NOT NULL REFERENCES network_insights_paths (id),
  started      INTEGER NOT NULL,
  found        INTEGER NOT NULL,
  hops         TEXT NOT NULL,
  client_token TEXT NOT NULL
) STRICT;
CREATE INDEX network_insights_analyses_path ON network_insights_analyses (path_id);
CREATE UNIQUE INDEX network_insights_analyses_token ON network_insights_analyses (client_token)
  WHERE client_token <> '';
CREATE TRIGGER network_insights_analyses_tags AFTER DELETE ON network_insights_analyses
  BEGIN DELETE FROM tags WHERE resource_id = OLD.id; END;
