-- Instance profiles, by which instances get a role, and which instance has which.

CREATE TABLE instance_profiles (
  seq     INTEGER PRIMARY KEY,
  id      TEXT NOT NULL UNIQUE,
  name    TEXT NOT NULL UNIQUE COLLATE NOCASE,
  path    TEXT NOT NULL,
  role_id TEXT NULL REFERENCES identities (id),
  created INTEGER NOT NULL
) STRICT;
CREATE INDEX instance_profiles_by_role ON instance_profiles (role_id);

-- A profile may be deleted while instances have it: what they had stays to be seen, and gives them nothing.
CREATE TABLE profile_associations (
  id          TEXT NOT NULL PRIMARY KEY,
  instance_id TEXT NOT NULL UNIQUE REFERENCES instances (id) ON DELETE CASCADE,
  profile_id  TEXT NOT NULL,
  profile_arn TEXT NOT NULL,
  associated  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
