-- What all volumes together have: each launch is held to it, and must not read every volume there is.
CREATE TABLE volume_sizes (
  only INTEGER NOT NULL PRIMARY KEY CHECK (only = 0),
  gib  INTEGER NOT NULL
) STRICT;
INSERT INTO volume_sizes SELECT 0, coalesce(sum(size_gib), 0) FROM volumes;
CREATE TRIGGER volumes_size_made AFTER INSERT ON volumes BEGIN UPDATE volume_sizes SET gib = gib + NEW.size_gib; END;
CREATE TRIGGER volumes_size_changed AFTER UPDATE OF size_gib ON volumes WHEN NEW.size_gib <> OLD.size_gib BEGIN
  UPDATE volume_sizes SET gib = gib + NEW.size_gib - OLD.size_gib; END;
CREATE TRIGGER volumes_size_gone AFTER DELETE ON volumes BEGIN UPDATE volume_sizes SET gib = gib - OLD.size_gib; END;
