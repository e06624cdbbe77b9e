-- Rows that are read, changed and written back: an update is refused when the row changed since it was read. What an
-- Auto Scaling group called its revision is that version.
ALTER TABLE scaling_groups RENAME COLUMN revision TO version;
ALTER TABLE scaling_refreshes ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE alarms ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE identities ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE managed_policies ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
