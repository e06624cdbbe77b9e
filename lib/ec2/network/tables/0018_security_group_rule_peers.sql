-- Rules about IPv6 ranges. A rule names one of: an IPv4 range, an IPv6 range ('' = none), a group.
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
  description      TEXT NOT NULL,
  CHECK ((cidr_base IS NOT NULL) + (cidr_ipv6 <> '') + (referenced_group IS NOT NULL) = 1),
  CHECK ((cidr_base IS NULL) = (prefix_length IS NULL))
) STRICT;
INSERT INTO security_group_rules_new
  SELECT seq, id, group_id, egress, protocol, from_port, to_port, cidr_base, prefix_length, '', referenced_group,
         description
  FROM security_group_rules;
DROP TABLE security_group_rules;
ALTER TABLE security_group_rules_new RENAME TO security_group_rules;
CREATE UNIQUE INDEX security_group_rules_same_permission ON security_group_rules
  (group_id, egress, protocol, from_port, to_port, ifnull(cidr_base, -1), ifnull(prefix_length, -1), cidr_ipv6,
   ifnull(referenced_group, ''));
CREATE INDEX security_group_rules_by_reference ON security_group_rules (referenced_group)
  WHERE referenced_group IS NOT NULL;
CREATE TRIGGER rules_tags AFTER DELETE ON security_group_rules BEGIN DELETE FROM tags WHERE resource_id = OLD.id; END;
