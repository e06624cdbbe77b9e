-- Sets of DHCP options. The one of VPCs that were there before is the default one, whose domain is filled in at the start.
CREATE TABLE dhcp_options (
  seq        INTEGER PRIMARY KEY,
  id         TEXT NOT NULL UNIQUE,
  is_default INTEGER NOT NULL,
  options    TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX dhcp_options_one_default ON dhcp_options (is_default) WHERE is_default = 1;
CREATE TRIGGER dhcp_options_tags AFTER DELETE ON dhcp_options BEGIN DELETE FROM tags WHERE resource_id = OLD.id; END;

INSERT INTO dhcp_options (id, is_default, options)
  SELECT 'dopt-' || substr(lower(hex(randomblob(9))), 1, 17), 1, '{}' WHERE EXISTS (SELECT 1 FROM vpcs);

-- Without a set, DHCP tells a VPC's guests none of what a set has.
ALTER TABLE vpcs ADD COLUMN dhcp_options_id TEXT REFERENCES dhcp_options (id);
UPDATE vpcs SET dhcp_options_id = (SELECT id FROM dhcp_options);
CREATE INDEX vpcs_by_dhcp_options ON vpcs (dhcp_options_id) WHERE dhcp_options_id IS NOT NULL;

-- The name that a reverse lookup of the address gives; '' = the address's own.
ALTER TABLE addresses ADD COLUMN domain_name TEXT NOT NULL DEFAULT '';
