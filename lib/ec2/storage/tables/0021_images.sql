-- Images of snapshots, made of instances or of other images; who may launch an image, and since when it is deprecated.
ALTER TABLE images ADD COLUMN root_snapshot_id TEXT;    -- NULL: its own files are under its root volume
ALTER TABLE images ADD COLUMN boot_image_id TEXT;       -- whose files its kernel and initrd are; NULL: its own
ALTER TABLE images ADD COLUMN data_disks TEXT NOT NULL DEFAULT '{}';
ALTER TABLE images ADD COLUMN source_instance_id TEXT;  -- it was made of; NULL: of none
ALTER TABLE images ADD COLUMN source_image_id TEXT;     -- it is a copy of; NULL: of none
ALTER TABLE images ADD COLUMN launchable_by TEXT NOT NULL DEFAULT '[]';  -- accounts, and "all"
ALTER TABLE images ADD COLUMN deprecated_at INTEGER;
CREATE INDEX images_by_root_snapshot ON images (root_snapshot_id) WHERE root_snapshot_id IS NOT NULL;
