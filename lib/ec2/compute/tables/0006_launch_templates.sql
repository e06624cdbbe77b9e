-- Launch templates. The number of a version is never used again, also when the version is deleted.

CREATE TABLE launch_templates (
  seq             INTEGER PRIMARY KEY,
  id              TEXT NOT NULL UNIQUE,
  name            TEXT NOT NULL UNIQUE,
  created         INTEGER NOT NULL,
  created_by      TEXT NOT NULL,
  default_version INTEGER NOT NULL,
  next_version    INTEGER NOT NULL
) STRICT;
CREATE TRIGGER launch_templates_tags AFTER DELETE ON launch_templates BEGIN
  DELETE FROM tags WHERE resource_id = OLD.id;
END;

-- `data` is the message RequestLaunchTemplateData of the schema, serialized. The token is that of the call that made the
-- version, empty when it had none.
CREATE TABLE launch_template_versions (
  template_id       TEXT NOT NULL REFERENCES launch_templates (id) ON DELETE CASCADE,
  number            INTEGER NOT NULL,
  description       TEXT NOT NULL,
  created           INTEGER NOT NULL,
  created_by        TEXT NOT NULL,
  data              BLOB NOT NULL,
  client_token      TEXT NOT NULL,
  parameters_digest TEXT NOT NULL,
  PRIMARY KEY (template_id, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX launch_template_versions_by_token ON launch_template_versions (client_token) WHERE client_token <> '';
