-- Alarms. States are numbered as in lib/domain/alarm/threshold.h: 0 OK, 1 ALARM, 2 INSUFFICIENT_DATA.

CREATE TABLE alarms (
  name                TEXT PRIMARY KEY,
  kind                INTEGER NOT NULL CHECK (kind IN (0, 1)),  -- 0 metric, 1 composite
  description         TEXT NOT NULL,
  actions_enabled     INTEGER NOT NULL,
  configured          INTEGER NOT NULL,
  -- What a metric alarm watches; empty and 0 for a composite one. The period is in seconds.
  metric_namespace    TEXT NOT NULL,
  metric_name         TEXT NOT NULL,
  statistic           TEXT NOT NULL,
  unit                TEXT NOT NULL,
  period              INTEGER NOT NULL,
  comparison          INTEGER NOT NULL,
  threshold           REAL NOT NULL,
  evaluation_periods  INTEGER NOT NULL,
  datapoints_to_alarm INTEGER NOT NULL,
  says_datapoints     INTEGER NOT NULL,
  treat_missing       INTEGER NOT NULL,
  says_missing        INTEGER NOT NULL,
  -- Of a composite alarm; empty and 0 for a metric one. Periods are in seconds.
  rule                TEXT NOT NULL,
  suppressor          TEXT NOT NULL,
  wait_period         INTEGER NOT NULL,
  extension_period    INTEGER NOT NULL,
  -- The state; acted_on is the one whose actions were taken last.
  state               INTEGER NOT NULL CHECK (state BETWEEN 0 AND 2),
  reason              TEXT NOT NULL,
  reason_data         TEXT NOT NULL,
  updated             INTEGER NOT NULL,
  transitioned        INTEGER NOT NULL,
  acted_on            INTEGER NOT NULL CHECK (acted_on BETWEEN 0 AND 2),
  suppressed_by       INTEGER NOT NULL,
  suppressed_until    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE alarm_dimensions (
  alarm TEXT NOT NULL REFERENCES alarms (name) ON DELETE CASCADE,
  name  TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (alarm, name)
) STRICT, WITHOUT ROWID;

-- What an alarm does when it comes into a state, in the order it was given.
CREATE TABLE alarm_actions (
  alarm    TEXT NOT NULL REFERENCES alarms (name) ON DELETE CASCADE,
  state    INTEGER NOT NULL,
  position INTEGER NOT NULL,
  action   TEXT NOT NULL,
  PRIMARY KEY (alarm, state, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE alarm_tags (
  alarm TEXT NOT NULL REFERENCES alarms (name) ON DELETE CASCADE,
  key   TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (alarm, key)
) STRICT, WITHOUT ROWID;

-- What happened to an alarm; it outlives the alarm. `type`: 0 ConfigurationUpdate, 1 StateUpdate, 2 Action.
CREATE TABLE alarm_history (
  seq     INTEGER PRIMARY KEY,
  alarm   TEXT NOT NULL,
  kind    INTEGER NOT NULL,
  time    INTEGER NOT NULL,
  type    INTEGER NOT NULL,
  summary TEXT NOT NULL,
  data    TEXT NOT NULL
) STRICT;
CREATE INDEX alarm_history_by_alarm ON alarm_history (alarm, seq);
CREATE INDEX alarm_history_by_time ON alarm_history (time);

-- Actions that a transition asks for and that are not over yet: written with the transition, gone with the action's
-- item of history. `step`: how far one is that must not be begun twice.
CREATE TABLE alarm_due_actions (
  seq         INTEGER PRIMARY KEY AUTOINCREMENT,
  alarm       TEXT NOT NULL,
  kind        INTEGER NOT NULL,
  action      TEXT NOT NULL,
  state       INTEGER NOT NULL,
  time        INTEGER NOT NULL,
  instance_id TEXT NOT NULL,
  message_id  TEXT NOT NULL,
  message     TEXT NOT NULL,
  step        INTEGER NOT NULL
) STRICT;
CREATE INDEX alarm_due_actions_by_alarm ON alarm_due_actions (alarm, action, seq);
