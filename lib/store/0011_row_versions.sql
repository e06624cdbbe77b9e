-- Rows that the API and a reconciler both write: an update is refused when the row changed since it was read.
ALTER TABLE volumes ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE network_interfaces ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
