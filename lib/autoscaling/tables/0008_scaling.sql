-- Auto Scaling: groups with their members, what was done about them, policies, scheduled actions, refreshes.

CREATE TABLE launch_configurations (
  seq     INTEGER PRIMARY KEY,
  id      TEXT NOT NULL UNIQUE,
  name    TEXT NOT NULL UNIQUE,
  created INTEGER NOT NULL,
  -- The message RequestLaunchTemplateData of the schema, serialized.
  data    BLOB NOT NULL
) STRICT;

CREATE TABLE scaling_groups (
  seq                  INTEGER PRIMARY KEY,
  name                 TEXT NOT NULL UNIQUE,
  uuid                 TEXT NOT NULL UNIQUE,
  created              INTEGER NOT NULL,
  min_size             INTEGER NOT NULL,
  max_size             INTEGER NOT NULL,
  desired              INTEGER NOT NULL,
  -- As it was asked for, and what it stands for now.
  source_is_template   INTEGER NOT NULL,
  source_id            TEXT NOT NULL,
  source_version       TEXT NOT NULL,
  source_number        INTEGER NOT NULL,
  source_created       INTEGER NOT NULL,
  -- The message MixedInstancesPolicy of the schema, serialized, in base64; empty = none. Its types as a JSON array.
  mixed_policy         TEXT NOT NULL,
  instance_types       TEXT NOT NULL,
  -- Durations are in microseconds.
  health_check_type    TEXT NOT NULL,
  health_check_grace   INTEGER NOT NULL,
  default_cooldown     INTEGER NOT NULL,
  default_warmup       INTEGER NULL,
  max_lifetime         INTEGER NULL,
  termination_policies TEXT NOT NULL,
  protect_new_members  INTEGER NOT NULL,
  -- A JSON object from the process to the reason.
  suspensions          TEXT NOT NULL,
  metrics              TEXT NOT NULL,
  context              TEXT NOT NULL,
  capacity_rebalance   INTEGER NOT NULL,
  warm_min             INTEGER NULL,
  warm_max             INTEGER NULL,
  warm_state           INTEGER NULL,
  warm_reuse           INTEGER NULL,
  deleting             INTEGER NOT NULL,
  force                INTEGER NOT NULL,
  next_activity        INTEGER NOT NULL,
  failures             INTEGER NOT NULL,
  last_failure         INTEGER NOT NULL,
  -- Zones and types in which a launch failed of late: a JSON array of [zone, type, until].
  refusals             TEXT NOT NULL,
  why                  TEXT NOT NULL,
  cooldown_until       INTEGER NOT NULL,
  revision             INTEGER NOT NULL
) STRICT;
CREATE INDEX scaling_groups_by_source ON scaling_groups (source_id);

CREATE TABLE scaling_subnets (
  group_seq INTEGER NOT NULL REFERENCES scaling_groups (seq) ON DELETE CASCADE,
  position  INTEGER NOT NULL,
  subnet_id TEXT NOT NULL,
  zone      TEXT NOT NULL,
  PRIMARY KEY (group_seq, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE scaling_tags (
  group_seq INTEGER NOT NULL REFERENCES scaling_groups (seq) ON DELETE CASCADE,
  key       TEXT NOT NULL,
  value     TEXT NOT NULL,
  propagate INTEGER NOT NULL,
  PRIMARY KEY (group_seq, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE scaling_hooks (
  group_seq      INTEGER NOT NULL REFERENCES scaling_groups (seq) ON DELETE CASCADE,
  name           TEXT NOT NULL,
  transition     INTEGER NOT NULL,
  heartbeat      INTEGER NOT NULL,
  default_result INTEGER NOT NULL,
  metadata       TEXT NOT NULL,
  target         TEXT NOT NULL,
  PRIMARY KEY (group_seq, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE scaling_members (
  group_seq          INTEGER NOT NULL REFERENCES scaling_groups (seq) ON DELETE CASCADE,
  token              TEXT NOT NULL,
  instance_id        TEXT NULL,
  lifecycle          INTEGER NOT NULL,
  since              INTEGER NOT NULL,
  zone               TEXT NOT NULL,
  instance_type      TEXT NOT NULL,
  source_is_template INTEGER NOT NULL,
  source_id          TEXT NOT NULL,
  source_number      INTEGER NOT NULL,
  source_created     INTEGER NOT NULL,
  launched           INTEGER NOT NULL,
  in_service         INTEGER NOT NULL,
  protected          INTEGER NOT NULL,
  health             INTEGER NOT NULL,
  replaces           TEXT NOT NULL,
  PRIMARY KEY (group_seq, token)
) STRICT, WITHOUT ROWID;
-- An instance is a member of one group at most.
CREATE UNIQUE INDEX scaling_members_by_instance ON scaling_members (instance_id) WHERE instance_id IS NOT NULL;

-- Hooks that hold a member.
CREATE TABLE scaling_waits (
  group_seq INTEGER NOT NULL,
  member    TEXT NOT NULL,
  hook      TEXT NOT NULL,
  token     TEXT NOT NULL,
  deadline  INTEGER NOT NULL,
  time_limit INTEGER NOT NULL,
  result    INTEGER NULL,
  -- Whether whom the hook names was told.
  notified  INTEGER NOT NULL,
  PRIMARY KEY (group_seq, member, hook),
  FOREIGN KEY (group_seq, member) REFERENCES scaling_members (group_seq, token) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- Stay when their group goes.
CREATE TABLE scaling_activities (
  seq         INTEGER PRIMARY KEY,
  token       TEXT NOT NULL UNIQUE,
  group_seq   INTEGER NOT NULL,
  group_name  TEXT NOT NULL,
  -- The member's token.
  member      TEXT NOT NULL,
  kind        INTEGER NOT NULL,
  instance_id TEXT NULL,
  zone        TEXT NOT NULL,
  description TEXT NOT NULL,
  cause       TEXT NOT NULL,
  status      INTEGER NOT NULL,
  message     TEXT NOT NULL,
  started     INTEGER NOT NULL,
  ended       INTEGER NULL
) STRICT;
CREATE INDEX scaling_activities_by_group ON scaling_activities (group_name, seq);
CREATE INDEX scaling_activities_open ON scaling_activities (group_seq, member) WHERE ended IS NULL;
CREATE INDEX scaling_activities_by_end ON scaling_activities (ended);

-- Which columns count depends on the kind: simple, step, target tracking, predictive.
CREATE TABLE scaling_policies (
  seq             INTEGER PRIMARY KEY,
  id              TEXT NOT NULL UNIQUE,
  group_seq       INTEGER NOT NULL REFERENCES scaling_groups (seq) ON DELETE CASCADE,
  name            TEXT NOT NULL,
  created         INTEGER NOT NULL,
  enabled         INTEGER NOT NULL,
  kind            INTEGER NOT NULL,
  adjustment_type INTEGER NOT NULL,
  amount          INTEGER NOT NULL,
  min_magnitude   INTEGER NOT NULL,
  cooldown        INTEGER NULL,
  target          REAL NOT NULL,
  disable_scale_in INTEGER NOT NULL,
  scales          INTEGER NOT NULL,
  buffer          INTEGER NOT NULL,
  breach          INTEGER NOT NULL,
  max_buffer      INTEGER NOT NULL,
  -- A JSON array of [lower, upper, amount].
  steps           TEXT NOT NULL,
  aggregation     TEXT NOT NULL,
  warmup          INTEGER NULL,
  predefined      TEXT NOT NULL,
  resource_label  TEXT NOT NULL,
  namespace       TEXT NOT NULL,
  metric          TEXT NOT NULL,
  -- A JSON object from names to values.
  dimensions      TEXT NOT NULL,
  statistic       TEXT NOT NULL,
  unit            TEXT NOT NULL,
  UNIQUE (group_seq, name)
) STRICT;

CREATE TABLE scaling_schedules (
  seq        INTEGER PRIMARY KEY,
  id         TEXT NOT NULL UNIQUE,
  group_seq  INTEGER NOT NULL REFERENCES scaling_groups (seq) ON DELETE CASCADE,
  name       TEXT NOT NULL,
  recurrence TEXT NOT NULL,
  time_zone  TEXT NOT NULL,
  looked_until INTEGER NOT NULL,
  start      INTEGER NULL,
  stop       INTEGER NULL,
  min_size   INTEGER NULL,
  max_size   INTEGER NULL,
  desired    INTEGER NULL,
  UNIQUE (group_seq, name)
) STRICT;

CREATE TABLE scaling_refreshes (
  seq                INTEGER PRIMARY KEY,
  id                 TEXT NOT NULL UNIQUE,
  group_seq          INTEGER NOT NULL REFERENCES scaling_groups (seq) ON DELETE CASCADE,
  status             INTEGER NOT NULL,
  reason             TEXT NOT NULL,
  started            INTEGER NOT NULL,
  ended              INTEGER NULL,
  min_healthy        INTEGER NOT NULL,
  warmup             INTEGER NULL,
  checkpoints        TEXT NOT NULL,
  checkpoint_delay   INTEGER NOT NULL,
  skip_matching      INTEGER NOT NULL,
  auto_rollback      INTEGER NOT NULL,
  desired_is_template INTEGER NULL,
  desired_id         TEXT NULL,
  desired_version    TEXT NULL,
  before_is_template INTEGER NOT NULL,
  before_id          TEXT NOT NULL,
  before_version     TEXT NOT NULL,
  total              INTEGER NOT NULL,
  remaining          INTEGER NOT NULL,
  waiting_since      INTEGER NOT NULL,
  checkpoints_passed INTEGER NOT NULL
) STRICT;
CREATE INDEX scaling_refreshes_by_group ON scaling_refreshes (group_seq, seq);
