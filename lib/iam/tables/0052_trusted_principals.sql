-- Whom the trust policies of roles name, as who had the name when the policy was written: another one who is given it later
-- is not meant. Names of the policies that are here already are those of who has them now.
CREATE TABLE trusted_principals (
  role_id      TEXT NOT NULL REFERENCES identities (id) ON DELETE CASCADE,
  arn          TEXT NOT NULL,
  principal_id TEXT NOT NULL,  -- of a user or role, which may be gone
  PRIMARY KEY (role_id, arn)
) STRICT, WITHOUT ROWID;
CREATE INDEX trusted_principals_by_principal ON trusted_principals (principal_id);

INSERT INTO trusted_principals
SELECT DISTINCT role.id, named.value, principal.id
FROM identities AS role,
     json_tree(CASE WHEN json_valid(role.trust_policy) THEN role.trust_policy ELSE '{}' END) AS named,
     identities AS principal
WHERE role.kind = 2 AND principal.kind IN (0, 2) AND named.type = 'text'
  AND substr(named.value, 1, 13) = 'arn:aws:iam::'
  -- After the twelve digits of the account.
  AND substr(named.value, 26) = CASE principal.kind WHEN 0 THEN ':user' ELSE ':role' END || principal.path || principal.name;
