-- Which images, snapshots and volumes have changed since their records beside the database were written: of a change, no
-- matter who makes it, triggers tell. `change` is another one after each.
CREATE TABLE storage_changes (
  id     TEXT PRIMARY KEY,
  change INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO storage_changes SELECT id, 1 FROM images;
INSERT INTO storage_changes SELECT id, 1 FROM snapshots;
INSERT INTO storage_changes SELECT id, 1 FROM volumes;
CREATE TRIGGER images_made AFTER INSERT ON images BEGIN
  INSERT INTO storage_changes VALUES (NEW.id, 1) ON CONFLICT DO UPDATE SET change = change + 1; END;
CREATE TRIGGER images_changed AFTER UPDATE ON images BEGIN
  INSERT INTO storage_changes VALUES (NEW.id, 1) ON CONFLICT DO UPDATE SET change = change + 1; END;
CREATE TRIGGER images_gone AFTER DELETE ON images BEGIN
  INSERT INTO storage_changes VALUES (OLD.id, 1) ON CONFLICT DO UPDATE SET change = change + 1; END;
CREATE TRIGGER snapshots_made AFTER INSERT ON snapshots BEGIN
  INSERT INTO storage_changes VALUES (NEW.id, 1) ON CONFLICT DO UPDATE SET change = change + 1; END;
CREATE TRIGGER snapshots_changed AFTER UPDATE ON snapshots BEGIN
  INSERT INTO storage_changes VALUES (NEW.id, 1) ON CONFLICT DO UPDATE SET change = change + 1; END;
CREATE TRIGGER snapshots_gone AFTER DELETE ON snapshots BEGIN
  INSERT INTO storage_changes VALUES (OLD.id, 1) ON CONFLICT DO UPDATE SET change = change + 1; END;
CREATE TRIGGER volumes_made AFTER INSERT ON volumes BEGIN
  INSERT INTO storage_changes VALUES (NEW.id, 1) ON CONFLICT DO UPDATE SET change = change + 1; END;
CREATE TRIGGER volumes_changed AFTER UPDATE ON volumes BEGIN
  INSERT INTO storage_changes VALUES (NEW.id, 1) ON CONFLICT DO UPDATE SET change = change + 1; END;
CREATE TRIGGER volumes_gone AFTER DELETE ON volumes BEGIN
  INSERT INTO storage_changes VALUES (OLD.id, 1) ON CONFLICT DO UPDATE SET change = change + 1; END;
CREATE TRIGGER storage_tags_made AFTER INSERT ON tags WHEN substr(NEW.resource_id, 1, 4) IN ('ami-', 'snap', 'vol-') BEGIN
  INSERT INTO storage_changes VALUES (NEW.resource_id, 1) ON CONFLICT DO UPDATE SET change = change + 1; END;
CREATE TRIGGER storage_tags_changed AFTER UPDATE ON tags WHEN substr(NEW.resource_id, 1, 4) IN ('ami-', 'snap', 'vol-') BEGIN
  INSERT INTO storage_changes VALUES (NEW.resource_id, 1) ON CONFLICT DO UPDATE SET change = change + 1; END;
CREATE TRIGGER storage_tags_gone AFTER DELETE ON tags WHEN substr(OLD.resource_id, 1, 4) IN ('ami-', 'snap', 'vol-') BEGIN
  INSERT INTO storage_changes VALUES (OLD.resource_id, 1) ON CONFLICT DO UPDATE SET change = change + 1; END;
