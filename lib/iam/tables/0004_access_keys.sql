-- Access keys of the account's root and of users. The secret is encrypted with the state directory's key.

CREATE TABLE access_keys (
  id                TEXT NOT NULL PRIMARY KEY,
  user_id           TEXT NOT NULL,              -- '' = the account's root
  secret            BLOB NOT NULL,
  active            INTEGER NOT NULL CHECK (active IN (0, 1)),
  created           INTEGER NOT NULL,
  last_used         INTEGER,
  last_used_service TEXT NOT NULL DEFAULT '',
  last_used_region  TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;
CREATE INDEX access_keys_by_user ON access_keys (user_id);
