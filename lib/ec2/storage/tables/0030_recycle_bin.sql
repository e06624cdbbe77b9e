-- Snapshots and images that were deleted and can be restored. Their rows are deleted ones that keep their files.
CREATE TABLE recycle_bin (
  id      TEXT PRIMARY KEY,  -- of the snapshot or of the image
  entered INTEGER NOT NULL,
  exits   INTEGER NOT NULL,  -- from then on it is deleted for good
  tags    TEXT NOT NULL      -- that it gets again when it is restored
) STRICT;
CREATE INDEX recycle_bin_by_exit ON recycle_bin (exits);
CREATE TRIGGER snapshots_in_recycle_bin BEFORE DELETE ON snapshots
  WHEN EXISTS (SELECT 1 FROM recycle_bin WHERE id = OLD.id)
  BEGIN SELECT RAISE(ABORT, 'the snapshot is in the recycle bin'); END;
CREATE TRIGGER images_in_recycle_bin BEFORE DELETE ON images
  WHEN EXISTS (SELECT 1 FROM recycle_bin WHERE id = OLD.id)
  BEGIN SELECT RAISE(ABORT, 'the image is in the recycle bin'); END;
