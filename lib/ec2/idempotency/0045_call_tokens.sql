-- Client tokens of calls whose resources have no column for theirs. One goes with what its call made; those of launches, which
-- outlive it, are in client_tokens.
CREATE TABLE call_tokens (
  action            TEXT NOT NULL,
  client_token      TEXT NOT NULL,
  parameters_digest TEXT NOT NULL,
  resource_id       TEXT NOT NULL,
  PRIMARY KEY (action, client_token)
) STRICT, WITHOUT ROWID;
CREATE INDEX call_tokens_by_resource ON call_tokens (resource_id);
CREATE TRIGGER route_tables_tokens AFTER DELETE ON route_tables
  BEGIN DELETE FROM call_tokens WHERE resource_id = OLD.id; END;
CREATE TRIGGER network_acls_tokens AFTER DELETE ON network_acls
  BEGIN DELETE FROM call_tokens WHERE resource_id = OLD.id; END;
CREATE TRIGGER egress_only_gateways_tokens AFTER DELETE ON egress_only_gateways
  BEGIN DELETE FROM call_tokens WHERE resource_id = OLD.id; END;
CREATE TRIGGER images_tokens AFTER DELETE ON images
  BEGIN DELETE FROM call_tokens WHERE resource_id = OLD.id; END;
