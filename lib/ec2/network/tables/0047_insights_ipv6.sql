-- The ends of a path over IPv6. '': not named.
ALTER TABLE network_insights_paths ADD COLUMN source_ipv6 TEXT NOT NULL DEFAULT '';
ALTER TABLE network_insights_paths ADD COLUMN destination_ipv6 TEXT NOT NULL DEFAULT '';
