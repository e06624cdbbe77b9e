brume_test(backup_test SOURCES ec2/storage/backup_manifest_test.cc ec2/storage/backup_files_test.cc store/store_copy_test.cc DEPS brume_storage_qcow2 LABELS integration)
brume_test(disks_integration_test SOURCES ec2/storage/disk_import_test.cc ec2/storage/disk_volume_test.cc
           ec2/storage/disk_crash_test.cc ec2/storage/disk_snapshot_test.cc ec2/storage/disk_merge_test.cc ec2/storage/disk_encryption_test.cc ec2/storage/disk_block_test.cc DEPS brume_storage_qcow2 LABELS integration)
brume_test(exports_integration_test SOURCES ec2/storage/disk_export_test.cc DEPS brume_storage_qcow2 LABELS integration)
brume_test(imports_integration_test APART SOURCES ec2/storage/import_formats_test.cc ec2/storage/import_fetch_test.cc DEPS brume_storage_qcow2 LABELS integration)
target_compile_definitions(imports_integration_test PRIVATE BRUME_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
