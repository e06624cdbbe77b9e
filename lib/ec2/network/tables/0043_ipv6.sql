-- Whether the metadata service answers an instance by IPv6.
ALTER TABLE instances ADD COLUMN metadata_by_ipv6 INTEGER NOT NULL DEFAULT 0;

-- IPv6 of VPCs, subnets and interfaces, its routes and its gateways. Ranges and addresses are kept as text, in the one
-- form that they are shown in.
CREATE TABLE vpc_ipv6_cidrs (
  seq    INTEGER PRIMARY KEY,
  id     TEXT NOT NULL UNIQUE,
  vpc_id TEXT NOT NULL REFERENCES vpcs (id) ON DELETE CASCADE,
  cidr   TEXT NOT NULL UNIQUE
) STRICT;
CREATE INDEX vpc_ipv6_cidrs_by_vpc ON vpc_ipv6_cidrs (vpc_id);

-- '': the subnet has none.
ALTER TABLE subnets ADD COLUMN cidr_ipv6 TEXT NOT NULL DEFAULT '';
ALTER TABLE subnets ADD COLUMN ipv6_association_id TEXT;
ALTER TABLE subnets ADD COLUMN assign_ipv6_on_creation INTEGER NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX subnets_by_cidr_ipv6 ON subnets (cidr_ipv6) WHERE cidr_ipv6 <> '';

CREATE TABLE interface_ipv6_addresses (
  seq     INTEGER PRIMARY KEY,
  eni_id  TEXT NOT NULL REFERENCES network_interfaces (id) ON DELETE CASCADE,
  address TEXT NOT NULL UNIQUE
) STRICT;
CREATE INDEX interface_ipv6_addresses_by_interface ON interface_ipv6_addresses (eni_id);

-- '': the rule is about an IPv4 range.
ALTER TABLE network_acl_entries ADD COLUMN cidr_ipv6 TEXT NOT NULL DEFAULT '';

CREATE TABLE egress_only_gateways (
  seq    INTEGER PRIMARY KEY,
  id     TEXT NOT NULL UNIQUE,
  vpc_id TEXT NOT NULL REFERENCES vpcs (id) ON DELETE CASCADE
) STRICT;
CREATE INDEX egress_only_gateways_by_vpc ON egress_only_gateways (vpc_id);
CREATE TRIGGER egress_only_gateways_tags AFTER DELETE ON egress_only_gateways
  BEGIN DELETE FROM tags WHERE resource_id = OLD.id; END;

-- What a route leads to may go: the route stays and leads nowhere.
CREATE TABLE ipv6_routes (
  route_table_id TEXT NOT NULL REFERENCES route_tables (id) ON DELETE CASCADE,
  cidr           TEXT NOT NULL,
  gateway_id     TEXT,
  eni_id         TEXT,
  PRIMARY KEY (route_table_id, cidr),
  CHECK ((gateway_id IS NULL) <> (eni_id IS NULL))
) STRICT, WITHOUT ROWID;
