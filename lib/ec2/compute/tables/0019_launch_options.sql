-- What a launch says beside its machine, shown again: EbsOptimized, CreditSpecification, MaintenanceOptions,
-- CapacityReservationSpecification, PrivateDnsNameOptions, a volume's Iops and Throughput; and the firmware, which is the
-- image's. What was launched before has the defaults.
ALTER TABLE instances ADD COLUMN ebs_optimized INTEGER NOT NULL DEFAULT 0;
ALTER TABLE instances ADD COLUMN unlimited_credits INTEGER NOT NULL DEFAULT 0;
ALTER TABLE instances ADD COLUMN auto_recovery INTEGER NOT NULL DEFAULT 1;
ALTER TABLE instances ADD COLUMN open_to_reservations INTEGER NOT NULL DEFAULT 1;
ALTER TABLE instances ADD COLUMN boot_mode INTEGER NOT NULL DEFAULT 0;
UPDATE instances SET boot_mode = (SELECT boot_mode FROM images WHERE images.id = image_id)
  WHERE EXISTS (SELECT 1 FROM images WHERE images.id = image_id);

ALTER TABLE network_interfaces ADD COLUMN resource_name INTEGER NOT NULL DEFAULT 0;
ALTER TABLE network_interfaces ADD COLUMN dns_a_record INTEGER NOT NULL DEFAULT 0;
ALTER TABLE network_interfaces ADD COLUMN dns_aaaa_record INTEGER NOT NULL DEFAULT 0;

-- NULL: what the type has.
ALTER TABLE volumes ADD COLUMN iops INTEGER;
ALTER TABLE volumes ADD COLUMN throughput INTEGER;

-- An image's snapshot has the image's digits and goes with it.
CREATE TRIGGER images_snapshot_tags AFTER DELETE ON images BEGIN
  DELETE FROM tags WHERE resource_id = 'snap' || substr(OLD.id, 4);
END;
