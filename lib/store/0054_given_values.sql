-- What callers say and is shown to them again.
ALTER TABLE volumes ADD COLUMN initialization_rate INTEGER;  -- MiB/s, NULL: not said
ALTER TABLE alarm_queries ADD COLUMN says_account INTEGER NOT NULL DEFAULT 0;
