-- Instances, networks, images, volumes, key pairs and tags.
--
-- Ids are text as EC2 shows them; NULL stands for "none". Times are microseconds since 1970 (UTC), IPv4 addresses
-- unsigned numbers in host byte order, booleans 0 and 1, enumerations the numbers of the domain's enums. `seq` gives
-- lists their order. A foreign key says that the row cannot outlive the one it names.

CREATE TABLE instances (
  seq                     INTEGER PRIMARY KEY,
  id                      TEXT NOT NULL UNIQUE,
  version                 INTEGER NOT NULL,
  reservation_id          TEXT NOT NULL,
  launch_index            INTEGER NOT NULL,
  image_id                TEXT,
  instance_type           TEXT NOT NULL,
  state                   INTEGER NOT NULL CHECK (state IN (0, 16, 32, 48, 64, 80)),  -- EC2's codes
  state_reason_code       TEXT NOT NULL,
  state_reason_message    TEXT NOT NULL,
  transition_reason       TEXT NOT NULL,
  state_since             INTEGER NOT NULL,
  launch_time             INTEGER NOT NULL,
  uuid                    TEXT NOT NULL,
  key_name                TEXT NOT NULL,
  public_key              TEXT NOT NULL,
  client_token            TEXT NOT NULL,
  shutdown_behavior       INTEGER NOT NULL,  -- 0 stop, 1 terminate
  disable_api_termination INTEGER NOT NULL,
  disable_api_stop        INTEGER NOT NULL,
  monitoring              INTEGER NOT NULL,
  source_dest_check       INTEGER NOT NULL,
  tokens_required         INTEGER NOT NULL,
  endpoint_enabled        INTEGER NOT NULL,
  tags_enabled            INTEGER NOT NULL,
  hop_limit               INTEGER NOT NULL,
  availability_zone       TEXT NOT NULL,
  vpc_id                  TEXT,
  subnet_id               TEXT,
  root_device_name        TEXT NOT NULL,
  force_stop              INTEGER NOT NULL,
  reboot_requested        INTEGER,
  host_boot_id            TEXT NOT NULL,
  last_error              TEXT NOT NULL,
  memory_mib              INTEGER NOT NULL,
  vcpus                   INTEGER NOT NULL
) STRICT;
CREATE INDEX instances_by_state ON instances (state, state_since);
CREATE INDEX instances_by_reservation ON instances (reservation_id);
CREATE INDEX instances_by_image ON instances (image_id) WHERE state <> 48;

-- Apart from the row, so that lists do not read it.
CREATE TABLE instance_user_data (
  instance_id TEXT NOT NULL PRIMARY KEY REFERENCES instances (id) ON DELETE CASCADE,
  data        BLOB NOT NULL
) STRICT;

-- What instances that are not terminated (48) or stopped (80) hold of the host, kept by the triggers below so that a
-- launch need not add up all rows.
CREATE TABLE capacity_in_use (
  one        INTEGER PRIMARY KEY CHECK (one = 1),
  memory_mib INTEGER NOT NULL,
  vcpus      INTEGER NOT NULL,
  count      INTEGER NOT NULL
) STRICT;
INSERT INTO capacity_in_use VALUES (1, 0, 0, 0);
CREATE TRIGGER instances_capacity_insert AFTER INSERT ON instances WHEN NEW.state NOT IN (48, 80) BEGIN
  UPDATE capacity_in_use SET memory_mib = memory_mib + NEW.memory_mib, vcpus = vcpus + NEW.vcpus, count = count + 1;
END;
CREATE TRIGGER instances_capacity_delete AFTER DELETE ON instances WHEN OLD.state NOT IN (48, 80) BEGIN
  UPDATE capacity_in_use SET memory_mib = memory_mib - OLD.memory_mib, vcpus = vcpus - OLD.vcpus, count = count - 1;
END;
CREATE TRIGGER instances_capacity_update AFTER UPDATE ON instances
WHEN (OLD.state IN (48, 80)) <> (NEW.state IN (48, 80)) OR OLD.memory_mib <> NEW.memory_mib OR OLD.vcpus <> NEW.vcpus
BEGIN
  UPDATE capacity_in_use SET
    memory_mib = memory_mib + (NEW.state NOT IN (48, 80)) * NEW.memory_mib - (OLD.state NOT IN (48, 80)) * OLD.memory_mib,
    vcpus = vcpus + (NEW.state NOT IN (48, 80)) * NEW.vcpus - (OLD.state NOT IN (48, 80)) * OLD.vcpus,
    count = count + (NEW.state NOT IN (48, 80)) - (OLD.state NOT IN (48, 80));
END;

CREATE TABLE client_tokens (
  action            TEXT NOT NULL,
  token             TEXT NOT NULL,
  parameters_digest TEXT NOT NULL,
  reservation_id    TEXT NOT NULL,
  created           INTEGER NOT NULL,
  PRIMARY KEY (action, token)
) STRICT, WITHOUT ROWID;
CREATE INDEX client_tokens_by_age ON client_tokens (created);

CREATE TABLE vpcs (
  seq           INTEGER PRIMARY KEY,
  id            TEXT NOT NULL UNIQUE,
  cidr_base     INTEGER NOT NULL,
  prefix_length INTEGER NOT NULL,
  is_default    INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX vpcs_one_default ON vpcs (is_default) WHERE is_default = 1;

CREATE TABLE subnets (
  seq                     INTEGER PRIMARY KEY,
  id                      TEXT NOT NULL UNIQUE,
  vpc_id                  TEXT NOT NULL REFERENCES vpcs (id),
  cidr_base               INTEGER NOT NULL,
  prefix_length           INTEGER NOT NULL,
  availability_zone       TEXT NOT NULL,
  default_for_az          INTEGER NOT NULL,
  map_public_ip_on_launch INTEGER NOT NULL
) STRICT;
CREATE INDEX subnets_by_vpc ON subnets (vpc_id);

CREATE TABLE security_groups (
  seq         INTEGER PRIMARY KEY,
  id          TEXT NOT NULL UNIQUE,
  vpc_id      TEXT NOT NULL REFERENCES vpcs (id),
  name        TEXT NOT NULL,
  description TEXT NOT NULL,
  UNIQUE (vpc_id, name)
) STRICT;

CREATE TABLE security_group_rules (
  seq              INTEGER PRIMARY KEY,
  id               TEXT NOT NULL UNIQUE,
  group_id         TEXT NOT NULL REFERENCES security_groups (id) ON DELETE CASCADE,
  egress           INTEGER NOT NULL,
  protocol         INTEGER NOT NULL,
  from_port        INTEGER NOT NULL,
  to_port          INTEGER NOT NULL,
  cidr_base        INTEGER,
  prefix_length    INTEGER,
  referenced_group TEXT REFERENCES security_groups (id),
  description      TEXT NOT NULL,
  CHECK ((cidr_base IS NULL) <> (referenced_group IS NULL)),
  CHECK ((cidr_base IS NULL) = (prefix_length IS NULL))
) STRICT;
CREATE UNIQUE INDEX security_group_rules_same_permission ON security_group_rules
  (group_id, egress, protocol, from_port, to_port, ifnull(cidr_base, -1), ifnull(prefix_length, -1),
   ifnull(referenced_group, ''));
CREATE INDEX security_group_rules_by_reference ON security_group_rules (referenced_group)
  WHERE referenced_group IS NOT NULL;

CREATE TABLE network_interfaces (
  seq                   INTEGER PRIMARY KEY,
  id                    TEXT NOT NULL UNIQUE,
  vpc_id                TEXT NOT NULL REFERENCES vpcs (id),
  subnet_id             TEXT NOT NULL REFERENCES subnets (id),
  instance_id           TEXT REFERENCES instances (id),
  device_index          INTEGER NOT NULL,
  attachment_id         TEXT NOT NULL,
  attach_time           INTEGER NOT NULL,
  delete_on_termination INTEGER NOT NULL,
  source_dest_check     INTEGER NOT NULL,
  description           TEXT NOT NULL,
  mac                   TEXT NOT NULL,
  private_ip            INTEGER NOT NULL,
  public_ip             INTEGER,
  auto_public_ip        INTEGER NOT NULL,
  UNIQUE (vpc_id, private_ip)
) STRICT;
CREATE UNIQUE INDEX network_interfaces_by_public_ip ON network_interfaces (public_ip) WHERE public_ip IS NOT NULL;
CREATE INDEX network_interfaces_by_subnet ON network_interfaces (subnet_id);
CREATE UNIQUE INDEX network_interfaces_by_instance ON network_interfaces (instance_id, device_index)
  WHERE instance_id IS NOT NULL;

CREATE TABLE interface_groups (
  eni_id   TEXT NOT NULL REFERENCES network_interfaces (id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  group_id TEXT NOT NULL REFERENCES security_groups (id),
  PRIMARY KEY (eni_id, position)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX interface_groups_by_group ON interface_groups (group_id, eni_id);

CREATE TABLE images (
  seq                        INTEGER PRIMARY KEY,
  id                         TEXT NOT NULL UNIQUE,
  version                    INTEGER NOT NULL,
  name                       TEXT NOT NULL,
  description                TEXT NOT NULL,
  location                   TEXT NOT NULL,
  architecture               TEXT NOT NULL,
  state                      INTEGER NOT NULL CHECK (state BETWEEN 0 AND 3),  -- pending available failed deregistered
  state_reason_code          TEXT NOT NULL,
  state_reason_message       TEXT NOT NULL,
  created                    INTEGER NOT NULL,
  root_device_name           TEXT NOT NULL,
  boot_mode                  INTEGER NOT NULL,  -- 0 legacy-bios, 1 uefi
  disk_file                  TEXT NOT NULL,
  kernel_file                TEXT NOT NULL,
  initrd_file                TEXT NOT NULL,
  command_line               TEXT NOT NULL,
  virtual_size_bytes         INTEGER NOT NULL,
  root_delete_on_termination INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX images_by_name ON images (name) WHERE state <> 3;

CREATE TABLE volumes (
  seq                   INTEGER PRIMARY KEY,
  id                    TEXT NOT NULL UNIQUE,
  image_id              TEXT REFERENCES images (id),
  size_gib              INTEGER NOT NULL,
  type                  TEXT NOT NULL,
  state                 INTEGER NOT NULL CHECK (state BETWEEN 0 AND 3),  -- creating in-use available deleting
  availability_zone     TEXT NOT NULL,
  created               INTEGER NOT NULL,
  instance_id           TEXT REFERENCES instances (id),
  device_name           TEXT NOT NULL,
  attach_time           INTEGER NOT NULL,
  delete_on_termination INTEGER NOT NULL
) STRICT;
CREATE INDEX volumes_by_image ON volumes (image_id) WHERE image_id IS NOT NULL;
CREATE INDEX volumes_by_instance ON volumes (instance_id) WHERE instance_id IS NOT NULL;

CREATE TABLE key_pairs (
  seq         INTEGER PRIMARY KEY,
  id          TEXT NOT NULL UNIQUE,
  name        TEXT NOT NULL UNIQUE,
  type        TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  public_key  TEXT NOT NULL,
  created     INTEGER NOT NULL
) STRICT;

CREATE TABLE tags (
  resource_id TEXT NOT NULL,
  key         TEXT NOT NULL,
  value       TEXT NOT NULL,
  PRIMARY KEY (resource_id, key)
) STRICT, WITHOUT ROWID;
-- No tag outlives its resource.
CREATE TRIGGER instances_tags AFTER DELETE ON instances BEGIN DELETE FROM tags WHERE resource_id = OLD.id; END;
CREATE TRIGGER vpcs_tags AFTER DELETE ON vpcs BEGIN DELETE FROM tags WHERE resource_id = OLD.id; END;
CREATE TRIGGER subnets_tags AFTER DELETE ON subnets BEGIN DELETE FROM tags WHERE resource_id = OLD.id; END;
CREATE TRIGGER groups_tags AFTER DELETE ON security_groups BEGIN DELETE FROM tags WHERE resource_id = OLD.id; END;
CREATE TRIGGER rules_tags AFTER DELETE ON security_group_rules BEGIN DELETE FROM tags WHERE resource_id = OLD.id; END;
CREATE TRIGGER interfaces_tags AFTER DELETE ON network_interfaces BEGIN DELETE FROM tags WHERE resource_id = OLD.id; END;
CREATE TRIGGER images_tags AFTER DELETE ON images BEGIN DELETE FROM tags WHERE resource_id = OLD.id; END;
CREATE TRIGGER volumes_tags AFTER DELETE ON volumes BEGIN DELETE FROM tags WHERE resource_id = OLD.id; END;
CREATE TRIGGER key_pairs_tags AFTER DELETE ON key_pairs BEGIN DELETE FROM tags WHERE resource_id = OLD.id; END;

-- Small facts about the installation.
CREATE TABLE installation (
  name  TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
