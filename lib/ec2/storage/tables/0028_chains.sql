-- How deep a layer lies follows from what is under it.
ALTER TABLE snapshots DROP COLUMN depth;
