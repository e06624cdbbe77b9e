-- The mixed instances policy that a refresh brings its group to, and what the group had before it. A refresh begun before
-- this, and not ended, goes back to what its group has now of them.
ALTER TABLE scaling_refreshes ADD COLUMN desired_policy TEXT NOT NULL DEFAULT '';
ALTER TABLE scaling_refreshes ADD COLUMN before_policy TEXT NOT NULL DEFAULT '';
ALTER TABLE scaling_refreshes ADD COLUMN before_types TEXT NOT NULL DEFAULT '[]';
ALTER TABLE scaling_refreshes ADD COLUMN before_options TEXT NOT NULL DEFAULT '[]';
UPDATE scaling_refreshes SET (before_policy, before_types, before_options) =
  (SELECT mixed_policy, instance_types, type_options FROM scaling_groups WHERE seq = group_seq)
  WHERE group_seq IN (SELECT seq FROM scaling_groups);
