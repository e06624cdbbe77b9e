-- What a version keeps becomes JSON: lib/ec2/compute/model/launch_spec.h by its fields' names. Before this, the
-- conversion LaunchTemplateConversion turns the messages in `data` into JSON. Where it did not run, the CHECK
-- fails. (json_valid may not stand in a schema that is not trusted.)

CREATE TABLE launch_template_versions_new (
  template_id       TEXT NOT NULL REFERENCES launch_templates (id) ON DELETE CASCADE,
  number            INTEGER NOT NULL,
  description       TEXT NOT NULL,
  created           INTEGER NOT NULL,
  created_by        TEXT NOT NULL,
  spec              TEXT NOT NULL CHECK (substr(spec, 1, 1) = '{'),
  client_token      TEXT NOT NULL,
  parameters_digest TEXT NOT NULL,
  PRIMARY KEY (template_id, number)
) STRICT, WITHOUT ROWID;
INSERT INTO launch_template_versions_new
  SELECT template_id, number, description, created, created_by, CAST(data AS TEXT), client_token, parameters_digest
  FROM launch_template_versions;
DROP TABLE launch_template_versions;
ALTER TABLE launch_template_versions_new RENAME TO launch_template_versions;
CREATE INDEX launch_template_versions_by_token ON launch_template_versions (client_token) WHERE client_token <> '';
