-- Rows that the API and a reconciler, or the ends of two VPCs, write: an update is refused when the row changed since it
-- was read.
ALTER TABLE nat_gateways ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE vpc_peering_connections ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
