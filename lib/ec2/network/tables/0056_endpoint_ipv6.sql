-- Which addresses the interfaces of an endpoint have: 0 = IPv4, 1 = both, 2 = IPv6. The addresses are those of its
-- interfaces' rows.
ALTER TABLE vpc_endpoints ADD COLUMN ip_address_type INTEGER NOT NULL DEFAULT 0;
ALTER TABLE vpc_endpoint_interfaces DROP COLUMN private_ip;
