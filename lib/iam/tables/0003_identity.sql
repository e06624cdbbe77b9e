-- Users, groups and roles, and the policies they have. Names are unique without regard to case.

CREATE TABLE identities (
  seq                 INTEGER PRIMARY KEY,
  id                  TEXT NOT NULL UNIQUE,
  kind                INTEGER NOT NULL CHECK (kind IN (0, 1, 2)),  -- user, group, role
  name                TEXT NOT NULL COLLATE NOCASE,
  path                TEXT NOT NULL,
  created             INTEGER NOT NULL,
  trust_policy        TEXT NOT NULL,  -- these three are of roles
  description         TEXT NOT NULL,
  max_session_seconds INTEGER NOT NULL,
  UNIQUE (kind, name)
) STRICT;

CREATE TABLE group_members (
  group_id TEXT NOT NULL REFERENCES identities (id),
  user_id  TEXT NOT NULL REFERENCES identities (id),
  PRIMARY KEY (group_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX group_members_by_user ON group_members (user_id);

CREATE TABLE inline_policies (
  identity_id TEXT NOT NULL REFERENCES identities (id),
  name        TEXT NOT NULL,
  document    TEXT NOT NULL,
  PRIMARY KEY (identity_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE managed_policies (
  seq             INTEGER PRIMARY KEY,
  id              TEXT NOT NULL UNIQUE,
  name            TEXT NOT NULL UNIQUE COLLATE NOCASE,
  path            TEXT NOT NULL,
  description     TEXT NOT NULL,
  default_version INTEGER NOT NULL,
  latest_version  INTEGER NOT NULL,
  created         INTEGER NOT NULL,
  updated         INTEGER NOT NULL
) STRICT;

CREATE TABLE policy_versions (
  policy_id TEXT NOT NULL REFERENCES managed_policies (id) ON DELETE CASCADE,
  number    INTEGER NOT NULL,
  document  TEXT NOT NULL,
  created   INTEGER NOT NULL,
  PRIMARY KEY (policy_id, number)
) STRICT, WITHOUT ROWID;

-- By ARN, because AWS's own policies have no row.
CREATE TABLE policy_attachments (
  identity_id TEXT NOT NULL REFERENCES identities (id),
  policy_arn  TEXT NOT NULL,
  PRIMARY KEY (identity_id, policy_arn)
) STRICT, WITHOUT ROWID;
CREATE INDEX policy_attachments_by_policy ON policy_attachments (policy_arn);
