-- Metrics and what is kept of their values. Rows lie in order of time: what is written lies together, and what is old is
-- taken away from the one end. A metric's number is never used again, so rows of a metric that was forgotten are nobody's
-- until their time comes.

-- One unit of one metric. Dimensions: name and value in turn, in order of the names, each ended by a line feed. `seen` is
-- when the newest value came, a few minutes early at most.
CREATE TABLE metrics (
  number     INTEGER PRIMARY KEY AUTOINCREMENT,
  namespace  TEXT NOT NULL,
  name       TEXT NOT NULL,
  dimensions TEXT NOT NULL,
  unit       TEXT NOT NULL,
  seen       INTEGER NOT NULL,
  UNIQUE (namespace, name, dimensions, unit)
) STRICT;
CREATE INDEX metrics_by_seen ON metrics (seen);

-- Minutes since 1970, of the last hours; blobs as lib/store/metric_codec.h has them.
CREATE TABLE metric_minutes (
  minute  INTEGER NOT NULL,
  metric  INTEGER NOT NULL,
  total   BLOB NOT NULL,
  seconds BLOB NOT NULL,
  PRIMARY KEY (minute, metric)
) STRICT, WITHOUT ROWID;

-- Hours since 1970.
CREATE TABLE metric_hours (
  hour    INTEGER NOT NULL,
  metric  INTEGER NOT NULL,
  total   BLOB NOT NULL,
  PRIMARY KEY (hour, metric)
) STRICT, WITHOUT ROWID;

-- The minutes of these hours, which are kept for less long.
CREATE TABLE metric_hour_minutes (
  hour    INTEGER NOT NULL,
  metric  INTEGER NOT NULL,
  minutes BLOB NOT NULL,
  PRIMARY KEY (hour, metric)
) STRICT, WITHOUT ROWID;
