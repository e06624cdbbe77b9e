-- What of a packet a path is about, at its source and at its destination: JSON. '': nothing.
ALTER TABLE network_insights_paths ADD COLUMN filter_at_source TEXT NOT NULL DEFAULT '';
ALTER TABLE network_insights_paths ADD COLUMN filter_at_destination TEXT NOT NULL DEFAULT '';
