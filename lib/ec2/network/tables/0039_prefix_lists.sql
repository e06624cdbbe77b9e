-- Managed prefix lists. An entry is of the versions from `added` on, and of none from `removed` on.
CREATE TABLE prefix_lists (
  seq               INTEGER PRIMARY KEY,
  id                TEXT NOT NULL UNIQUE,
  name              TEXT NOT NULL,
  ipv6              INTEGER NOT NULL,
  max_entries       INTEGER NOT NULL,
  current_version   INTEGER NOT NULL,
  state             INTEGER NOT NULL,
  state_message     TEXT NOT NULL,
  client_token      TEXT NOT NULL,
  parameters_digest TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX prefix_lists_by_token ON prefix_lists (client_token) WHERE client_token <> '';
CREATE TRIGGER prefix_lists_tags AFTER DELETE ON prefix_lists BEGIN DELETE FROM tags WHERE resource_id = OLD.id; END;

CREATE TABLE prefix_list_entries (
  seq            INTEGER PRIMARY KEY,
  prefix_list_id TEXT NOT NULL REFERENCES prefix_lists (id) ON DELETE CASCADE,
  cidr           TEXT NOT NULL,
  description    TEXT NOT NULL,
  added          INTEGER NOT NULL,
  removed        INTEGER
) STRICT;
CREATE INDEX prefix_list_entries_by_list ON prefix_list_entries (prefix_list_id, removed);

-- A rule names one of: an IPv4 range, an IPv6 range ('' = none), a group, a prefix list.
CREATE TABLE security_group_rules_new (
  seq              INTEGER PRIMARY KEY,
  id               TEXT NOT NULL UNIQUE,
  group_id         TEXT NOT NULL REFERENCES security_groups (id) ON DELETE CASCADE,
  egress           INTEGER NOT NULL,
  protocol         INTEGER NOT NULL,
  from_port        INTEGER NOT NULL,
  to_port          INTEGER NOT NULL,
  cidr_base        INTEGER,
  prefix_length    INTEGER,
  cidr_ipv6        TEXT NOT NULL,
  referenced_group TEXT REFERENCES security_groups (id),
  prefix_list_id   TEXT REFERENCES prefix_lists (id),
  description      TEXT NOT NULL,
  CHECK ((cidr_base IS NOT NULL) + (cidr_ipv6 <> '') + (referenced_group IS NOT NULL) + (prefix_list_id IS NOT NULL) = 1),
  CHECK ((cidr_base IS NULL) = (prefix_length IS NULL))
) STRICT;
INSERT INTO security_group_rules_new
  SELECT seq, id, group_id, egress, protocol, from_port, to_port, cidr_base, prefix_length, cidr_ipv6, referenced_group,
         NULL, description
  FROM security_group_rules;
DROP TABLE security_group_rules;
ALTER TABLE security_group_rules_new RENAME TO security_group_rules;
CREATE UNIQUE INDEX security_group_rules_same_permission ON security_group_rules
  (group_id, egress, protocol, from_port, to_port, ifnull(cidr_base, -1), ifnull(prefix_length, -1), cidr_ipv6,
   ifnull(referenced_group, ''), ifnull(prefix_list_id, ''));
CREATE INDEX security_group_rules_by_reference ON security_group_rules (referenced_group)
  WHERE referenced_group IS NOT NULL;
CREATE INDEX security_group_rules_by_prefix_list ON security_group_rules (prefix_list_id)
  WHERE prefix_list_id IS NOT NULL;
CREATE TRIGGER rules_tags AFTER DELETE ON security_group_rules BEGIN DELETE FROM tags WHERE resource_id = OLD.id; END;

-- A route leads to a range, or (0.0.0.0/0 beside it) to those of a prefix list ('' = none).
CREATE TABLE routes_new (
  route_table_id TEXT NOT NULL REFERENCES route_tables (id) ON DELETE CASCADE,
  cidr_base      INTEGER NOT NULL,
  prefix_length  INTEGER NOT NULL,
  prefix_list_id TEXT NOT NULL,
  gateway_id     TEXT,
  eni_id         TEXT,
  PRIMARY KEY (route_table_id, cidr_base, prefix_length, prefix_list_id),
  CHECK ((gateway_id IS NULL) <> (eni_id IS NULL))
) STRICT, WITHOUT ROWID;
INSERT INTO routes_new SELECT route_table_id, cidr_base, prefix_length, '', gateway_id, eni_id FROM routes;
DROP TABLE routes;
ALTER TABLE routes_new RENAME TO routes;
CREATE INDEX routes_by_prefix_list ON routes (prefix_list_id) WHERE prefix_list_id <> '';
