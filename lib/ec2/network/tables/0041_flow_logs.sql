-- Flow logs. One goes with what it is about.
CREATE TABLE flow_logs (
  seq                 INTEGER PRIMARY KEY,
  id                  TEXT NOT NULL UNIQUE,
  resource_id         TEXT NOT NULL,
  traffic             INTEGER NOT NULL,
  bucket              TEXT NOT NULL,
  prefix              TEXT NOT NULL,
  format              TEXT NOT NULL,
  aggregation_seconds INTEGER NOT NULL,
  created             INTEGER NOT NULL,
  client_token        TEXT NOT NULL,
  parameters_digest   TEXT NOT NULL
) STRICT;
CREATE INDEX flow_logs_by_resource ON flow_logs (resource_id);
CREATE INDEX flow_logs_by_token ON flow_logs (client_token) WHERE client_token <> '';
CREATE TRIGGER flow_logs_tags AFTER DELETE ON flow_logs BEGIN DELETE FROM tags WHERE resource_id = OLD.id; END;
CREATE TRIGGER flow_logs_of_vpcs AFTER DELETE ON vpcs BEGIN DELETE FROM flow_logs WHERE resource_id = OLD.id; END;
CREATE TRIGGER flow_logs_of_subnets AFTER DELETE ON subnets BEGIN DELETE FROM flow_logs WHERE resource_id = OLD.id; END;
CREATE TRIGGER flow_logs_of_interfaces AFTER DELETE ON network_interfaces
  BEGIN DELETE FROM flow_logs WHERE resource_id = OLD.id; END;
