brume_test(disks_integration_test SOURCES ec2/storage/disk_import_test.cc ec2/storage/disk_volume_test.cc
           ec2/storage/disk_crash_test.cc ec2/storage/disk_snapshot_test.cc DEPS brume_storage_qcow2 LABELS integration)
