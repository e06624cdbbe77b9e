-- What a group says of one of its instance types alone, [[type, weight, launch template's id, its version], …]; its
-- maintenance policy, NULL without; the role it was given, '' = AWS's own.
ALTER TABLE scaling_groups ADD COLUMN type_options TEXT NOT NULL DEFAULT '[]';
ALTER TABLE scaling_groups ADD COLUMN min_healthy INTEGER;
ALTER TABLE scaling_groups ADD COLUMN max_healthy INTEGER;
ALTER TABLE scaling_groups ADD COLUMN service_linked_role TEXT NOT NULL DEFAULT '';

-- What a refresh's preferences say since then, as they were given.
ALTER TABLE scaling_refreshes ADD COLUMN max_healthy INTEGER;
ALTER TABLE scaling_refreshes ADD COLUMN protected_members TEXT NOT NULL DEFAULT '';
ALTER TABLE scaling_refreshes ADD COLUMN standby_members TEXT NOT NULL DEFAULT '';

-- Metric maths of a target tracking policy: [[id, is metric, namespace, name, [[dimension, value], …], statistic, unit,
-- expression, label, is returned], …].
ALTER TABLE scaling_policies ADD COLUMN queries TEXT NOT NULL DEFAULT '[]';
