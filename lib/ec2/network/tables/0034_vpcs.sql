-- VPCs that are made and deleted: their attributes and further ranges, and their routes, gateways and ACLs as rows. A VPC
-- that was there before keeps the ids of its route table, gateway and ACL, which were made of its own.
ALTER TABLE vpcs ADD COLUMN dns_support INTEGER NOT NULL DEFAULT 1;
ALTER TABLE vpcs ADD COLUMN dns_hostnames INTEGER NOT NULL DEFAULT 1;
ALTER TABLE vpcs ADD COLUMN address_usage_metrics INTEGER NOT NULL DEFAULT 0;

ALTER TABLE subnets ADD COLUMN resource_name INTEGER NOT NULL DEFAULT 0;
ALTER TABLE subnets ADD COLUMN dns_a_record INTEGER NOT NULL DEFAULT 0;
ALTER TABLE subnets ADD COLUMN dns_aaaa_record INTEGER NOT NULL DEFAULT 0;

-- VPCs that are deleted and may still have something on the host.
CREATE TABLE former_vpcs (id TEXT PRIMARY KEY NOT NULL) STRICT, WITHOUT ROWID;

-- Ranges beside a VPC's first.
CREATE TABLE vpc_cidrs (
  seq           INTEGER PRIMARY KEY,
  id            TEXT NOT NULL UNIQUE,
  vpc_id        TEXT NOT NULL REFERENCES vpcs (id) ON DELETE CASCADE,
  cidr_base     INTEGER NOT NULL,
  prefix_length INTEGER NOT NULL
) STRICT;
CREATE INDEX vpc_cidrs_by_vpc ON vpc_cidrs (vpc_id);

-- `number` tells the tables of one VPC apart on the host, and is not used again while its table is there.
CREATE TABLE route_tables (
  seq    INTEGER PRIMARY KEY,
  id     TEXT NOT NULL UNIQUE,
  vpc_id TEXT NOT NULL REFERENCES vpcs (id) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  UNIQUE (vpc_id, number)
) STRICT;

-- Without a subnet: the VPC's main table, for all subnets that have no association of their own.
CREATE TABLE route_table_associations (
  seq            INTEGER PRIMARY KEY,
  id             TEXT NOT NULL UNIQUE,
  route_table_id TEXT NOT NULL REFERENCES route_tables (id) ON DELETE CASCADE,
  vpc_id         TEXT NOT NULL REFERENCES vpcs (id) ON DELETE CASCADE,
  subnet_id      TEXT UNIQUE REFERENCES subnets (id) ON DELETE CASCADE
) STRICT;
CREATE INDEX route_table_associations_by_table ON route_table_associations (route_table_id);
CREATE UNIQUE INDEX route_table_associations_one_main ON route_table_associations (vpc_id) WHERE subnet_id IS NULL;

CREATE TABLE internet_gateways (
  seq    INTEGER PRIMARY KEY,
  id     TEXT NOT NULL UNIQUE,
  vpc_id TEXT UNIQUE REFERENCES vpcs (id)
) STRICT;

-- Behind the rules of a direction, by number, stands one that denies everything and is no row.
CREATE TABLE network_acls (
  seq        INTEGER PRIMARY KEY,
  id         TEXT NOT NULL UNIQUE,
  vpc_id     TEXT NOT NULL REFERENCES vpcs (id) ON DELETE CASCADE,
  is_default INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX network_acls_one_default ON network_acls (vpc_id) WHERE is_default = 1;
CREATE INDEX network_acls_by_vpc ON network_acls (vpc_id);
CREATE TRIGGER network_acls_tags AFTER DELETE ON network_acls BEGIN DELETE FROM tags WHERE resource_id = OLD.id; END;

CREATE TABLE network_acl_entries (
  acl_id        TEXT NOT NULL REFERENCES network_acls (id) ON DELETE CASCADE,
  egress        INTEGER NOT NULL,
  number        INTEGER NOT NULL,
  allow         INTEGER NOT NULL,
  protocol      INTEGER NOT NULL,
  from_port     INTEGER NOT NULL,
  to_port       INTEGER NOT NULL,
  cidr_base     INTEGER NOT NULL,
  prefix_length INTEGER NOT NULL,
  PRIMARY KEY (acl_id, egress, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE network_acl_associations (
  seq       INTEGER PRIMARY KEY,
  id        TEXT NOT NULL UNIQUE,
  acl_id    TEXT NOT NULL REFERENCES network_acls (id),
  subnet_id TEXT NOT NULL UNIQUE REFERENCES subnets (id) ON DELETE CASCADE
) STRICT;
CREATE INDEX network_acl_associations_by_acl ON network_acl_associations (acl_id);

-- What a route leads to may go: the route stays and leads nowhere.
CREATE TABLE routes (
  route_table_id TEXT NOT NULL REFERENCES route_tables (id) ON DELETE CASCADE,
  cidr_base      INTEGER NOT NULL,
  prefix_length  INTEGER NOT NULL,
  gateway_id     TEXT,
  eni_id         TEXT,
  PRIMARY KEY (route_table_id, cidr_base, prefix_length),
  CHECK ((gateway_id IS NULL) <> (eni_id IS NULL))
) STRICT, WITHOUT ROWID;

CREATE TRIGGER route_tables_tags AFTER DELETE ON route_tables
  BEGIN DELETE FROM tags WHERE resource_id = OLD.id; END;
CREATE TRIGGER internet_gateways_tags AFTER DELETE ON internet_gateways
  BEGIN DELETE FROM tags WHERE resource_id = OLD.id; END;

INSERT INTO route_tables (id, vpc_id, number) SELECT 'rtb-' || substr(id, 5), id, 1 FROM vpcs;
INSERT INTO route_table_associations (id, route_table_id, vpc_id, subnet_id)
  SELECT 'rtbassoc-' || substr(id, 5), 'rtb-' || substr(id, 5), id, NULL FROM vpcs;
INSERT INTO internet_gateways (id, vpc_id) SELECT 'igw-' || substr(id, 5), id FROM vpcs;
INSERT INTO routes (route_table_id, cidr_base, prefix_length, gateway_id, eni_id)
  SELECT 'rtb-' || substr(id, 5), 0, 0, 'igw-' || substr(id, 5), NULL FROM vpcs;
INSERT INTO network_acls (id, vpc_id, is_default) SELECT 'acl-' || substr(id, 5), id, 1 FROM vpcs;
INSERT INTO network_acl_entries (acl_id, egress, number, allow, protocol, from_port, to_port, cidr_base, prefix_length)
  SELECT 'acl-' || substr(id, 5), egress, 100, 1, -1, -1, -1, 0, 0 FROM vpcs, (SELECT 0 AS egress UNION SELECT 1);
INSERT INTO network_acl_associations (id, acl_id, subnet_id)
  SELECT 'aclassoc-' || substr(id, 8), 'acl-' || substr(vpc_id, 5), id FROM subnets;

-- Elastic addresses. One that is associated is its interface's public address, and stays when the instance stops.
CREATE TABLE addresses (
  seq       INTEGER PRIMARY KEY,
  id        TEXT NOT NULL UNIQUE,
  public_ip INTEGER NOT NULL UNIQUE
) STRICT;
CREATE TRIGGER addresses_tags AFTER DELETE ON addresses BEGIN DELETE FROM tags WHERE resource_id = OLD.id; END;

CREATE TABLE address_associations (
  seq           INTEGER PRIMARY KEY,
  id            TEXT NOT NULL UNIQUE,
  allocation_id TEXT NOT NULL UNIQUE REFERENCES addresses (id),
  eni_id        TEXT NOT NULL UNIQUE REFERENCES network_interfaces (id) ON DELETE CASCADE
) STRICT;
