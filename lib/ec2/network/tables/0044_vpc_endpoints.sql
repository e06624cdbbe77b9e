-- VPC endpoints: interface endpoints of Brume's own services. A row goes when nothing of its endpoint is left on the host.
CREATE TABLE vpc_endpoints (
  seq               INTEGER PRIMARY KEY,
  id                TEXT NOT NULL UNIQUE,
  version           INTEGER NOT NULL,
  vpc_id            TEXT NOT NULL REFERENCES vpcs (id),
  service           INTEGER NOT NULL,
  state             INTEGER NOT NULL,
  private_dns       INTEGER NOT NULL,
  policy            TEXT NOT NULL,
  created           INTEGER NOT NULL,
  client_token      TEXT NOT NULL,
  parameters_digest TEXT NOT NULL
) STRICT;
CREATE INDEX vpc_endpoints_by_vpc ON vpc_endpoints (vpc_id);
CREATE UNIQUE INDEX vpc_endpoints_token ON vpc_endpoints (client_token) WHERE client_token <> '';
CREATE TRIGGER vpc_endpoints_tags AFTER DELETE ON vpc_endpoints
  BEGIN DELETE FROM tags WHERE resource_id = OLD.id; END;

CREATE TABLE vpc_endpoint_groups (
  endpoint_id TEXT NOT NULL REFERENCES vpc_endpoints (id) ON DELETE CASCADE,
  group_id    TEXT NOT NULL REFERENCES security_groups (id),
  PRIMARY KEY (endpoint_id, group_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX vpc_endpoint_groups_by_group ON vpc_endpoint_groups (group_id);

-- One in each of its subnets. One that is leaving goes when the host has its address no more.
CREATE TABLE vpc_endpoint_interfaces (
  eni_id      TEXT PRIMARY KEY NOT NULL REFERENCES network_interfaces (id),
  endpoint_id TEXT NOT NULL REFERENCES vpc_endpoints (id) ON DELETE CASCADE,
  subnet_id   TEXT NOT NULL REFERENCES subnets (id),
  private_ip  INTEGER NOT NULL,
  leaving     INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX vpc_endpoint_interfaces_by_endpoint ON vpc_endpoint_interfaces (endpoint_id);

-- The endpoint that a call came through; empty for those that came through none.
ALTER TABLE events ADD COLUMN vpc_endpoint_id TEXT NOT NULL DEFAULT '';
