-- What an alarm says beside its evaluation, and is shown as it was given: EvaluateLowSampleCountPercentile, and the Period
-- of an expression. Nothing and 0 where it was not.
ALTER TABLE alarms ADD COLUMN low_samples TEXT NOT NULL DEFAULT '';
ALTER TABLE alarm_queries ADD COLUMN period INTEGER NOT NULL DEFAULT 0;
