-- The names of the alarms that end a refresh, as JSON.
ALTER TABLE scaling_refreshes ADD COLUMN alarms TEXT NOT NULL DEFAULT '[]';
