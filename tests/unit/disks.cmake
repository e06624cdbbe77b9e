brume_test(disks_test SOURCES unit/qcow2_header_test.cc unit/image_bundle_test.cc unit/disk_files_test.cc
           DEPS brume_storage_qcow2 LABELS unit)
