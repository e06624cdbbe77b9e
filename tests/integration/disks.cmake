brume_test(disks_integration_test SOURCES integration/disk_import_test.cc integration/disk_volume_test.cc
           integration/disk_crash_test.cc DEPS brume_storage_qcow2 LABELS integration)
