-- Peering connections. One that has ended is shown for a while, also after a VPC of it has gone.
CREATE TABLE vpc_peering_connections (
  seq             INTEGER PRIMARY KEY,
  id              TEXT NOT NULL UNIQUE,
  requester_vpc   TEXT NOT NULL,
  requester_base  INTEGER NOT NULL,
  requester_bits  INTEGER NOT NULL,
  requester_dns   INTEGER NOT NULL DEFAULT 0,
  accepter_vpc    TEXT NOT NULL,
  accepter_base   INTEGER NOT NULL,
  accepter_bits   INTEGER NOT NULL,
  accepter_dns    INTEGER NOT NULL DEFAULT 0,
  state           INTEGER NOT NULL,
  expires         INTEGER NOT NULL,
  ended           INTEGER NOT NULL
) STRICT;
CREATE INDEX vpc_peering_connections_requester ON vpc_peering_connections (requester_vpc);
CREATE INDEX vpc_peering_connections_accepter ON vpc_peering_connections (accepter_vpc);
CREATE TRIGGER vpc_peering_connections_tags AFTER DELETE ON vpc_peering_connections
  BEGIN DELETE FROM tags WHERE resource_id = OLD.id; END;

-- NAT gateways. One that was deleted or failed is shown for a while, with what it had.
CREATE TABLE nat_gateways (
  seq               INTEGER PRIMARY KEY,
  id                TEXT NOT NULL UNIQUE,
  vpc_id            TEXT NOT NULL,
  subnet_id         TEXT NOT NULL,
  number            INTEGER NOT NULL,
  is_public         INTEGER NOT NULL,
  state             INTEGER NOT NULL,
  eni_id            TEXT,
  private_ip        INTEGER NOT NULL,
  allocation_id     TEXT,
  public_ip         INTEGER,
  failure_code      TEXT NOT NULL,
  failure_message   TEXT NOT NULL,
  created           INTEGER NOT NULL,
  ended             INTEGER NOT NULL,
  client_token      TEXT NOT NULL,
  parameters_digest TEXT NOT NULL
) STRICT;
CREATE INDEX nat_gateways_vpc ON nat_gateways (vpc_id);
CREATE UNIQUE INDEX nat_gateways_token ON nat_gateways (client_token) WHERE client_token <> '';
CREATE TRIGGER nat_gateways_tags AFTER DELETE ON nat_gateways
  BEGIN DELETE FROM tags WHERE resource_id = OLD.id; END;
