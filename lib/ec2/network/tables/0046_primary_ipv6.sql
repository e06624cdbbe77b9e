-- Whether the first IPv6 address of an interface is its primary one, which stays until the interface is detached.
ALTER TABLE network_interfaces ADD COLUMN primary_ipv6 INTEGER NOT NULL DEFAULT 0;
