-- What an alarm on metric maths watches: metrics and expressions, in the order they were given. Such an alarm has no
-- metric of its own.
CREATE TABLE alarm_queries (
  alarm            TEXT NOT NULL REFERENCES alarms (name) ON DELETE CASCADE,
  position         INTEGER NOT NULL,
  id               TEXT NOT NULL,
  is_metric        INTEGER NOT NULL,
  metric_namespace TEXT NOT NULL,
  metric_name      TEXT NOT NULL,
  statistic        TEXT NOT NULL,
  unit             TEXT NOT NULL,
  expression       TEXT NOT NULL,
  label            TEXT NOT NULL,
  return_data      INTEGER NOT NULL,
  PRIMARY KEY (alarm, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE alarm_query_dimensions (
  alarm    TEXT NOT NULL,
  position INTEGER NOT NULL,
  name     TEXT NOT NULL,
  value    TEXT NOT NULL,
  PRIMARY KEY (alarm, position, name),
  FOREIGN KEY (alarm, position) REFERENCES alarm_queries (alarm, position) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
