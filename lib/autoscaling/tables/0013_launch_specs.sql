-- What a launch configuration keeps becomes JSON: lib/ec2/compute/model/launch_spec.h by its fields' names; and a mixed
-- instances policy: lib/autoscaling/model/mixed_policy.h; empty = the group has none. Before this, the conversion
-- LaunchConversion turns the messages in `data` and in `mixed_policy` into JSON. Where it did not run, a CHECK fails.

CREATE TABLE launch_configurations_new (
  seq     INTEGER PRIMARY KEY,
  id      TEXT NOT NULL UNIQUE,
  name    TEXT NOT NULL UNIQUE,
  created INTEGER NOT NULL,
  spec    TEXT NOT NULL CHECK (substr(spec, 1, 1) = '{')
) STRICT;
INSERT INTO launch_configurations_new SELECT seq, id, name, created, CAST(data AS TEXT) FROM launch_configurations;
DROP TABLE launch_configurations;
ALTER TABLE launch_configurations_new RENAME TO launch_configurations;

CREATE TABLE mixed_policies_are_json (unread INTEGER NOT NULL CHECK (unread = 0)) STRICT;
INSERT INTO mixed_policies_are_json
  SELECT count(*) FROM scaling_groups WHERE mixed_policy <> '' AND substr(mixed_policy, 1, 1) <> '{';
DROP TABLE mixed_policies_are_json;
