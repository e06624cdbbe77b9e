-- What limits a user or a role: the ARN of a managed policy, as AWS's own have no row; '' = nothing does.
ALTER TABLE identities ADD COLUMN permissions_boundary TEXT NOT NULL DEFAULT '';
CREATE INDEX identities_by_boundary ON identities (permissions_boundary) WHERE permissions_boundary != '';
