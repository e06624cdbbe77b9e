-- Network interfaces that are there without an instance: what they are for, who made them, and how far their attachment
-- is. Those that are attached already stay so.
ALTER TABLE network_interfaces ADD COLUMN type INTEGER NOT NULL DEFAULT 0;
ALTER TABLE network_interfaces ADD COLUMN requester_id TEXT NOT NULL DEFAULT '';
ALTER TABLE network_interfaces ADD COLUMN attachment_state INTEGER NOT NULL DEFAULT 0;
ALTER TABLE network_interfaces ADD COLUMN client_token TEXT NOT NULL DEFAULT '';
ALTER TABLE network_interfaces ADD COLUMN parameters_digest TEXT NOT NULL DEFAULT '';
-- Seconds; NULL: the kernel's own.
ALTER TABLE network_interfaces ADD COLUMN tcp_established_timeout INTEGER;
ALTER TABLE network_interfaces ADD COLUMN udp_stream_timeout INTEGER;
ALTER TABLE network_interfaces ADD COLUMN udp_timeout INTEGER;
UPDATE network_interfaces SET attachment_state = 2 WHERE instance_id IS NOT NULL;
CREATE UNIQUE INDEX network_interfaces_by_token ON network_interfaces (client_token) WHERE client_token <> '';

-- Private addresses of interfaces beside their first, which is in network_interfaces. That no address of a VPC is in
-- both tables is checked before one is written.
CREATE TABLE interface_addresses (
  seq        INTEGER PRIMARY KEY,
  eni_id     TEXT NOT NULL REFERENCES network_interfaces (id) ON DELETE CASCADE,
  vpc_id     TEXT NOT NULL REFERENCES vpcs (id),
  private_ip INTEGER NOT NULL,
  public_ip  INTEGER UNIQUE,
  UNIQUE (vpc_id, private_ip)
) STRICT;
CREATE INDEX interface_addresses_by_interface ON interface_addresses (eni_id);

-- An elastic address belongs to one private address of its interface.
CREATE TABLE new_address_associations (
  seq           INTEGER PRIMARY KEY,
  id            TEXT NOT NULL UNIQUE,
  allocation_id TEXT NOT NULL UNIQUE REFERENCES addresses (id),
  eni_id        TEXT NOT NULL REFERENCES network_interfaces (id) ON DELETE CASCADE,
  private_ip    INTEGER NOT NULL,
  UNIQUE (eni_id, private_ip)
) STRICT;
INSERT INTO new_address_associations (seq, id, allocation_id, eni_id, private_ip)
  SELECT a.seq, a.id, a.allocation_id, a.eni_id, e.private_ip
  FROM address_associations AS a JOIN network_interfaces AS e ON e.id = a.eni_id;
DROP TABLE address_associations;
ALTER TABLE new_address_associations RENAME TO address_associations;
