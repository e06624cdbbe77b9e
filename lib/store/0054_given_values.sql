-- What callers say and is shown to them again.
ALTER TABLE volumes ADD COLUMN initialization_rate INTEGER;  -- MiB/s, NULL: not said
ALTER TABLE alarm_queries ADD COLUMN says_account INTEGER NOT NULL DEFAULT 0;
-- Of predictive policies by metrics of one's own, as queries has the load.
ALTER TABLE scaling_policies ADD COLUMN scaling_queries TEXT NOT NULL DEFAULT '[]';
ALTER TABLE scaling_policies ADD COLUMN capacity_queries TEXT NOT NULL DEFAULT '[]';
