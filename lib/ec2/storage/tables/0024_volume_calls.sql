-- What CreateVolume and ModifyVolumeAttribute say of a volume, and which volumes are work.
ALTER TABLE volumes ADD COLUMN auto_enable_io INTEGER NOT NULL DEFAULT 0;
ALTER TABLE volumes ADD COLUMN client_token TEXT NOT NULL DEFAULT '';
ALTER TABLE volumes ADD COLUMN parameters_digest TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX volumes_by_token ON volumes (client_token) WHERE client_token <> '';
-- 1 is attached.
CREATE INDEX volumes_on_their_way ON volumes (instance_id) WHERE instance_id IS NOT NULL AND attachment_state <> 1;
CREATE INDEX volumes_in_work ON volumes (state) WHERE state IN (0, 3);
