-- Tags of users, roles, managed policies and instance profiles, by the ids of those. Of one thing no two keys differ in case
-- alone.
CREATE TABLE iam_tags (
  owner TEXT NOT NULL,
  key   TEXT NOT NULL COLLATE NOCASE,
  value TEXT NOT NULL,
  PRIMARY KEY (owner, key)
) STRICT, WITHOUT ROWID;
