-- IPv6-only subnets have no IPv4 range (''), and interfaces in them no IPv4 address (NULL).
ALTER TABLE subnets ADD COLUMN cidr TEXT NOT NULL DEFAULT '';
UPDATE subnets SET cidr = printf('%d.%d.%d.%d/%d', cidr_base >> 24 & 255, cidr_base >> 16 & 255, cidr_base >> 8 & 255,
                                 cidr_base & 255, prefix_length);
ALTER TABLE subnets DROP COLUMN cidr_base;
ALTER TABLE subnets DROP COLUMN prefix_length;

-- Other tables' rows hang on this table's, so it is not made anew: SQLite's way to take a NOT NULL away is its schema
-- (https://www.sqlite.org/lang_altertable.html, "Making Other Kinds Of Table Schema Changes").
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, 'private_ip            INTEGER NOT NULL,', 'private_ip            INTEGER,')
  WHERE type = 'table' AND name = 'network_interfaces';
PRAGMA writable_schema = RESET;
